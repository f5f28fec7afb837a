"""When each unit of a known text is spoken: the likeliest path of a CTC network that spells it (Viterbi).

    s = 0 .. 2U         states: blank, unit 1, blank, unit 2, ..., blank
    v_t(s) = y_t(s) + max(v_{t-1}(s), v_{t-1}(s-1), v_{t-1}(s-2))     the last where s is a unit unlike that at s-2

Source: Graves et al. (2006), "Connectionist temporal classification", with max in place of the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.decoding.ctc.best_path import BLANK, frames_needed
from recurra.errors import InputError
from recurra.language import _

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Unit u is spoken from frame `spans[u, 0]` up to, without it, `spans[u, 1]`.

    spans      [U, 2]
    confidence [U], the mean probability of each unit over its frames
    score      the logarithm of the path's probability
    """

    spans: Ints
    confidence: npt.NDArray[np.float64]
    score: float


def align(log_probabilities: Floats, units: npt.ArrayLike) -> Alignment:
    """The likeliest path of log probabilities [T, K] that spells `units` [U].

    Raises InputError where there are too few frames for them.

    >>> y = np.log(np.array([[0.1, 0.9], [0.8, 0.2], [0.2, 0.8]]))
    >>> align(y, [1, 1]).spans.tolist()
    [[0, 1], [2, 3]]
    """
    y = np.asarray(log_probabilities, dtype=np.float64)
    wanted = np.asarray(units, dtype=np.int64)
    frames, needed = len(y), frames_needed(wanted)
    if frames < needed:
        raise InputError(
            _(
                "{units} units need {needed} frames, and there are {frames}",
                units=len(wanted),
                needed=needed,
                frames=frames,
            )
        )
    if not len(wanted):
        return Alignment(np.zeros((0, 2), np.int64), np.zeros(0), float(y[:, BLANK].sum()))
    states = np.full(2 * len(wanted) + 1, BLANK)
    states[1::2] = wanted
    skips = np.zeros(len(states), dtype=bool)
    skips[3::2] = wanted[1:] != wanted[:-1]
    said = y[:, states]
    v = np.full(len(states), -np.inf)
    v[:2] = said[0, :2]
    came = np.zeros(said.shape, dtype=np.int8)  # from how many states before
    for t in range(1, frames):
        ways = np.full((3, len(states)), -np.inf)
        ways[0] = v
        ways[1, 1:] = v[:-1]
        ways[2, 2:] = np.where(skips[2:], v[:-2], -np.inf)
        came[t] = ways.argmax(axis=0)
        v = ways.max(axis=0) + said[t]
    state = len(states) - 1 if v[-1] >= v[-2] else len(states) - 2
    score = float(v[state])
    path = np.empty(frames, dtype=np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    first = np.searchsorted(path, 2 * np.arange(len(wanted)) + 1, side="left")
    end = np.searchsorted(path, 2 * np.arange(len(wanted)) + 1, side="right")
    sure = [float(np.exp(y[a:b, unit]).mean()) for a, b, unit in zip(first, end, wanted, strict=True)]
    return Alignment(np.stack([first, end], axis=1), np.array(sure), score)
