"""Where each symbol of a text begins and ends in a recording: a hidden Markov model, of Gaussians, left to right.

    v_t(s) = log N(x_t; mean_s, spread_s) + max(v_{t-1}(s), v_{t-1}(s-1), v_{t-1}(s-2) past a pause that is skipped)

A sound has STATES states in a row, a pause one. What a CTC network says gives the first segments, whose frames give the
Gaussians, which give new segments, and so on (segmental k-means). The spikes of CTC stand somewhere within their
sounds; where these end they do not say.
Source: Juang, Rabiner (1990), "The segmental K-means algorithm for estimating parameters of hidden Markov models".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

STATES = 2  # of a sound
_FLOOR = 0.05  # of the features' own variance, the least of a state's
_PRIOR = 10.0  # frames of all frames' variance that a state's is mixed with
_QUIET = 0.1  # share of the frames that a pause is thought to sound like at first


@dataclass(frozen=True, eq=False)
class Segmenter:
    """Gaussians of states [K * STATES, C]: `mean` and `variance`; of kind k those from k * STATES on.

    Kind 0 is the pause, of which only the first state is used.
    """

    mean: npt.NDArray[np.float64]
    variance: npt.NDArray[np.float64]

    def check(self) -> None:
        """Refuse arrays that do not fit, and variances that are none."""
        require(self.mean.shape == self.variance.shape and self.mean.ndim == 2, "means and variances differ in shape")
        require(len(self.mean) % STATES == 0 and len(self.mean) > STATES, "states are missing")
        require(bool((self.variance > 0).all()), "a variance is not above 0")

    def durations(self, frames: Floats, kinds: Ints) -> Ints:
        """The frames [T, C] of each symbol of `kinds` [U]: [U], together T; a pause (0) may have none.

        Where there are fewer frames than states the frames are shared out evenly among the sounds.
        """
        return self.path(frames, kinds)[0]

    def path(self, frames: Floats, kinds: Ints) -> tuple[Ints, Ints, float]:
        """Durations [U], the state of each frame [T], and the mean log likelihood of a frame."""
        states, owners = states_of(kinds)
        needed = int((kinds > 0).sum()) * STATES
        if len(frames) < needed or not needed:
            return _even(len(frames), kinds), np.zeros(len(frames), np.int64), -np.inf
        said = self._said(frames, states)
        pause = states == 0
        path, score = _viterbi(said, pause)
        durations = np.bincount(owners[path], minlength=len(kinds)).astype(np.int64)
        return durations, states[path], score / len(frames)

    def _said(self, frames: Floats, states: Ints) -> Floats:
        own, places = np.unique(states, return_inverse=True)
        mean, variance = self.mean[own], self.variance[own]
        x = frames.astype(np.float64)
        away = (
            (np.square(x) @ (1 / variance).T) - 2 * (x @ (mean / variance).T) + (np.square(mean) / variance).sum(axis=1)
        )
        said = -0.5 * (away + np.log(variance).sum(axis=1))
        return said[:, places]

    @classmethod
    def learn(
        cls, frames: Sequence[Floats], kinds: Sequence[Ints], first: Sequence[Ints], count: int, *, rounds: int = 4
    ) -> Segmenter:
        """Of frames [T, C] of recordings, the kinds [U] of their symbols and first durations [U]; `count` kinds."""
        every = np.concatenate(frames).astype(np.float64)
        spread = every.var(axis=0)
        quiet = every[every[:, 0] <= np.quantile(every[:, 0], _QUIET)]
        found: list[Ints] = [_states_by(each, durations) for each, durations in zip(kinds, first, strict=True)]
        made = _fitted(every, np.concatenate(found), count, spread, None)
        made.mean[0], made.variance[0] = quiet.mean(axis=0), np.maximum(quiet.var(axis=0), _FLOOR * spread)
        for _n in range(rounds):
            ways = [made.path(x, each) for x, each in zip(frames, kinds, strict=True)]
            there = np.concatenate([np.full(len(way[1]), np.isfinite(way[2])) for way in ways])
            places = np.concatenate([way[1] for way in ways])
            made = _fitted(every[there], places[there], count, spread, made)
        return made


def states_of(kinds: Ints) -> tuple[Ints, Ints]:
    """The states of symbols in their order, and the symbol of each: a pause has one, a sound STATES."""
    sizes = np.where(kinds > 0, STATES, 1)
    owners = np.repeat(np.arange(len(kinds)), sizes)
    within = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return kinds[owners] * STATES + within, owners


def durations_of_spans(spans: Ints, kinds: Ints, frames: int, step: int) -> Ints:
    """First durations [U] out of the spans [sounds, 2] that CTC gave each sound, in steps of `step` frames.

    What lies between two spikes is shared by both, or, where a pause stands between, by all three.
    """
    sounds = np.flatnonzero(kinds > 0)
    edges = np.zeros(len(kinds) + 1, dtype=np.int64)
    begin, end = spans[:, 0] * step, spans[:, 1] * step
    for place, k in enumerate(sounds.tolist()):
        before = int(end[place - 1]) if place else 0
        gap = int(begin[place]) - before
        if k and kinds[k - 1] == 0:
            edges[k - 1] = before + gap // 3 if place else 0
            edges[k] = before + 2 * gap // 3
        else:
            edges[k] = before + gap // 2 if place else 0
    if len(kinds) and kinds[-1] == 0:
        last = int(end[-1]) if len(end) else 0
        edges[-2] = last + max(frames - last, 0) // 2
    edges[-1] = frames
    return np.diff(np.maximum.accumulate(np.minimum(edges, frames)))


def _states_by(kinds: Ints, durations: Ints) -> Ints:
    """The state of each frame where a symbol's frames are shared out evenly among its states."""
    found = []
    for kind, size in zip(kinds.tolist(), durations.tolist(), strict=True):
        parts = STATES if kind > 0 else 1
        found.append(kind * STATES + np.arange(size) * parts // max(size, 1))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _even(frames: int, kinds: Ints) -> Ints:
    sounds = np.flatnonzero(kinds > 0) if (kinds > 0).any() else np.arange(len(kinds))
    durations = np.zeros(len(kinds), dtype=np.int64)
    durations[sounds] = np.diff(np.linspace(0, frames, len(sounds) + 1).astype(np.int64))
    return durations


def _fitted(every: Floats, states: Ints, count: int, spread: Floats, before: Segmenter | None) -> Segmenter:
    size = count * STATES
    number = np.bincount(states, minlength=size).astype(np.float64)[:, None]
    sums, squares = np.zeros((size, every.shape[1])), np.zeros((size, every.shape[1]))
    order = np.argsort(states, kind="stable")
    starts = np.flatnonzero(np.diff(states[order], prepend=-1))
    if len(order):
        there = states[order][starts]
        sums[there] = np.add.reduceat(every[order], starts, axis=0)
        squares[there] = np.add.reduceat(np.square(every[order]), starts, axis=0)
    usual = every.mean(axis=0) if before is None else before.mean
    mean = np.where(number > 0, sums / np.maximum(number, 1), usual)
    own = squares / np.maximum(number, 1) - np.square(mean)
    variance = (number * np.maximum(own, 0) + _PRIOR * spread) / (number + _PRIOR)
    return Segmenter(mean, np.maximum(variance, _FLOOR * spread))


def _viterbi(said: Floats, pause: npt.NDArray[np.bool_]) -> tuple[Ints, float]:
    """The best path [T] through states [S] in their order, of which pauses may be skipped, and its score."""
    frames, size = said.shape
    past = np.zeros(size, dtype=bool)
    past[2:] = pause[1:-1]
    came = np.zeros((frames, size), dtype=np.int8)
    v = np.full(size, -np.inf)
    v[0] = said[0, 0]
    if size > 1 and pause[0]:
        v[1] = said[0, 1]
    ways = np.full((3, size), -np.inf)
    for t in range(1, frames):
        ways[0] = v
        ways[1, 1:] = v[:-1]
        ways[2, 2:] = np.where(past[2:], v[:-2], -np.inf)
        came[t] = ways.argmax(axis=0)
        v = ways.max(axis=0) + said[t]
    state = size - 1
    if size > 1 and pause[-1] and v[-2] > v[-1]:
        state = size - 2
    score = float(v[state])
    path = np.empty(frames, dtype=np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    return path, score
