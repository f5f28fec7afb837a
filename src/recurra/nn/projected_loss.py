"""The cross-entropy of a projection onto many classes, without the logits of all rows in memory at once.

    z_n = W h_n + b                                                                       [V] of each row n
    L_n = log sum_v exp z_nv - (1 - e) z_ny - e / V sum_v z_nv                            label smoothing e
    dL_n / dz_nv = softmax(z_n)_v - (1 - e) [v = y] - e / V     dz

The rows go through in chunks, and where a gradient is asked for it is made at once, in the place of the logits
(`kernels.cross_entropy`): dh = dz W, dW += dz^T h, db += sum dz. What is kept for the backward pass has the sizes of h
and W. The products run in the dtype that autocast asks for; bias, sums and exponentials are float32. For products in
lower precision the rows are filled up with zeros to a multiple of 64: their number is another one in every batch of
texts, and oneDNN takes milliseconds to prepare a product of a new shape.

Label smoothing: Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision".
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from recurra.errors import InputError, ShapeError
from recurra.kernels import workspace
from recurra.kernels.cross_entropy import cross_entropy
from recurra.kernels.product import multiply

CHUNK = 1 << 24  # bytes of logits that are in memory at once
_FEWEST = 32  # rows of a chunk: fewer would read W too often
_EVEN = 64  # rows of which a chunk has a multiple


def projected_loss(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, *, smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy [scalar] of `hidden` [..., E] projected by `weight` [V, E] and `bias` [V] onto V classes.

    targets    class numbers [...]; -1 does not count, and a mean over none is 0
    smoothing  the share of each target that is spread over all classes, from 0 to below 1

    Gradients reach hidden, weight and bias, once: there is no second derivative. Raises ShapeError where the shapes do
    not fit, and InputError for a class that there is not.

    >>> hidden, weight, targets = torch.randn(7, 3), torch.randn(5, 3), torch.arange(7) % 5
    >>> plain = functional.cross_entropy(hidden @ weight.T, targets)
    >>> bool((projected_loss(hidden, weight, None, targets) - plain).abs() < 1e-6)
    True
    """
    _check(hidden, weight, bias, targets, smoothing)
    rows, numbers = hidden.reshape(-1, hidden.shape[-1]), targets.reshape(-1)
    if bool((numbers < 0).any()):
        known = (numbers >= 0).nonzero()[:, 0]
        rows, numbers = rows.index_select(0, known), numbers[known]
    if len(numbers) and int(numbers.max()) >= len(weight):
        raise InputError(f"targets holds {int(numbers.max())}: expected class numbers below {len(weight)}")
    return _ProjectedLoss.apply(rows, weight, bias, numbers, float(smoothing), _product_dtype(rows))


class _ProjectedLoss(torch.autograd.Function):
    """hidden [N, E], weight [V, E], bias [V] or None, targets [N] -> the mean loss."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        targets: Tensor,
        smoothing: float,
        dtype: torch.dtype,
    ) -> Tensor:
        count, classes = len(hidden), len(weight)
        wanted = any(ctx.needs_input_grad[:3])
        exact = torch.promote_types(weight.dtype, torch.float32)
        room = count if dtype == exact else -(-count // _EVEN) * _EVEN
        h, w = _filled(hidden.to(dtype), room), weight.to(dtype)
        b = w.new_zeros(classes, dtype=exact) if bias is None else bias.to(exact)
        scale, at_once = 1.0 / max(count, 1), min(room, _rows_of(classes, dtype.itemsize))
        total = torch.zeros((), dtype=exact, device=hidden.device)
        kept = (room, classes) if wanted else (0, 0)
        d_hidden = h.new_empty(kept[0], h.shape[1])
        d_weight = _space(w, kept[1], h.shape[1], exact) if count else torch.zeros_like(weight, dtype=exact)
        d_bias = torch.zeros(kept[1], dtype=exact, device=weight.device)
        space = _space(h, at_once, classes, dtype)
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, count, max(at_once, 1)):
                part = h[start : start + at_once]
                y = targets[start : start + len(part)]
                logits = multiply(part, w.T, space[: len(part)])
                d_logits = logits[: len(y)]
                total += cross_entropy(d_logits, b, y, smoothing, scale, d_bias if wanted else None)
                if not wanted:
                    continue
                logits[len(y) :] = 0
                multiply(logits, w, d_hidden[start : start + len(part)])
                multiply(logits.T, part, d_weight, adds=start > 0)
        if wanted:
            ctx.save_for_backward(d_hidden[:count], d_weight, d_bias)
            ctx.like = hidden.dtype, weight.dtype, None if bias is None else bias.dtype
        return total * scale

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        d_hidden, d_weight, d_bias = ctx.saved_tensors
        of_hidden, of_weight, of_bias = ctx.like
        return (
            (d_hidden * grad).to(of_hidden) if ctx.needs_input_grad[0] else None,
            (d_weight * grad).to(of_weight) if ctx.needs_input_grad[1] else None,
            (d_bias * grad).to(of_bias) if of_bias is not None and ctx.needs_input_grad[2] else None,
            None,
            None,
            None,
        )


class ProjectedLoss(nn.Module):
    """`projected_loss` with a bias of its own and a weight that may be that of an embedding: tied weights.

    weight [V, E] is not a parameter of this module: Press and Wolf (2017), "Using the output embedding to improve
    language models".
    """

    def __init__(self, classes: int, smoothing: float = 0.0) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(classes))
        self.smoothing = smoothing

    def forward(self, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        """The mean loss; without smoothing in evaluation, so that it is that of the truth."""
        smoothing = self.smoothing if self.training else 0.0
        return projected_loss(hidden, weight, self.bias, targets, smoothing=smoothing)

    def logits(self, hidden: Tensor, weight: Tensor) -> Tensor:
        """hidden [..., E] -> [..., V]."""
        return functional.linear(hidden, weight, self.bias)


def _rows_of(classes: int, size: int) -> int:
    rows = max(_FEWEST, CHUNK // (classes * size))
    return rows // _EVEN * _EVEN or rows


def _space(like: Tensor, rows: int, columns: int, dtype: torch.dtype) -> Tensor:
    """An uninitialised matrix; of a large one the memory is used again."""
    if like.device.type == "cpu":
        return workspace.empty(like, rows, columns, dtype=dtype)
    return like.new_empty(rows, columns, dtype=dtype)


def _filled(x: Tensor, rows: int) -> Tensor:
    """x [N, .] with rows of zeros after its own."""
    return x if len(x) == rows else functional.pad(x, (0, 0, 0, rows - len(x)))


def _product_dtype(hidden: Tensor) -> torch.dtype:
    device = hidden.device.type
    if torch.is_autocast_enabled(device) and hidden.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return hidden.dtype


def _check(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, smoothing: float) -> None:
    if weight.dim() != 2 or hidden.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"hidden is {tuple(hidden.shape)} and weight {tuple(weight.shape)}: expected [..., E] and [V, E]"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"bias is {tuple(bias.shape)}: expected [{len(weight)}], one for each class")
    if targets.shape != hidden.shape[:-1]:
        raise ShapeError(f"targets is {tuple(targets.shape)}: expected {tuple(hidden.shape[:-1])}, one for each row")
    if not 0 <= smoothing < 1:
        raise InputError(f"smoothing is {smoothing}: expected a share from 0 to below 1")
