"""The highest of many scores: the engine's answer is NumPy's, ties and all."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.kernels.best import best_of, best_of_rows, plain_best_of, plain_best_of_rows


@pytest.mark.parametrize("count", [1, 3, 17, 63, 640, 3001])
@pytest.mark.parametrize("top", [1, 3, 20])
@pytest.mark.parametrize("kinds", [2, 50, 10**6])
def test_the_engine_finds_what_sorting_finds(count, top, kinds):
    rng = np.random.default_rng(count + top)
    scores = rng.integers(kinds, size=count).astype(np.float32)
    scores[rng.random(count) < 0.3] = -np.inf
    found = best_of(scores, np.empty(top, np.int64))
    assert found.tolist() == plain_best_of(scores, np.empty(top, np.int64)).tolist()
    assert len(found) == min(top, count)


def test_scores_that_are_not_as_the_engine_takes_them_are_sorted_all_the_same():
    scores = np.arange(40, dtype=np.float64)[::2]
    assert best_of(scores, np.empty(3, np.int64)).tolist() == [19, 18, 17]  # pyright: ignore[reportArgumentType]


def test_what_is_not_a_number_is_not_among_the_best():
    rng = np.random.default_rng(0)
    for share in (0.01, 0.5, 0.99):
        scores = rng.normal(size=3001).astype(np.float32)
        scores[rng.random(3001) < share] = np.nan
        found = best_of(scores, np.empty(20, np.int64))
        assert found.tolist() == plain_best_of(scores, np.empty(20, np.int64)).tolist()
        assert np.isfinite(scores[found]).all()


@pytest.mark.parametrize(("rows", "count", "top"), [(1, 1, 1), (3, 17, 5), (5, 640, 10), (63, 11, 11)])
@pytest.mark.parametrize("kinds", [2, 10**6])
def test_the_best_of_each_row(rows, count, top, kinds):
    rng = np.random.default_rng(count)
    scores = rng.integers(kinds, size=(rows, count)).astype(np.float32)
    scores[rng.random((rows, count)) < 0.3] = -np.inf
    found = best_of_rows(scores, np.empty((rows, top), np.int64))
    assert found.tolist() == plain_best_of_rows(scores, np.empty((rows, top), np.int64)).tolist()
    assert found.tolist() == [best_of(row, np.empty(top, np.int64)).tolist() for row in scores]
