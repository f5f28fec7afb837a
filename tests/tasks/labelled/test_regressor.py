"""Numbers in their own units, one or several, some of them missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import SILENT, regressor, strands

from recurra import InputError, SequenceOptions, TrainingOptions
from recurra.inputs import Symbols

LETTERS, _ = strands(120)
SMALL = SequenceOptions(hidden=12, embedding=8, dropout=0.0, pooling="mean")
LONGER = TrainingOptions(epochs=30.0, batch_size=8, learning_rate=0.02)
SHARES = np.array([row.count("A") / len(row) for row in LETTERS])


def by_letters():
    """A regressor that reads strings letter by letter: these are too short to be detected as symbols."""
    return regressor(inputs={"sequence": Symbols()}, network=SMALL, training=LONGER)


def test_it_learns_what_can_be_learnt():
    model = by_letters().fit(LETTERS, SHARES, run=SILENT)
    later, _ = strands(40, seed=1)
    assert model.score(later, [row.count("A") / len(row) for row in later]) > 0.9


def test_units_and_places_do_not_matter():
    one = regressor(members=1).fit(LETTERS, SHARES, run=SILENT).predict(LETTERS)
    other = regressor(members=1).fit(LETTERS, 1e6 * SHARES - 3e6, run=SILENT).predict(LETTERS)
    np.testing.assert_allclose(other, 1e6 * one - 3e6, rtol=1e-3, atol=2e3)


def test_several_numbers():
    y = pd.DataFrame({"a": SHARES, "b": [row.count("B") / len(row) for row in LETTERS], "empty": np.nan})
    y.loc[::7, "b"] = np.nan
    model = by_letters().fit(LETTERS, y, run=SILENT)
    found = model.predict(LETTERS)
    assert found.shape == (120, 3)
    assert np.corrcoef(found[:, 0], SHARES)[0, 1] > 0.9
    assert model.labels_.names == ("a", "b", "empty")
    assert (
        model.score(LETTERS, np.column_stack([SHARES, [row.count("B") / len(row) for row in LETTERS], found[:, 2]]))
        > 0.8
    )


def test_missing_numbers_are_left_out():
    y = SHARES.copy()
    y[::5] = np.nan
    model = regressor(network=SMALL, training=LONGER).fit(LETTERS, y, run=SILENT)
    known = np.isfinite(y)
    assert model.score(LETTERS, y) == pytest.approx(
        model.score([x for x, k in zip(LETTERS, known, strict=True) if k], y[known])
    )
    assert model.score(LETTERS, y, sample_weight=np.ones(120)) == pytest.approx(model.score(LETTERS, y))
    with pytest.raises(InputError, match="y holds no number: expected at least one to compare with"):
        model.score(LETTERS[:1], [None])


@pytest.mark.parametrize("y", [np.full(120, 4.0), SHARES * 1e300, SHARES * 1e-300], ids=["same", "huge", "tiny"])
def test_numbers_of_every_size(y):
    found = regressor(members=1).fit(LETTERS, y, run=SILENT).predict(LETTERS)
    assert np.isfinite(found).all()
    assert y.min() - np.ptp(y) - 1e-12 <= found.min() <= found.max() <= y.max() + np.ptp(y) + 1e-12


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_numbers_of_every_size_are_evaluated_alike(size):
    plain, other = regressor(members=1), regressor(members=1)
    plain.study(LETTERS, SHARES, run=SILENT)
    other.study(LETTERS, SHARES * size, run=SILENT)
    assert other.verdict_ == plain.verdict_
    assert other.score(LETTERS, SHARES * size) == pytest.approx(plain.score(LETTERS, SHARES), abs=1e-6)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([*SHARES[:-1], np.inf], r"y contains infinity in row 120"),
        ([str(x) for x in SHARES], r"y holds '[\d.]+' \(str\) in row 1: expected numbers"),
        ([None] * 120, r"y contains NaN only|expected numbers|no number"),
        (SHARES[:-1], r"y has 119 labels, and X 120 examples"),
        (None, r"requires y to be passed"),
    ],
)
def test_what_cannot_be_learnt_is_refused(y, message):
    with pytest.raises(InputError, match=message):
        regressor().fit(LETTERS, y, run=SILENT)


def test_weights_of_another_number_of_examples_are_refused():
    model = regressor(members=1).fit(LETTERS, SHARES, run=SILENT)
    with pytest.raises(InputError, match=r"sample_weight have shape \(119,\): expected one for each of 120 examples"):
        model.score(LETTERS, SHARES, sample_weight=np.ones(119))


def test_times_of_another_number_of_examples_are_refused():
    with pytest.raises(InputError, match=r"times have shape \(119,\): expected one for each of 121 examples"):
        regressor(empty="drop").study([*LETTERS, ""], [*SHARES, 1.0], times=np.arange(119), run=SILENT)
