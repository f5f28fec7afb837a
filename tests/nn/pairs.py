"""Layers of ours beside torch's with the same weights, and what both give."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

import recurra as rc
from recurra.kernels import calls, chooser

NAMES = ["RNN", "GRU", "LSTM"]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 6e-2}
BACKENDS = ["reference"] if chooser.NO_ENGINE else ["reference", "cpu"]


def pair(name: str, *args: Any, dtype: torch.dtype = torch.float64, **kwargs: Any) -> tuple[Any, Any]:
    """(ours, torch's), with equal weights."""
    torch.manual_seed(0)
    theirs = getattr(nn, name)(*args, dtype=dtype, **kwargs)
    ours = getattr(rc.nn, name)(*args, dtype=dtype, **kwargs)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def states(layer: Any, batch: int) -> Any:
    """An initial state at random, in the form of `hx`, that asks for gradients."""
    directed = layer.num_layers * (2 if layer.bidirectional else 1)
    first = layer.weight_ih_l0
    widths = (layer.proj_size or layer.hidden_size, layer.hidden_size)[: 2 if layer.mode == "LSTM" else 1]
    hx = tuple(torch.randn(directed, batch, width).to(first).requires_grad_() for width in widths)
    return hx if len(hx) == 2 else hx[0]


def flat(result: Any) -> list[Tensor]:
    """Every tensor of what a layer returns."""
    outputs, last = result
    outputs = outputs.data if isinstance(outputs, PackedSequence) else outputs
    return [outputs, *(last if isinstance(last, tuple) else (last,))]


def same_with_gradients(ours: Any, theirs: Any, leaves: list[Tensor], ours_result: Any, result: Any) -> None:
    """Outputs, last states and all gradients agree, by weights of their own so that no error cancels."""
    tolerance = TOLERANCE[leaves[0].dtype]
    a, b = flat(ours_result), flat(result)
    torch.testing.assert_close(a, b, rtol=0, atol=tolerance)
    seeds = [torch.randn_like(tensor) for tensor in a]
    scale = max(1, a[0].shape[0])
    gradients = [
        torch.autograd.grad(
            torch.stack([(t * s).sum() for t, s in zip(found, seeds, strict=True)]).sum(),
            [*leaves, *layer.parameters()],
            retain_graph=True,
        )
        for layer, found in ((ours, a), (theirs, b))
    ]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=tolerance * 10, atol=tolerance * 10 * scale)


class Ran:
    """Which backends ran inside the `with`."""

    def __enter__(self) -> Ran:
        self._before = calls()
        return self

    def __exit__(self, *_: object) -> None:
        after = calls()
        self.counts = {name: after[name] - self._before[name] for name in after if after[name] != self._before[name]}
