"""Which inputs moved a prediction, and by how much.

Integrated gradients (Sundararajan et al. 2017, "Axiomatic attribution for deep networks"), by Captum:

    a_i = (x_i - b_i) * integral over s from 0 to 1 of dF(b + s (x - b)) / dx_i

for an input x against a baseline b. They are complete: sum_i a_i = F(x) - F(b). Occlusion, the check, puts one entry
(or one step) to its baseline and looks what becomes of F; it is complete only where nothing interacts.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from recurra.errors import InputError

Tensors = Tensor | tuple[Tensor, ...]
Target = int | tuple[int, ...] | Tensor | Sequence[Any] | None
_AT_ONCE = 4096  # rows of a forward pass
_GAP, _MOST = 0.01, 1024


@dataclass(frozen=True, eq=False)
class Attribution:
    """`values`, a tensor in the shape of each input; F at the input and at the baseline, [B] each."""

    values: tuple[Tensor, ...]
    output: Tensor
    baseline: Tensor

    @property
    def gap(self) -> Tensor:
        """[B], what the values miss of the difference: the error of the integral."""
        return self.output - self.baseline - sum((v.flatten(1).sum(1) for v in self.values), torch.zeros(()))


def attribute(
    forward: Callable[..., Tensor],
    inputs: Tensors,
    *,
    baselines: Tensors | None = None,
    target: Target = None,
    points: int = 64,
) -> Attribution:
    """Integrated gradients of one output for every entry of the inputs.

    forward    a model, or any function of the inputs, to a tensor [B] or [B, ...]; everything has the batch first. For
               tokens: the part of the model that comes after the embedding, with the embedded tokens as input
    inputs     a floating-point tensor [B, ...], or several as a tuple
    baselines  what an input without anything to say looks like, in the same shape or [1, ...]; zeros where None
    target     which output: nothing for [B], a class for [B, C], (step, tag) for [B, T, C]; one per row as a tensor
    points     of the integral, by Gauss and Legendre; doubled while the values miss more than a hundredth of the
               largest difference, up to 1,024

    The model is left in the mode in which it is: call `eval()` first. Raises InputError for inputs that are no
    floating-point numbers and outputs without a batch.

    >>> import torch
    >>> import recurra as rc
    >>> layer, head = rc.nn.GRU(3, 8, batch_first=True), torch.nn.Linear(8, 2)
    >>> x = torch.randn(4, 10, 3)
    >>> found = rc.inspect.attribute(lambda x: head(layer(x)[0][:, -1]), x, target=1)
    >>> found.values[0].shape, bool(found.gap.abs().max() < 1e-3)
    (torch.Size([4, 10, 3]), True)
    """
    given, base = _checked(inputs, baselines, points)
    output, baseline = _ends(forward, given, base, target)
    difference = float((output - baseline).abs().max())
    while True:
        found = Attribution(_integrated(forward, given, base, target, points), output, baseline)
        if not float(found.gap.abs().max()) > _GAP * difference or points >= _MOST:
            return found
        points *= 2


def _integrated(
    forward: Callable[..., Tensor], given: tuple[Tensor, ...], base: tuple[Tensor, ...], target: Target, points: int
) -> tuple[Tensor, ...]:
    with _quietly():
        from captum.attr import IntegratedGradients  # Captum takes a second to import
    explainer = IntegratedGradients(forward)
    explainer.gradient_func = _gradients
    with torch.enable_grad():
        values = explainer.attribute(
            given,
            base,
            target=target,  # pyright: ignore[reportArgumentType]  # as Captum's documentation has it
            n_steps=points,
            method="gausslegendre",
            internal_batch_size=max(_AT_ONCE, len(given[0])),
        )
    return tuple(v.detach() for v in values)


def occlude(
    forward: Callable[..., Tensor],
    inputs: Tensors,
    *,
    baselines: Tensors | None = None,
    target: Target = None,
    by: Literal["entry", "step"] = "step",
) -> Attribution:
    """By how much the output falls when one entry, or one step with all its features, is put to its baseline.

    Arguments as for `attribute`; with "step" the second dimension of every input is time. The same result, with the
    difference of each step in all of its entries divided by their number, so that the sums agree.
    """
    with _quietly():
        from captum.attr import FeatureAblation
    given, base = _checked(inputs, baselines, 1)
    masks, first = [], 0
    for x in given:
        shape = x.shape[1:]
        count = x[0].numel() if by == "entry" else shape[0]
        numbers = torch.arange(count, device=x.device) + first
        masks.append((numbers.view(shape) if by == "entry" else numbers.view(-1, *[1] * (len(shape) - 1))).unsqueeze(0))
        first += count
    masks = [mask.expand(1, *x.shape[1:]) for mask, x in zip(masks, given, strict=True)]
    with torch.no_grad():
        values = FeatureAblation(forward).attribute(
            given,
            base,
            target=target,  # pyright: ignore[reportArgumentType]
            feature_mask=tuple(masks),
            perturbations_per_eval=max(1, min(first, _AT_ONCE // max(1, len(given[0])))),
        )
    shares = [1 if by == "entry" else x[0, 0].numel() for x in given]
    scaled = tuple(v / share for v, share in zip(values, shares, strict=True))
    return Attribution(scaled, *_ends(forward, given, base, target))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """In a notebook Captum's progress bar, which is not used, complains about missing widgets when it is imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield


def _checked(inputs: Tensors, baselines: Tensors | None, points: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
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
def _ends(
    forward: Callable[..., Tensor], given: tuple[Tensor, ...], base: tuple[Tensor, ...], target: Target
) -> tuple[Tensor, Tensor]:
    return _picked(forward(*given), target), _picked(forward(*base), target)


def _gradients(
    forward_fn: Callable[..., Tensor],
    inputs: Tensors,
    target_ind: Target = None,
    additional_forward_args: object | None = None,
) -> tuple[Tensor, ...]:
    """As Captum's own, but zeros for an input that the output does not depend on."""
    given = (inputs,) if isinstance(inputs, Tensor) else inputs
    output = _picked(forward_fn(*given), target_ind)
    found = torch.autograd.grad(output.sum(), given, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, given, strict=True))


def _picked(output: Tensor, target: Target) -> Tensor:
    """The output that `target` names, [B]."""
    if target is None:
        if output.dim() > 1 and output[0].numel() > 1:
            raise InputError(
                f"target is None and forward gives {tuple(output.shape)}: expected the number of an output, "
                "or a forward that gives [B]"
            )
        return output.reshape(len(output))
    rows = torch.arange(len(output), device=output.device)
    if isinstance(target, int):
        return output[rows, target]
    if isinstance(target, tuple):
        return output[(rows, *target)]
    chosen = torch.as_tensor(target, device=output.device)
    return output[rows, chosen] if chosen.dim() == 1 else output[(rows, *chosen.unbind(1))]
