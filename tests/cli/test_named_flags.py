"""No message names a flag that the present command does not have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, gestures, proteins, reviews, run, written
from tests.cli.named_flags import foreign_flags
from tests.cli.shops import Made, shop_sales

Make = Callable[[], pd.DataFrame]


def later() -> pd.DataFrame:
    return shop_sales(180)


def with_cell(column: str, row: int, value: Any) -> pd.DataFrame:
    frame = later().astype({column: object})
    frame.loc[row, column] = value
    return frame


SALES: dict[str, Make] = {
    "good": later,
    "without the target": lambda: later().drop(columns="units"),
    "without the time": lambda: later().drop(columns="day"),
    "without the series": lambda: later().drop(columns="shop"),
    "no value of the target": lambda: later().assign(units=np.nan),
    "a target of words": lambda: later().assign(units="many"),
    "a word in the target": lambda: with_cell("units", 7, "closed"),
    "an infinite target": lambda: with_cell("units", 7, "inf"),
    "a huge target": lambda: with_cell("units", 7, "1e200"),
    "a wrong time": lambda: with_cell("day", 7, "2025-13-45"),
    "no time in a row": lambda: with_cell("day", 7, None),
    "times of words": lambda: later().assign(day="yesterday"),
    "times as numbers": lambda: later().assign(day=range(len(later()))),
    "times of fractions": lambda: later().assign(day=np.arange(len(later())) + 0.5),
    "times with several offsets": lambda: later().assign(
        day=["2025-01-01T00:00+01:00", "2025-07-01T00:00+02:00"] * 180
    ),
    "times of another era": lambda: later().assign(day="2568-01-01"),
    "months": lambda: later().iloc[::30],
    "one row": lambda: later().tail(1),
    "hours": lambda: later().assign(day=pd.date_range("2025-01-01", periods=360, freq="h")),
    "a series without a name": lambda: with_cell("shop", 7, None),
    "unknown series": lambda: later().assign(shop="elsewhere"),
    "in any order": lambda: later().sample(frac=1, random_state=0),
    "every row twice": lambda: pd.concat([later(), later()]),
    "with holes": lambda: later().sample(frac=0.7, random_state=0),
}


@pytest.mark.usefixtures("baselines_here")
@pytest.mark.parametrize("name", SALES)
@pytest.mark.parametrize("command", ["predict", "evaluate", "inspect"])
def test_of_a_model_of_forecasts(
    command: str, name: str, made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(SALES[name](), tmp_path / "later.csv")
    out = tmp_path / ("out.csv" if command == "predict" else "out")
    status = run([command, str(made.folder / "sales.safetensors"), file, "--out", str(out)])
    captured = capsys.readouterr()
    assert status in (0, 2), captured.err
    assert foreign_flags(command, captured.err + captured.out) == set()


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_without_the_target_the_columns_are_listed(
    command: str, made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(later().rename(columns={"units": "Units"}), tmp_path / "later.csv")
    assert run([command, str(made.folder / "sales.safetensors"), file, "--out", str(tmp_path / "out.csv")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "column 'units' is not in later.csv: did you mean 'Units'? Columns: day, shop, Units." in said


def changed(frame: pd.DataFrame, column: str, row: int, value: Any) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.loc[row, column] = value
    return frame


TASKS: dict[str, tuple[str, Make, list[str], dict[str, Make]]] = {
    "a text": (
        "classify",
        reviews,
        [],
        {
            "good": reviews,
            "without the text": lambda: reviews().drop(columns="sentence"),
            "without the label": lambda: reviews().drop(columns="sentiment"),
            "an empty text": lambda: changed(reviews(), "sentence", 3, ""),
            "an unknown class": lambda: changed(reviews(), "sentiment", 3, "mixed"),
            "no label": lambda: reviews().assign(sentiment=None),
        },
    ),
    "series": (
        "classify",
        gestures,
        ["--series", "series", "--time", "t", "--label", "gesture"],
        {
            "good": gestures,
            "without the series": lambda: gestures().drop(columns="series"),
            "without the time": lambda: gestures().drop(columns="t"),
            "without a feature": lambda: gestures().drop(columns="x"),
            "words": lambda: changed(gestures(), "x", 3, "left"),
            "infinite": lambda: changed(gestures(), "x", 3, "inf"),
            "a time twice": lambda: changed(gestures(), "t", 1, 0),
            "a label that changes": lambda: changed(gestures(), "gesture", 3, "bow"),
        },
    ),
    "tags": (
        "tag",
        proteins,
        [],
        {
            "good": proteins,
            "without the sequence": lambda: proteins().drop(columns="residues"),
            "tags too short": lambda: changed(proteins(), "topology", 3, "MMM"),
            "an unknown tag": lambda: changed(proteins(), "topology", 3, "Z" * 40),
        },
    ),
}


@pytest.mark.train
@pytest.mark.parametrize("name", TASKS)
@pytest.mark.usefixtures("without_page")
def test_of_a_model_of_labels(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task, make, flags, cases = TASKS[name]
    quick = [word for word in QUICK if name == "a text" or word not in ("--convolution", "0")]
    source = written(make(), tmp_path / "data.csv")
    assert run([task, source, *flags, *quick, "--out", str(tmp_path / "made")]) == 0
    capsys.readouterr()
    for case, later_rows in cases.items():
        file = written(later_rows(), tmp_path / "later.csv")
        for command in ("predict", "evaluate"):
            out = tmp_path / ("out.csv" if command == "predict" else "out")
            status = run([command, str(tmp_path / "made" / "data.safetensors"), file, "--out", str(out)])
            captured = capsys.readouterr()
            assert status in (0, 2), (case, captured.err)
            assert foreign_flags(command, captured.err + captured.out) == set(), (case, command)
