"""Summaries are what a loop over the series would say, and the linear models of them learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.series_summary import (
    STATISTICS,
    fit_summary_classifier,
    fit_summary_labels,
    fit_summary_ridge,
    summarise,
)

NUMBER = st.one_of(st.integers(-9, 9).map(float), st.just(float("nan")))
SERIES = st.lists(st.lists(st.tuples(NUMBER, NUMBER), max_size=7), min_size=1, max_size=6)
RNG = np.random.default_rng(0)
LEVELS = RNG.normal(size=120)
CURVES = Ragged.of([level + 0.3 * RNG.normal(size=(RNG.integers(2, 20), 2)) for level in LEVELS])


def slowly(x: np.ndarray) -> list[float]:
    t = np.flatnonzero(~np.isnan(x))
    if not len(t):
        return [np.nan] * len(STATISTICS)
    v = x[t]
    slope = np.polyfit(t, v, 1)[0] if len(t) > 1 else np.nan
    changes = np.abs(np.diff(x))
    changes = changes[~np.isnan(changes)]
    return [v.mean(), v.std(), v.min(), v.max(), v[0], v[-1], slope, changes.mean() if len(changes) else np.nan]


@given(SERIES)
def test_summaries_are_those_of_a_loop(rows: list[list[tuple[float, float]]]) -> None:
    arrays = [np.array(row, dtype=float).reshape(-1, 2) for row in rows]
    found = summarise(Ragged.of(arrays))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.RankWarning)
        expected = [np.concatenate([slowly(a[:, 0]), slowly(a[:, 1]), [np.log1p(len(a))]]) for a in arrays]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_classes() -> None:
    y = (LEVELS > 0).astype(int) + (LEVELS > 1)
    half = np.arange(60)
    model = fit_summary_classifier(CURVES.take(half), y[:60], 3)
    assert (model.outputs(CURVES.take(half + 60)).argmax(axis=1) == y[60:]).mean() > 0.8
    y[60:] = -1
    np.testing.assert_allclose(model.coefficients, fit_summary_classifier(CURVES, y, 3).coefficients, atol=0.3)


def test_labels() -> None:
    truth = np.stack([LEVELS > 0, LEVELS > 1], axis=1).astype(float)
    truth[:9, 0] = np.nan
    outputs = fit_summary_labels(CURVES, truth).outputs(CURVES)
    assert ((outputs > 0) == (LEVELS[:, None] > [0, 1])).mean() > 0.9


def test_values() -> None:
    y = 100 + 5 * LEVELS
    model = fit_summary_ridge(CURVES, y[:, None])
    assert np.abs(model.outputs(CURVES)[:, 0] - y).mean() < 1.0
    with pytest.raises(InputError, match="series makes 9 features, the model was fitted on 17"):
        model.outputs(Ragged(CURVES.values[:, :1], CURVES.offsets))


def test_units_are_of_no_account() -> None:
    y = (LEVELS > 0).astype(int)
    moved = Ragged(7.0 - 1e-4 * CURVES.values, CURVES.offsets)
    ours, theirs = (fit_summary_classifier(curves, y, 2).outputs(curves) for curves in (CURVES, moved))
    np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_an_empty_series_says_only_that_it_is_empty() -> None:
    empty = Ragged.of([np.zeros((0, 2))])
    model = fit_summary_classifier(CURVES, (LEVELS > 0).astype(int), 2)
    assert np.isfinite(model.outputs(empty)).all()
    assert summarise(empty)[0, -1] == 0.0
    with pytest.raises(InputError, match=r"\[steps, channels\] is expected"):
        summarise(Ragged.of([[1.0]]))
