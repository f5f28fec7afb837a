"""What attributions are computed from: the inputs, their baselines, and which output is meant."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra.errors import InputError

Tensors = Tensor | tuple[Tensor, ...]
Target = int | tuple[int, ...] | Tensor | Sequence[Any] | None


@dataclass(frozen=True, eq=False)
class Attribution:
    """`values`, a tensor in the shape of each input; F at the input and at the baseline, [B] each."""

    values: tuple[Tensor, ...]
    output: Tensor
    baseline: Tensor

    @property
    def gap(self) -> Tensor:
        """[B], what the values miss of the difference: the error of the integral."""
        total = sum((v.flatten(1).sum(1) for v in self.values), self.output.new_zeros(()))
        return self.output - self.baseline - total


def checked(inputs: Tensors, baselines: Tensors | None, points: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if points < 1:
        raise InputError(f"points is {points}: expected at least one point of the integral")
    for k, x in enumerate(given):
        name = "inputs" if len(given) == 1 else f"inputs[{k}]"
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = str(x.dtype) if isinstance(x, Tensor) else type(x).__name__
            raise InputError(
                f"{name} is of {kind}: expected floating-point numbers. For tokens give the embedded ones, and the "
                "part of the model after the embedding as forward"
            )
        if x.dim() < 2 or not len(x):
            raise InputError(f"{name} has shape {tuple(x.shape)}: expected a batch first, [B, T, F] or [B, ...]")
    if baselines is None:
        return given, tuple(torch.zeros_like(x) for x in given)
    base = (baselines,) if isinstance(baselines, Tensor) else tuple(baselines)
    if len(base) != len(given):
        raise InputError(f"baselines has {len(base)} tensors: expected one per input, {len(given)}")
    for k, (b, x) in enumerate(zip(base, given, strict=True)):
        if b.shape[1:] != x.shape[1:] or len(b) not in (1, len(x)):
            raise InputError(f"baselines[{k}] has shape {tuple(b.shape)}: expected {tuple(x.shape)}, or one row of it")
    return given, tuple(b.to(x).expand_as(x) for b, x in zip(base, given, strict=True))


@torch.no_grad()
def ends(
    forward: Callable[..., Tensor], given: tuple[Tensor, ...], base: tuple[Tensor, ...], target: Target
) -> tuple[Tensor, Tensor]:
    """F at the inputs and at the baselines, [B] each."""
    rows = len(given[0])
    return picked(forward(*given), target, rows), picked(forward(*base), target, rows)


def picked(output: Tensor, target: Target, rows: int) -> Tensor:
    """The output that `target` names, [B]."""
    if not isinstance(output, Tensor) or output.dim() == 0 or len(output) != rows:
        what = f"shape {tuple(output.shape)}" if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise InputError(f"forward gives {what}: expected a tensor with the batch first, [{rows}, ...]")
    if target is None:
        if output.dim() > 1 and output[0].numel() > 1:
            raise InputError(
                f"target is None and forward gives {tuple(output.shape)}: expected the number of an output, "
                "or a forward that gives [B]"
            )
        return output.reshape(rows)
    chosen = torch.as_tensor(np.asarray(target) if isinstance(target, np.generic) else target, device=output.device)
    # A number or a tuple is the same for all rows; a tensor or a list has one of them per row.
    each = chosen.reshape(1, -1) if chosen.dim() == 0 or isinstance(target, tuple) else chosen.reshape(len(chosen), -1)
    if len(each) not in (1, rows) or each.shape[1] != output.dim() - 1 or not _inside(each, output):
        raise InputError(
            f"target is {target!r} and forward gives {tuple(output.shape)}: expected whole numbers, one for each "
            "dimension after the batch and within it, for all rows or per row; None for [B]"
        )
    return output[(torch.arange(rows, device=output.device), *each.expand(rows, -1).unbind(1))]


def of_rows(target: Target, rows: Tensor) -> Target:
    """The part of `target` that belongs to some rows of the batch."""
    if target is None or isinstance(target, int | tuple):
        return target
    chosen = torch.as_tensor(np.asarray(target) if isinstance(target, np.generic) else target)
    return int(chosen) if chosen.dim() == 0 else chosen[rows.to(chosen.device)]


def _inside(each: Tensor, output: Tensor) -> bool:
    sizes = torch.tensor(output.shape[1:], device=each.device)
    return not each.is_floating_point() and bool(((each >= -sizes) & (each < sizes)).all())


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """In a notebook Captum's progress bar, which is not used, complains about missing widgets when it is imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield
