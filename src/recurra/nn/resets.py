"""Rows that begin anew in mid-sequence: episodes of environments that end, sessions end to end, one batch.

    h_t = layer(x_t, 0 where begins_t, else h_(t-1))

Between two beginnings a row is a sequence of its own with a given initial state. All these pieces, whatever their
lengths, are the rows of one packed batch: nothing is padded, the kernels run once, and a beginning costs nothing. (The
usual way cuts the batch at every step at which any of its rows begins.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from recurra.errors import InputError, ShapeError
from recurra.nn.layer import RecurrentLayer


def run_with_resets(layer: RecurrentLayer, x: Tensor, begins: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
    """Run a layer over x [T, B, F], beginning anew wherever `begins` [T, B] is true, before that step.

    hx  the state before the first step, in the form of the layer's `hx`; zeros where None, and in rows that begin at 0

    Returns the outputs [T, B, R] and the last state. Raises ShapeError where shapes do not fit, InputError for a layer
    in both directions or with the batch first.

    >>> import recurra as rc
    >>> layer, x = rc.nn.GRU(3, 5), torch.randn(6, 2, 3)
    >>> begins = torch.zeros(6, 2, dtype=torch.bool)
    >>> begins[4, 0] = True
    >>> outputs, last = run_with_resets(layer, x, begins)
    >>> bool((outputs[4:, :1] - layer(x[4:, :1])[0]).abs().max() < 1e-6)
    True
    """
    if layer.bidirectional or layer.batch_first:
        raise InputError("layer is bidirectional or has batch_first: expected one that runs forward, time first")
    if x.dim() != 3 or begins.shape != x.shape[:2]:
        raise ShapeError(f"begins has shape {tuple(begins.shape)}: expected {tuple(x.shape[:2])}, those of x [T, B, F]")
    steps, rows, _ = x.shape
    pieces = _Pieces.of(begins.detach().cpu().numpy().astype(bool))
    index = torch.from_numpy(pieces.index).to(x.device)
    packed = PackedSequence(x.flatten(0, 1).index_select(0, index), torch.from_numpy(pieces.sizes))
    start = None if hx is None else _each(hx, lambda state: _spread(state, pieces))
    outputs, last = layer(packed, start)
    found = torch.empty_like(outputs.data).index_copy(0, index, outputs.data)
    ends = torch.from_numpy(pieces.ends).to(x.device)
    return found.unflatten(0, (steps, rows)), _each(last, lambda state: state.index_select(1, ends))


class _Pieces:
    """The pieces of rows between beginnings, the longest first.

    index  [N] the place in [T * B] of each step, in the order of a packed batch; sizes [longest] pieces at each step
    first  the piece that each row goes on with, -1 where it begins anew; ends the last piece of each row
    """

    def __init__(self, index: np.ndarray, sizes: np.ndarray, first: np.ndarray, ends: np.ndarray, count: int) -> None:
        self.index, self.sizes, self.first, self.ends, self.count = index, sizes, first, ends, count

    @classmethod
    def of(cls, begins: np.ndarray) -> _Pieces:
        """From [T, B]."""
        steps, rows = begins.shape
        by_row = begins.T.copy()
        by_row[:, 0] = True
        places = np.flatnonzero(by_row.ravel())  # where pieces begin, row by row
        lengths = np.diff(np.append(places, rows * steps))
        order = np.argsort(-lengths, kind="stable")
        place_of = np.empty(len(order), dtype=np.int64)
        place_of[order] = np.arange(len(order))
        row, step = np.divmod(places[order], steps)
        time = np.arange(lengths.max())[:, None]
        alive = time < lengths[order]
        at, piece = np.nonzero(alive)
        index = (step[piece] + at) * rows + row[piece]
        counts = by_row.sum(axis=1)
        firsts = np.cumsum(counts) - counts
        first = np.where(begins[0], -1, place_of[firsts])
        return cls(index, alive.sum(axis=1), first, place_of[firsts + counts - 1], len(order))


def _spread(state: Tensor, pieces: _Pieces) -> Tensor:
    """The states [L, B, R] of rows as those of their first pieces, zeros for all others."""
    rows = np.flatnonzero(pieces.first >= 0)
    found = state.new_zeros((state.shape[0], pieces.count, state.shape[2]))
    chosen = state.index_select(1, torch.from_numpy(rows).to(state.device))
    return found.index_copy(1, torch.from_numpy(pieces.first[rows]).to(state.device), chosen)


def _each(state: Any, change: Any) -> Any:
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)
