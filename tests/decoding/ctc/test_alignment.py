"""The alignment against all paths that spell the text."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from recurra import InputError
from recurra.decoding.ctc.alignment import align
from recurra.decoding.ctc.best_path import collapsed


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("units", [[1], [1, 1], [1, 2], [2, 1, 2]])
def test_the_likeliest_of_all_paths_is_found(units: list[int], seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(6, 3))
    y = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    paths = [path for path in itertools.product(range(3), repeat=6) if collapsed(list(path)) == units]
    best = max(paths, key=lambda path: sum(y[t, unit] for t, unit in enumerate(path)))
    found = align(y, units)
    assert found.score == pytest.approx(sum(y[t, unit] for t, unit in enumerate(best)))
    path = np.zeros(6, dtype=int)
    for unit, (begin, end) in zip(units, found.spans, strict=True):
        path[begin:end] = unit
    assert path.tolist() == list(best)


def test_too_few_frames_are_refused_and_no_unit_is_all_blank() -> None:
    with pytest.raises(InputError, match="2 units need 3 frames, and there are 2"):
        align(np.zeros((2, 3)), [1, 1])
    assert align(np.log(np.full((3, 2), 0.5)), []).score == pytest.approx(3 * np.log(0.5))
