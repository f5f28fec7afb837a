"""Blocks of a Transformer a step at a time, as `nn.stream.Stream` has it: rows, each with a bounded state of its own.

PyTorch computes a step, whose time does not grow: the keys and values of the last `span` - 1 steps are there from the
beginning, and those not yet seen are masked.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recurra.errors import ShapeError
from recurra.language import _
from recurra.nn.stream_arrays import row_numbers


class TransformerStream:
    """B rows of `layer`, a `TransformerLayer` with a span, and a linear `head` where there is one.

    batch, input_size, output_size    B, F, and the features that come out
    outputs                           the latest of them [B, R]
    """

    dtype = np.dtype(np.float32)
    kernel = "torch"

    def __init__(self, layer: Any, head: nn.Linear | None, batch: int) -> None:
        self._layer, self._head, self.batch = layer, head, batch
        self.input_size = layer.input_size
        self.output_size = layer.hidden_size if head is None else head.out_features
        self._state = layer.nothing(batch)
        self._like = layer.enter.weight
        self.outputs = np.zeros((batch, self.output_size), np.float32)

    def step(self, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """The next step of all rows: x [B, F] -> y [B, R], or with one row x [F] -> y [R]."""
        y = self.step_rows(np.arange(self.batch), np.atleast_2d(x), None if out is None else np.atleast_2d(out))
        return y[0] if x.ndim == 1 else y

    @torch.no_grad()
    def step_rows(self, rows: Any, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """The next step of some rows: x [k, F] -> y [k, R]. Raises InputError for rows that there are not."""
        at = torch.from_numpy(np.asarray(row_numbers(rows, self.batch)))
        if x.shape != (len(at), self.input_size):
            raise ShapeError(
                _("x has shape {shape}: expected {expected}", shape=x.shape, expected=(len(at), self.input_size))
            )
        read = torch.from_numpy(np.ascontiguousarray(x)).to(self._like.dtype)
        y, state = self._layer.step(read, tuple(part[at] for part in self._state))
        for part, value in zip(self._state, state, strict=True):
            part[at] = value
        found = (y if self._head is None else self._head(y)).float().numpy()
        self.outputs[at.numpy()] = found
        if out is None:
            return found
        out[...] = found
        return out

    def reset(self, rows: Any = None) -> None:
        """Begin anew: some rows, or all."""
        at = slice(None) if rows is None else torch.from_numpy(np.asarray(row_numbers(rows, self.batch)))
        for part in self._state:
            part[at] = 0
        self.outputs[at if isinstance(at, slice) else at.numpy()] = 0

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that hold the state: what is written to them is the state."""
        names = [f"{what}{k}" for k in range(self._layer.num_layers) for what in ("keys", "values")]
        views = [part.view(torch.int8) if part.dtype == torch.bool else part for part in self._state]
        found = {name: view.numpy() for name, view in zip([*names, "there"], views, strict=True)}
        return found | {"outputs": self.outputs}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights: whose states these are."""
        digest = hashlib.sha256(f"transformer {self._layer.span}".encode())
        modules: list[nn.Module] = [self._layer, *([] if self._head is None else [self._head])]
        for name, value in ((name, value) for module in modules for name, value in module.state_dict().items()):
            digest.update(name.encode() + _bytes(value))
        return digest.hexdigest()


def _bytes(value: Tensor) -> bytes:
    return value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
