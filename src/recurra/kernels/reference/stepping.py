"""Steps by the reference: any cell, device and dtype, through the loop that is the oracle of every kernel."""

from __future__ import annotations

import threading

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recurra.kernels.contract import Layout
from recurra.kernels.reference.loop import loop
from recurra.kernels.steps import DONE, IN_USE, OTHER_ARRAYS, OTHER_ROWS, Head, StackedCall, computed_dtype


class ReferenceSteps:
    """A stack through the cells' own step in torch; its states are arrays of NumPy between the steps."""

    name = "reference"

    def __init__(self, layers: tuple[StackedCall, ...], head: Head | None, rows: int) -> None:
        x = layers[0].call.x
        self._layers, self._head, self._rows, self._like = layers, head, rows, x
        self._dtype = computed_dtype(x.dtype)
        states = []
        for layer in layers:
            hidden, width = layer.call.sizes()
            others = len(layer.call.recurrence.cell.states) - 1
            states.append(tuple(np.zeros((rows, wide), self._dtype) for wide in (width, *[hidden] * others)))
        self.states: tuple[tuple[np.ndarray, ...], ...] = tuple(states)
        self._outputs = states[-1][0].shape[1] if head is None else len(head.weight)
        self._turn = threading.Lock()

    def step(self, x: np.ndarray, y: np.ndarray) -> int:
        """The next step of all rows."""
        return self._step(slice(None), self._rows, x, y)

    def step_rows(self, rows: np.ndarray, x: np.ndarray, y: np.ndarray) -> int:
        """The next step of some rows."""
        if not isinstance(rows, np.ndarray) or rows.dtype != np.int64 or rows.ndim != 1:
            return OTHER_ARRAYS
        if len(rows) and (rows.min() < 0 or rows.max() >= self._rows or len(np.unique(rows)) < len(rows)):
            return OTHER_ROWS
        return self._step(rows, len(rows), x, y)

    def another(self, rows: int, threads: int) -> ReferenceSteps:
        """The same stack; torch decides about threads."""
        return ReferenceSteps(self._layers, self._head, rows)

    def _step(self, rows: slice | np.ndarray, count: int, x: np.ndarray, y: np.ndarray) -> int:
        if not (
            self._fits(x, count, self._like.shape[1]) and self._fits(y, count, self._outputs) and y.flags.writeable
        ):
            return OTHER_ARRAYS
        if not self._turn.acquire(blocking=False):
            return IN_USE
        try:
            if count:
                y[...] = self._computed(rows, count, x).reshape(y.shape)
        finally:
            self._turn.release()
        return DONE

    @torch.no_grad()
    def _computed(self, rows: slice | np.ndarray, count: int, x: np.ndarray) -> np.ndarray:
        flow = self._tensor(x.reshape(count, -1))
        kept = flow
        news = []
        for layer, arrays in zip(self._layers, self.states, strict=True):
            kept = flow if layer.keeps else kept
            state = tuple(self._tensor(array[rows]) for array in arrays)
            flow, last = loop(layer.call._replace(x=flow, state=state, layout=Layout(1, count)))
            news.append(last)
            flow = flow + kept if layer.adds else flow
        for arrays, last in zip(self.states, news, strict=True):  # all at once, or after an error none
            for array, new in zip(arrays, last, strict=True):
                array[rows] = self._array(new)
        return self._array(flow if self._head is None else functional.linear(flow, *self._head))

    def _fits(self, array: object, rows: int, columns: int) -> bool:
        if not isinstance(array, np.ndarray) or array.dtype != self._dtype:
            return False
        return array.shape == (rows, columns) or (rows == 1 and array.shape == (columns,))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.tensor(array, device=self._like.device).to(self._like.dtype)

    def _array(self, tensor: Tensor) -> np.ndarray:
        return tensor.to("cpu", torch.float64 if self._dtype == np.float64 else torch.float32).numpy()
