"""Rows that were learnt are known again without them, whatever part of them a later file holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tasks.series.test_series_generator import sensors

from recurra import SeriesGenerator
from recurra.tasks import load
from recurra.tasks.opened import Opened
from recurra.tasks.series.known import known_share, prints_of
from recurra.tasks.series.rows import Rows

RUN = 24


def rows_of(values: np.ndarray, lengths: list[int] | None = None) -> Rows:
    series = np.repeat(np.arange(len(lengths)), lengths) if lengths else np.zeros(len(values), dtype=np.int64)
    return Rows(np.asarray(values, dtype=np.float64), series)


@pytest.mark.parametrize("digits", [0, 3])
def test_the_share_is_that_of_the_rows_that_were_learnt(digits: int) -> None:
    """Numbers of few digits, too, which differ in a few bits of their exponents."""
    values = np.random.default_rng(0).normal(0, 4, (4000, 2)).round(digits)
    prints = prints_of(rows_of(values[:2000]), RUN)
    assert known_share(rows_of(values[500:1500]), prints, RUN) == pytest.approx(1.0, abs=0.05)
    assert known_share(rows_of(values[1500:2500]), prints, RUN) == pytest.approx(0.5, abs=0.05)
    assert known_share(rows_of(values[2000:]), prints, RUN) == 0.0
    assert known_share(rows_of(values[:10]), prints, RUN) == 0.0


def test_runs_do_not_cross_series_and_what_stands_still_is_not_known_again() -> None:
    values = np.random.default_rng(1).normal(size=(48, 1))
    prints = prints_of(rows_of(values), RUN)
    assert known_share(rows_of(values, [12, 12, 12, 12]), prints, RUN) == 0.0
    night = rows_of(np.zeros((100, 2)))
    assert len(prints_of(night, RUN)) == 0
    assert known_share(night, prints_of(night, RUN), RUN) == 0.0


@pytest.mark.train
def test_an_evaluation_says_that_rows_were_learnt(tmp_path: Path) -> None:
    table = sensors(1500)
    made = SeriesGenerator(method="likelihood", network={"hidden": 8}, training={"epochs": 0.2}, verbose=False)
    made.study(table[:1200])
    made.save(tmp_path / "rows.safetensors")
    model = load(tmp_path / "rows.safetensors")
    said = {}
    for name, part in (("learnt", table[:700]), ("tested", table[960:])):
        later = model.later(Opened(part.reset_index(drop=True), [], name, name))
        said[name] = " ".join(model.evaluated(later).scores.notes)
    assert "of these rows were learnt: the scores are too good" in said["learnt"]
    assert "were learnt: the scores" not in said["tested"]
