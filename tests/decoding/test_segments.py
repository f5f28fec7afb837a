"""Segments of made-up recordings, whose edges are known."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.decoding.segments import STATES, Segmenter, _viterbi, durations_of_spans


def made(seed: int, count: int = 40) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Frames, kinds and durations: every sound has a level of its own, a pause is quiet."""
    rng = np.random.default_rng(seed)
    levels = np.array([[-4.0, 0.0], [2.0, 3.0], [2.0, -3.0], [4.0, 0.0]])
    frames, kinds, durations = [], [], []
    for _k in range(count):
        own = np.concatenate([[0], rng.integers(1, 4, size=5), [0]])
        long = np.where(own > 0, rng.integers(3, 9, size=7), rng.integers(2, 5, size=7))
        frames.append(np.repeat(levels[own], long, axis=0) + rng.normal(0, 0.4, (int(long.sum()), 2)))
        kinds.append(own)
        durations.append(long)
    return frames, kinds, durations


def test_segments_are_found_from_poor_first_ones() -> None:
    frames, kinds, truth = made(0)
    first = [
        np.diff(np.linspace(0, len(x), len(own) + 1).astype(np.int64)) for x, own in zip(frames, kinds, strict=True)
    ]
    found = Segmenter.learn(frames, kinds, first, 4)
    wrong = total = 0
    for x, own, long in zip(frames, kinds, truth, strict=True):
        edges = np.cumsum(found.durations(x, own))[:-1]
        # Between two sounds of one kind nothing says where one ends.
        apart = own[1:] != own[:-1]
        wrong += int((np.abs(edges - np.cumsum(long)[:-1]) > 1)[apart].sum())
        total += int(apart.sum())
    assert wrong < 0.03 * total


def test_a_pause_that_is_not_there_has_no_frames() -> None:
    frames, kinds, truth = made(0)
    found = Segmenter.learn(frames, kinds, truth, 4)
    x = np.repeat([[2.0, 3.0], [4.0, 0.0]], 6, axis=0)
    assert found.durations(x, np.array([0, 1, 0, 3, 0])).tolist() == [0, 6, 0, 6, 0]


def test_too_few_frames_are_shared_out() -> None:
    frames, kinds, truth = made(0)
    found = Segmenter.learn(frames, kinds, truth, 4)
    durations, _states, score = found.path(frames[0][:3], np.array([0, 1, 2, 3]))
    assert durations.sum() == 3
    assert durations[0] == 0
    assert score == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = rng.normal(size=(5, 4))
    pause = np.array([True, False, True, False])
    _path, score = _viterbi(said, pause)
    best = -np.inf
    for number in range(4**5):
        way = [(number // 4**t) % 4 for t in range(5)]
        steps = np.diff(way)
        skips = [s == 2 and pause[a + 1] for a, s in zip(way, steps, strict=False)]
        fits = all(s in (0, 1) or skip for s, skip in zip(steps, skips, strict=True))
        if fits and way[0] in (0, 1) and way[-1] == 3:
            best = max(best, float(said[np.arange(5), way].sum()))
    assert score == pytest.approx(best)


def test_spikes_share_what_lies_between_them() -> None:
    spans = np.array([[2, 3], [4, 5]])
    assert durations_of_spans(spans, np.array([0, 1, 2, 0]), 16, 2).tolist() == [2, 5, 6, 3]
    long = durations_of_spans(spans, np.array([0, 1, 0, 2, 0]), 16, 2)
    assert long.sum() == 16
    assert STATES == 2
