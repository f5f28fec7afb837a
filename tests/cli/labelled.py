"""Small labelled sequences for the tests of the command line, and how its commands are run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurra.cli.main import main
from recurra.data.demo.membrane import make_membrane
from recurra.data.demo.promoters import make_promoters
from recurra.data.demo.reviews import make_reviews

QUICK = ["--members", "1", "--epochs", "2", "--hidden", "8", "--convolution", "0"]


def run(arguments: list[str]) -> int:
    """The exit status of the command."""
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def reviews(count: int = 120) -> pd.DataFrame:
    frame = make_reviews(count)
    frame.insert(0, "id", [f"r{k}" for k in range(count)])
    return frame


def proteins(count: int = 30) -> pd.DataFrame:
    frame = make_membrane(count)
    return frame.assign(residues=frame["residues"].str[:40], topology=frame["topology"].str[:40])


def promoters(count: int = 60) -> pd.DataFrame:
    made = make_promoters(count)
    return pd.DataFrame({"dna": [sequence[100:160] for sequence in made.sequences], "expression": made.expression})


def gestures(count: int = 40) -> pd.DataFrame:
    """Series in long format: a row per step, two features, the class in what x does."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(count):
        steps = int(rng.integers(6, 12))
        kind = "wave" if k % 2 else "nod"
        x = np.sin(np.arange(steps) * (2.0 if k % 2 else 0.5)) + rng.normal(0, 0.1, steps)
        rows.append(pd.DataFrame({"series": f"s{k}", "t": range(steps), "x": x, "y": 0.5 * x, "gesture": kind}))
    return pd.concat(rows, ignore_index=True)


def written(frame: pd.DataFrame, path: Path) -> str:
    """The path of a file that holds the frame, as its suffix says."""
    if path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return str(path)


def empty_page(patch: pytest.MonkeyPatch) -> None:
    """Let the page and the picture of labelled sequences, which take seconds, be empty files."""

    patch.setattr("recurra.tasks.labelled.report.report_content", lambda *_, **__: object())
    for name in ("html", "png"):
        patch.setattr(f"recurra.report.write_{name}", lambda report, path: path.write_bytes(b""))
