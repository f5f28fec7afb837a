"""How long a unit holds a bit: by its gates, and by what becomes of a push.

    by gates   tau = -1 / mean(log keep), keep = what the cell says that a step keeps of the old memory (f in an LSTM,
               z in a GRU, 1 - z in a minGRU, f' n_{t-1} / n_t in an sLSTM): the memory decays as exp(-k / tau) if
               the gates alone decide (Tallec and Ollivier 2018, "Can recurrent neural networks warp time?")
    by push    the first k at which a unit that was pushed by one standard deviation of its own has kept less than
               1/e of the push, compared with the same sequence without it; the recurrence through other units counts

A unit is one of what the cell calls its memory: c of an LSTM, h of a GRU. A time constant without a gate (the simple
RNN) is NaN.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recurra.errors import InputError
from recurra.inspect.recording import Passage
from recurra.inspect.traces import Trace

_PUSHED = 0.25  # of the sequence has gone by when the push comes
_KEPT = 1 / math.e
_LEAST = 1e-3  # of a push, where a unit does not move by itself


def holding(trace: Trace, *, rows: int = 4) -> pd.DataFrame:
    """How long each unit of a layer holds a bit: a row per unit, with `by_gates`, `by_push` [steps] and `whole`.

    `by_push` is the median over the first `rows` sequences of more than a step; `whole` says that the push had not
    decayed by the end of at least half of them, so that it is held for longer than the figure says. Longest first.
    Raises InputError for rows below 1.

    >>> import torch
    >>> import recurra as rc
    >>> traces = rc.inspect.trace(torch.nn.GRU(3, 5), torch.randn(40, 2, 3))
    >>> rc.inspect.holding(traces["GRU"]).columns.tolist()
    ['unit', 'by_gates', 'by_push', 'whole']
    """
    if rows < 1:
        raise InputError(f"rows is {rows}: expected at least one sequence to look at")
    passage = trace.passage
    lengths = passage.lengths()
    places = [place for row in range(len(lengths)) if lengths[place := passage.place(row)] > 1][:rows]
    pushed = np.array([_by_push(passage, place, int(lengths[place])) for place in places])
    held = np.median(np.where(np.isnan(pushed), np.inf, pushed), axis=0)
    longest = np.median([_left(int(lengths[place])) for place in places])
    whole = np.isinf(held)
    frame = pd.DataFrame(
        dict(unit=np.arange(len(held)), by_gates=_by_gates(trace, len(held)), by_push=np.where(whole, longest, held))
    )
    return frame.assign(whole=whole).sort_values("by_push", ascending=False, kind="stable", ignore_index=True)


def _by_gates(trace: Trace, units: int) -> np.ndarray:
    kept = trace.kept()
    if kept is None:
        return np.full(units, np.nan)
    keep = np.clip(kept, np.finfo(float).tiny, 1 - 1e-9)
    return -1 / np.nanmean(np.log(keep), axis=(0, 1))


def _left(length: int) -> int:
    """Steps after the push."""
    return length - 1 - int(_PUSHED * length)


@torch.no_grad()
def _by_push(passage: Passage, row: int, length: int) -> np.ndarray:
    """Steps [H] until each unit of one sequence has lost its push; NaN where it never did."""
    steps = [step for step in passage.steps if step.t < length][-length:]
    own = [tuple(s[row] for s in step.new) for step in steps]
    at = int(_PUSHED * length)
    cell = passage.cell
    memories = [cell.memory(tuple(s.unsqueeze(0) for s in state)).squeeze(0) for state in own]
    units = len(memories[0])
    size = torch.stack(memories).std(0).clamp(min=_LEAST)
    state = tuple(s.expand(units, -1) for s in own[at])
    state = cell.with_memory(state, cell.memory(state) + torch.diag(size))
    held = np.full(units, np.nan)
    for k, (step, plain) in enumerate(zip(steps[at + 1 :], memories[at + 1 :], strict=True), start=1):
        state = _advance(passage, step.projected[row].expand(units, -1), state)
        kept = ((cell.memory(state) - plain).diagonal() / size).double().cpu().numpy()
        held[np.isnan(held) & (kept < _KEPT)] = k
    return held


def _advance(passage: Passage, projected: Tensor, old: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    new = passage.cell.step(projected, old, passage.weights)
    rate_h, rate = passage.recurrence.zoneout
    rates = (rate_h, *[rate] * (len(new) - 1))
    return tuple(rate * s + (1 - rate) * s_new for s, s_new, rate in zip(old, new, rates, strict=True))
