"""Column names say which method and which probability they hold."""

from __future__ import annotations

from recurra.evaluation.forecast.baselines import METHODS
from recurra.evaluation.forecast.columns import BASELINES, LEVELS, quantile_column


def test_every_baseline_has_its_method_in_the_same_order():
    assert tuple(METHODS) == BASELINES


def test_names_are_unique_and_short():
    names = [quantile_column(level, method) for level in LEVELS for method in ("", *BASELINES)]
    assert len(set(names)) == len(names)
    assert {"q0.025", "q0.5", "ETS:q0.975", "seasonal naive:q0.1"} <= set(names)


def test_levels_hold_the_80_and_95_percent_intervals():
    assert {0.025, 0.1, 0.5, 0.9, 0.975} <= set(LEVELS)
    assert [round(1 - q, 3) for q in reversed(LEVELS)] == list(LEVELS)
