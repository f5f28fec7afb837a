"""Golden files that the commands wrote, with the columns of the file that they read; later files are read alike."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from tests.cli.labelled import gestures, promoters, proteins, reviews, run
from tests.cli.shops import shop_sales
from tests.tasks.small import quick

from recurra import NetworkOptions

TINY = ["--members", "1", "--epochs", "1", "--quiet"]
NARROW = ["--hidden", "3", "--convolution", "0"]


def _sales(rows: int) -> pd.DataFrame:
    return shop_sales(rows)


COMMANDS: dict[str, tuple[str, list[str], Callable[[int], pd.DataFrame], int, int]] = {
    "command-forecast": ("forecast", [], _sales, 70, 75),
    "command-classify": ("classify", ["--label", "sentiment", *NARROW], reviews, 60, 8),
    "command-series": ("classify", ["--label", "gesture", "--series", "series", *NARROW], gestures, 24, 4),
    "command-tag": ("tag", ["--label", "topology", *NARROW], proteins, 24, 4),
    "command-regress": ("regress", ["--target", "expression", *NARROW], promoters, 40, 5),
}


def make(name: str, folder: Path) -> tuple[Path, str]:
    """The model file that the command writes into `folder`, and a later file as text."""
    task, flags, table, rows, later = COMMANDS[name]
    source = folder / f"{name}.csv"
    table(rows).to_csv(source, index=False)
    model = folder / f"{name}.safetensors"
    if task == "forecast":  # the command sets no width, and 128 units are no small file
        quick(3, network=NetworkOptions(hidden=4, context=2)).fit(pd.read_csv(source)).save(model)
        return model, table(later).to_csv(index=False)
    code = run([task, str(source), *flags, *TINY, "--out", str(folder / "out")])
    if code:
        sys.exit(f"{name}: the command ended with {code}")
    shutil.copy(next((folder / "out").glob("*.safetensors")), model)
    return model, table(later).to_csv(index=False)


def predicted(model: Path, text: str, folder: Path) -> pd.DataFrame:
    """What `recurra predict` writes for the later file."""
    source = folder / "later.csv"
    source.write_text(text, encoding="utf-8")
    out = folder / "predicted.csv"
    code = run(["predict", str(model), str(source), "--quiet", "--out", str(out)])
    assert code == 0, f"recurra predict ended with {code}"
    return pd.read_csv(out)
