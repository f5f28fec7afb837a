"""What the benchmarks share: where the data lies, the machine they ran on, tables and JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
RECURRA = (sys.executable, "-m", "recurra")


def data_folder(given: Path | None) -> Path:
    """The folder of the forecasting data sets: `given`, or RECURRA_DATA, or ../shared/data beside the repository.

    The sets may lie in it or in its subfolder `forecasting`. Ends the program with a message where there is none.
    """
    folder = given or Path(os.environ.get("RECURRA_DATA", ROOT.parent / "shared" / "data"))
    for place in (folder / "forecasting", folder):
        if (place / "m4-weekly-train.csv").is_file():
            return place
    raise SystemExit(
        f"the data sets are not in {folder} (m4-weekly-train.csv is missing): name their folder with --data, or set "
        "RECURRA_DATA; benchmarks/README.md lists them"
    )


def labelled_folder(given: Path | None) -> Path:
    """The folder of the labelled sets (`text`, `protein`, `speech` in it): `given`, RECURRA_DATA, or ../shared/data.

    Ends the program with a message where there is none.
    """
    folder = given or Path(os.environ.get("RECURRA_DATA", ROOT.parent / "shared" / "data"))
    for needed in ("text/rt-polarity.pos", "protein/cb513.jsonl", "speech/free-spoken-digits.tar.xz"):
        if not (folder / needed).is_file():
            raise SystemExit(
                f"{needed} is not in {folder}: name the folder of the data sets with --data, or set RECURRA_DATA; "
                "benchmarks/README.md lists them"
            )
    return folder


def machine() -> dict[str, Any]:
    """What the seconds depend on."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as a Markdown table; numbers to four significant digits.

    >>> print(markdown([{"set": "taxi", "MASE": 0.52345}]))
    | set | MASE |
    |---|---|
    | taxi | 0.5235 |
    """
    heads = list(rows[0])
    lines = [heads, *([_cell(row[head]) for head in heads] for row in rows)]
    texts = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([texts[0], "|" + "---|" * len(heads), *texts[1:]])


def report(name: str, rows: Sequence[Mapping[str, Any]], folder: Path, **more: Any) -> None:
    """Print the table and write `name`.json with it, `more` and the machine into `folder`."""
    print(markdown(rows), flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "rows": list(rows), **more}
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
