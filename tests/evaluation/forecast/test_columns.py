"""The names of the columns, and that every baseline has one."""

from __future__ import annotations

from recurra.evaluation.forecast.baselines import PLAIN
from recurra.evaluation.forecast.columns import BASELINES, LEVELS, quantile_column
from recurra.evaluation.forecast.statistical import STATISTICAL


def test_the_names_are_those_of_the_baselines():
    assert set(BASELINES) == {*PLAIN, *STATISTICAL}


def test_no_two_columns_share_a_name():
    names = [quantile_column(level, method) for method in ("", *BASELINES) for level in LEVELS]
    assert len(set(names)) == len(names)
    assert {"q0.025", "q0.5", "AutoETS:q0.975", "seasonal naive:q0.1"} <= set(names)
