"""The network of labelled sequences, gone on with a step at a time: what it says of the steps so far of many rows.

The recurrence carries its state (`Stream`), and what is kept of all steps is carried beside it (T steps so far):

last       y_T
mean       s <- s + y;  s / T
max        m <- max(m, y)
attention  e = v . tanh(A y);  z <- z exp(m - m') + exp(e - m');  s <- s exp(m - m') + exp(e - m') y;  s / z
           m' = max(m, e)

The last is the running softmax of Milakov and Gimelshein (2018), "Online normalizer calculation for softmax".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from recurra.errors import InputError
from recurra.nn.front_ends import TokenFrontEnd
from recurra.nn.pooling import Pooling
from recurra.nn.sequence import InputBatch, SequenceNetwork
from recurra.nn.stream import Stream

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


class SequenceStream:
    """B rows of a `SequenceNetwork`, one sequence of which moves; `beside` holds its other inputs, which do not.

    What `advance` gives equals what the network says of the steps so far. Raises InputError where the network cannot
    go on so, with the reason.
    """

    def __init__(self, network: SequenceNetwork, batch: int, beside: Mapping[str, InputBatch]) -> None:
        if why := network.why_not_onward:
            raise InputError(f"this network cannot go on step by step: {why}")
        self._name = next(name for name, part in network.parts.items() if part.in_steps)
        place = network.names.index(self._name)
        branches: list[Any] = [*network.branches]
        self._branch = branches[place]
        self._stream = Stream(
            [(layer, False) for layer in self._branch.layers], alone=False, batch=batch, head=None, threads=None
        )
        front = self._branch.front
        self._table: Floats | None = None  # the embedded tokens, of unknown ones that of the unknown token
        if isinstance(front, TokenFrontEnd):
            with torch.no_grad():
                self._table = front(torch.arange(len(front.known))).numpy()
        self._pooling = None if self._branch.pooling is None else _Running(self._branch.pooling, batch)
        head = network.head
        self._weight, self._bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
        self._beside: dict[str, Floats] = {}
        with torch.no_grad():
            for name, branch, absent in zip(network.names, branches, network.absent, strict=True):
                if name == self._name:
                    continue
                given = beside[name]
                y = branch(branch.features(given))
                if len(absent):
                    y = torch.where((given.lengths > 0).unsqueeze(-1), y, absent)
                self._beside[name] = y.double().numpy()
        self._order = network.names

    def advance(self, at: Ints, values: npt.NDArray) -> Floats:
        """The next step of the rows `at` [k], ids of tokens [k] or numbers [k, F] -> outputs [k, K] after it."""
        x = values if self._table is None else self._table[values]
        if self._branch.convolution is not None:  # of the step alone
            with torch.no_grad():
                one = torch.from_numpy(np.ascontiguousarray(x))[None]
                x = self._branch.convolution(one, torch.ones(1, len(at), dtype=torch.bool))[0].numpy()
        y = self._stream.step_rows(at, np.ascontiguousarray(x, self._stream.dtype))
        found = y if self._pooling is None else self._pooling.add(at, y)
        parts = [found if name == self._name else self._beside[name][at] for name in self._order]
        return np.concatenate(parts, axis=1).astype(np.float64) @ self._weight.T + self._bias

    def reset(self, at: Ints) -> None:
        """Begin some rows anew."""
        self._stream.reset(at)
        if self._pooling is not None:
            self._pooling.reset(at)

    @property
    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that its state consists of, themselves."""
        found = {f"layers.{name}": array for name, array in self._stream.arrays().items()}
        return found if self._pooling is None else found | self._pooling.state


class _Running:
    """What a `Pooling` keeps of the steps so far of B rows."""

    def __init__(self, pooling: Pooling, batch: int) -> None:
        self._kinds, self._score = pooling.kinds, pooling.score
        width = pooling.width // len(pooling.kinds)
        self.state: dict[str, npt.NDArray[Any]] = {"count": np.zeros(batch, dtype=np.int64)}
        if "mean" in self._kinds:
            self.state["sum"] = np.zeros((batch, width))
        if "max" in self._kinds:
            self.state["max"] = np.full((batch, width), -np.inf)
        if "attention" in self._kinds:
            self.state |= {
                "attended": np.zeros((batch, width)),
                "weight": np.zeros(batch),
                "score": np.full(batch, -np.inf),
            }

    def reset(self, at: Ints) -> None:
        for name, array in self.state.items():
            array[at] = -np.inf if name in ("max", "score") else 0

    def add(self, at: Ints, y: Floats) -> Floats:
        """One more step y [k, H] of the rows `at`; what is pooled of all of them [k, .]."""
        state = self.state
        state["count"][at] += 1
        return np.concatenate([getattr(self, f"_{kind}")(at, y) for kind in self._kinds], axis=1)

    def _last(self, at: Ints, y: Floats) -> Floats:
        return y

    def _mean(self, at: Ints, y: Floats) -> Floats:
        self.state["sum"][at] += y
        return self.state["sum"][at] / self.state["count"][at][:, None]

    def _max(self, at: Ints, y: Floats) -> Floats:
        self.state["max"][at] = np.maximum(self.state["max"][at], y)
        return self.state["max"][at]

    def _attention(self, at: Ints, y: Floats) -> Floats:
        score_of, state = self._score, self.state
        assert isinstance(score_of, nn.Module)
        with torch.no_grad():
            score = score_of(torch.from_numpy(np.ascontiguousarray(y)))[:, 0].double().numpy()
        highest = np.maximum(state["score"][at], score)
        before, now = np.exp(state["score"][at] - highest), np.exp(score - highest)
        state["weight"][at] = state["weight"][at] * before + now
        state["attended"][at] = state["attended"][at] * before[:, None] + now[:, None] * y
        state["score"][at] = highest
        return state["attended"][at] / state["weight"][at][:, None]
