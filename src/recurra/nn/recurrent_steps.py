"""The recurrent decoder a step at a time, for a beam search: its layers as streams, all else in NumPy.

Rows are few, and a call of NumPy takes a fifth of one of torch. What is large goes to the engine: the two layers, and
the products around them, with weights of 8 bits where that is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.nn.attention import Sought
from recurra.nn.encoder_decoder import Memory, RecurrentCore

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


class RecurrentSteps:
    """See `nn.encoder_decoder.Steps`."""

    def __init__(self, core: RecurrentCore, memory: Memory, width: int, *, int8: bool) -> None:
        self._core, self._int8, self._width = core, int8, 1
        self._gist = core.gist_of(memory).numpy()
        self._sought = Sought(core.attention, memory.values, memory.there)
        self._sources = self._rows = len(memory.values)
        self._streams = core.streams(width * self._rows, int8=int8)
        self._leave, self._ask = core.leave, core.attention.query

    def step(self, x: Tensor) -> Tensor:
        """See `nn.encoder_decoder.Steps`."""
        core, rows = self._core, self._rows
        given = (x.numpy().reshape(self._sources, self._width, -1) + self._gist[:, None]).reshape(rows, -1)
        lower = self._run(0, given)
        asked = core.across.linear("ask", torch.from_numpy(lower), self._ask.weight, None, int8=self._int8).numpy()
        context = self._sought.look(asked)
        upper = self._run(1, np.concatenate([lower, context], axis=1))
        both = torch.from_numpy(np.concatenate([upper, context], axis=1))
        return core.across.linear("leave", both, self._leave.weight, self._leave.bias, int8=self._int8)

    def take(self, rows: Tensor, width: int) -> None:
        """See `nn.encoder_decoder.Steps`."""
        numbers = rows.numpy()
        sources = numbers[::width] // self._width
        if len(sources) < self._sources:
            self._gist, self._sources = self._gist[sources], len(sources)
            self._sought.take(sources)
        if len(numbers) > self._streams[0].batch:
            before, self._streams = self._streams, self._core.streams(len(numbers), int8=self._int8)
            for old, new in zip(before, self._streams, strict=True):
                new.follow(numbers, old)
        else:
            for stream in self._streams:
                stream.follow(numbers)
        self._rows, self._width = len(numbers), width

    def _run(self, which: int, x: Floats) -> Floats:
        stream, rows = self._streams[which], self._rows
        if rows == stream.batch:
            return stream.step(x) if rows > 1 else stream.step(x[0])[None]
        return stream.step_rows(np.arange(rows), x)
