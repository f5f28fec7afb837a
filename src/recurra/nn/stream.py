"""A layer that goes on one step at a time: many rows, each with a state of its own, and a step that is one call.

>>> import numpy as np
>>> import recurra as rc
>>> stream = rc.nn.LSTM(3, 5).stream(batch=2)
>>> y = stream.step(np.zeros((2, 3), np.float32))
>>> y.shape
(2, 5)
>>> stream.step_rows([1], np.zeros((1, 3), np.float32)).shape, stream.reset([0])
((1, 5), None)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recurra.errors import InputError, ShapeError
from recurra.kernels.steps import IN_USE, computed_dtype
from recurra.nn.contract import Layer
from recurra.nn.packed import Packed, packed
from recurra.nn.stream_arrays import as_array, check_out, fill, row_numbers, stacked
from recurra.nn.stream_file import named_states, read_states, write_states

_empty = np.empty


class Stream:
    """B rows that go through one or more recurrent layers a step at a time, each with its own state.

    Made by `layer.stream()` and `Stack.stream()`. The weights are copied, so that a layer which is trained further does
    not change a stream. Outputs equal those of the layer over the whole sequence; float16 and bfloat16 weights take
    and give float32, which is rounded to theirs inside.

    batch        B, the rows
    input_size   F
    output_size  R, or the features of the head
    dtype        of what goes in and out as NumPy: float32 or float64
    kernel       "cpu" (one C++ call) or "reference" (the cell's step in torch)
    """

    def __init__(
        self,
        layers: Sequence[tuple[Layer, bool]],
        *,
        alone: bool,
        batch: int,
        head: nn.Linear | None,
        threads: int | None,
        int8: bool = False,
        weights: Packed | None = None,
    ) -> None:
        """`layers`: each, and whether its input is added to its output; `alone`: one layer's state, not a tuple.

        `weights` are those of the layers, where they are known not to have changed since.
        """
        batch = _whole("batch", batch)
        threads = torch.get_num_threads() if threads is None else _whole("threads", threads)
        self._packed = packed(layers, head, int8=int8) if weights is None else weights
        like = self._packed.calls[0].call.x
        last = layers[-1][0]
        self._cells = tuple(layer.cell for layer, _ in layers for _ in range(layer.num_layers))
        self._depths, self._alone = [layer.num_layers for layer, _ in layers], alone
        self._torch_dtype, self.dtype = like.dtype, computed_dtype(like.dtype)
        self._steps = self._packed.steps(batch, threads)
        self.kernel = self._steps.name
        self.batch, self.input_size = batch, layers[0][0].input_size
        self.output_size = last.width if head is None else head.out_features
        self._step, self._flat, self._shape = self._steps.step, (self.output_size,), (batch, self.output_size)

    def step(self, x: Any, out: np.ndarray | None = None) -> Any:
        """The next step of all rows: x [B, F] -> y [B, R], or with one row x [F] -> y [R].

        x    an array or tensor; fastest as a NumPy array of `dtype` without gaps
        out  an array of `dtype` to write y to, which is then what is returned: nothing is allocated. It may be x
             itself where the sizes agree. Without it every call returns an array of its own

        A tensor gives a tensor. Raises ShapeError where x or out do not fit; nothing has happened then.
        """
        if type(x) is np.ndarray:
            y = out if out is not None else _empty(self._flat if x.ndim == 1 else self._shape, self.dtype)
            if not self._step(x, y):
                return y
        return self._carefully(None, x, out)

    def step_rows(self, rows: Any, x: Any, out: np.ndarray | None = None) -> Any:
        """The next step of some rows, the others stay where they are: x [k, F] -> y [k, R].

        rows  k different row numbers from 0 to B - 1 in any order, or a mask of B truth values; x and out as for `step`

        Raises InputError for rows that there are not, or twice; nothing has happened then.
        """
        if type(x) is np.ndarray and type(rows) is np.ndarray and x.ndim == 2:
            y = out if out is not None else _empty((len(x), self.output_size), self.dtype)
            if not self._steps.step_rows(rows, x, y):
                return y
        return self._carefully(row_numbers(rows, self.batch), x, out)

    def reset(self, rows: Any = None) -> None:
        """Begin anew: the state of some rows (as for `step_rows`), or of all, becomes zero."""
        at = slice(None) if rows is None else row_numbers(rows, self.batch)
        for arrays in self._steps.states:
            for array in arrays:
                array[at] = 0

    def follow(self, rows: Any, other: Stream | None = None) -> None:
        """Row k goes on from where row `rows[k]` was, of this stream or of `other`, whose layers have the same states.

        rows  at most B row numbers, any of them more than once; the rows after them stay where they are

        What a beam search does after each step. Raises InputError for rows that there are not.
        """
        source = self if other is None else other
        numbers = np.asarray(rows, dtype=np.int64)
        if numbers.ndim != 1 or len(numbers) > self.batch:
            raise InputError(f"rows has shape {numbers.shape}: expected at most {self.batch} row numbers")
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < source.batch):
            raise InputError(
                f"rows holds {numbers.min()} to {numbers.max()}: expected rows from 0 to {source.batch - 1}"
            )
        for own, theirs in zip(self._steps.states, source._steps.states, strict=True):
            for array, values in zip(own, theirs, strict=True):
                array[: len(numbers)] = values[numbers]

    @property
    def state(self) -> Any:
        """A copy of the state as NumPy arrays, in the form of the layer's `hx`: h [L, B, R], or (h, c) of an LSTM; for
        a `Stack` one of them per layer. It can be set from the same form, a layer's last state for one."""
        found, at = [], 0
        for depth in self._depths:
            found.append(stacked(self._steps.states[at : at + depth]))
            at += depth
        return found[0] if self._alone else tuple(found)

    @state.setter
    def state(self, given: Any) -> None:
        parts = (given,) if self._alone else given
        if not isinstance(parts, tuple | list) or len(parts) != len(self._depths):
            raise ShapeError(f"state is {type(given).__name__}: expected a tuple of {len(self._depths)}, one per layer")
        jobs, at = [], 0
        for k, (part, depth) in enumerate(zip(parts, self._depths, strict=True)):
            name = "state" if self._alone else f"state[{k}]"
            jobs += fill(part, self._steps.states[at : at + depth], [s.name for s in self._cells[at].states], name)
            at += depth
        for array, value in jobs:  # all of them, or none
            array[...] = value

    @property
    def outputs(self) -> np.ndarray:
        """The latest outputs [B, R] of the last layer."""
        return self._steps.states[-1][0]

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays [B, .] that hold the state, by layer and name: what is written to them is the state."""
        return named_states(self._cells, self._steps.states)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights and of what is computed with them: whose states these are."""
        return self._packed.fingerprint

    def save(self, path: str | Path) -> None:
        """Write the state of all rows to a safetensors file, with what it belongs to."""
        write_states(path, self._cells, self._steps.states, self._packed.fingerprint)

    def load(self, path: str | Path, *, any_weights: bool = False) -> None:
        """Go on from a state that `save` wrote.

        Raises ModelFileError for a file that is none, or whose layers, sizes, number of rows or weights are others;
        `any_weights` takes the state of other weights. The state stays as it is then.
        """
        found = read_states(path, self._cells, self._steps.states, None if any_weights else self._packed.fingerprint)
        for arrays, values in zip(self._steps.states, found, strict=True):
            for array, value in zip(arrays, values, strict=True):
                array[...] = value

    def __repr__(self) -> str:
        cells = " -> ".join(cell.variant or cell.name for cell in self._cells)
        head = "" if self._packed.head is None else " -> linear"
        return f"Stream({self.input_size} -> {cells}{head} -> {self.output_size}, batch={self.batch}, {self.kernel})"

    def _carefully(self, rows: np.ndarray | None, x: Any, out: np.ndarray | None) -> Any:
        """A step whose arguments are not known to be as the kernel takes them."""
        count = self.batch if rows is None else len(rows)
        array = as_array(x, count, self.input_size, self.dtype, flat=rows is None and self.batch == 1)
        shape = (count, self.output_size) if array.ndim == 2 else self._flat
        if out is not None:
            check_out(out, shape, self.dtype)
        y = _empty(shape, self.dtype) if out is None else out
        answer = self._steps.step(array, y) if rows is None else self._steps.step_rows(rows, array, y)
        if answer == IN_USE:
            raise InputError(
                "the stream is at a step in another thread: expected one at a time. Take a lock, or a stream each"
            )
        assert not answer
        return torch.from_numpy(y).to(x.device, self._torch_dtype) if isinstance(x, Tensor) and out is None else y


def _whole(name: str, number: int) -> int:
    try:
        found = operator.index(number)
    except TypeError:
        found = 0
    if isinstance(number, bool) or found < 1:
        raise InputError(f"{name} is {number!r}: expected a whole number of at least 1")
    return found
