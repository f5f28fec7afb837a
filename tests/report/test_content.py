"""The report refuses frames that it could not draw, and says which."""

from __future__ import annotations

import dataclasses
import re

import pytest

from recurra.errors import InputError
from recurra.report.content import ForecastReport, bound_columns


def test_a_missing_column_is_named(bare: ForecastReport) -> None:
    with pytest.raises(InputError, match=re.escape("the report's history has no column 'y'")):
        dataclasses.replace(bare, history=bare.history.drop(columns="y"))


def test_a_level_needs_its_bounds(bare: ForecastReport) -> None:
    with pytest.raises(InputError, match=re.escape("forecast has no column 'lo_80', 'hi_80'")):
        dataclasses.replace(bare, levels=(80,))


def test_every_baseline_needs_its_column(co2: ForecastReport) -> None:
    with pytest.raises(InputError, match="backtest has no column 'prophet'"):
        dataclasses.replace(co2, baselines=(*co2.baselines, "prophet"))


def test_the_best_baseline_is_one_of_them(co2: ForecastReport) -> None:
    with pytest.raises(InputError, match="best_baseline is 'prophet'"):
        dataclasses.replace(co2, best_baseline="prophet")


def test_ours_is_what_is_no_baseline(co2: ForecastReport) -> None:
    assert co2.ours == ("recurra lstm",)


def test_bounds_of_any_level() -> None:
    assert bound_columns(80) == ("lo_80", "hi_80")
    assert bound_columns(99.5) == ("lo_99.5", "hi_99.5")
