"""Which inputs moved a prediction, and by how much.

Integrated gradients (Sundararajan et al. 2017, "Axiomatic attribution for deep networks"), by Captum:

    a_i = (x_i - b_i) * integral over s from 0 to 1 of dF(b + s (x - b)) / dx_i

for an input x against a baseline b. They are complete: sum_i a_i = F(x) - F(b).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch
from torch import Tensor

from recurra.errors import InputError
from recurra.extras import require_package
from recurra.inspect.attributed import Attribution, Target, Tensors, checked, ends, of_rows, picked, quietly

_AT_ONCE = 4096  # rows of a forward pass
_STEPS = 200_000  # of rows and steps together: a recurrent network keeps the states of all of them
_GAP = 0.01
_NOTHING = 1e-4  # of F itself: below it a difference is the rounding of float32


def attribute(
    forward: Callable[..., Tensor],
    inputs: Tensors,
    *,
    baselines: Tensors | None = None,
    target: Target = None,
    points: int = 64,
    most: int = 1024,
) -> Attribution:
    """Integrated gradients of one output for every entry of the inputs.

    forward    a model, or any function of the inputs, to a tensor [B] or [B, ...]; everything has the batch first. For
               tokens: the part of the model that comes after the embedding, with the embedded tokens as input
    inputs     a floating-point tensor [B, ...], or several as a tuple
    baselines  what an input without anything to say looks like, in the same shape or [1, ...]; zeros where None
    target     which output: nothing for [B], a class for [B, C], (step, tag) for [B, T, C]; one per row as a tensor
    points     of the integral, by Gauss and Legendre; doubled, for the rows that need it, while the values of a row
               miss more than a hundredth of its own difference, up to `most`. What is missed even then is `gap`

    The model is left in the mode in which it is: call `eval()` first. A large batch goes through it in parts. Raises
    InputError for inputs that are no floating-point numbers, outputs without a batch, and a target that they lack.

    >>> import torch
    >>> import recurra as rc
    >>> layer, head = rc.nn.GRU(3, 8, batch_first=True), torch.nn.Linear(8, 2)
    >>> x = torch.randn(4, 10, 3)
    >>> found = rc.inspect.attribute(lambda x: head(layer(x)[0][:, -1]), x, target=1)
    >>> found.values[0].shape, bool(found.gap.abs().max() < 1e-3)
    (torch.Size([4, 10, 3]), True)
    """
    if torch.is_inference_mode_enabled():
        raise InputError("torch.inference_mode() is on, where no gradient exists: expected a call outside of it")
    given, base = checked(inputs, baselines, points)
    output, baseline = ends(forward, given, base, target)
    values = tuple(torch.empty_like(x) for x in given)
    found = Attribution(values, output, baseline)
    enough = _GAP * torch.maximum((output - baseline).abs(), _NOTHING * torch.maximum(output.abs(), baseline.abs()))
    left = torch.arange(len(output), device=output.device)
    while len(left):
        parts = _integrated(forward, given, base, target, points, left)
        for value, part in zip(values, parts, strict=True):
            value[left.to(value.device)] = part
        if points >= most:
            break
        left = left[found.gap[left].abs() > enough[left]]
        points *= 2
    return found


def at_once(given: tuple[Tensor, ...]) -> int:
    """How many rows go through a model together; the second dimension may be time."""
    longest = max(x.shape[1] if x.dim() > 2 else 1 for x in given)
    return max(1, min(_AT_ONCE, _STEPS // max(1, longest)))


def _integrated(
    forward: Callable[..., Tensor],
    given: tuple[Tensor, ...],
    base: tuple[Tensor, ...],
    target: Target,
    points: int,
    rows: Tensor,
) -> tuple[Tensor, ...]:
    """The attributions of some rows, a part of them at a time."""
    require_package("captum")
    with quietly():
        from captum.attr import IntegratedGradients  # Captum takes a second to import
    explainer = IntegratedGradients(forward)
    explainer.gradient_func = _gradients
    # cuDNN differentiates recurrent layers in training mode only, and the model is in evaluation mode.
    plain = torch.backends.cudnn.flags(enabled=False) if rows.is_cuda else contextlib.nullcontext()
    found = []
    with torch.enable_grad(), plain:
        for part in rows.split(at_once(given)):
            values = explainer.attribute(
                tuple(x[part.to(x.device)] for x in given),
                tuple(b[part.to(b.device)] for b in base),
                target=of_rows(target, part),  # pyright: ignore[reportArgumentType]  # as Captum's documentation has it
                n_steps=points,
                method="gausslegendre",
                internal_batch_size=max(at_once(given), len(part)),
            )
            found.append(tuple(v.detach() for v in values))
    return tuple(torch.cat(parts) for parts in zip(*found, strict=True))


def _gradients(
    forward_fn: Callable[..., Tensor],
    inputs: Tensors,
    target_ind: Target = None,
    additional_forward_args: object | None = None,
) -> tuple[Tensor, ...]:
    """As Captum's own, but zeros for an input that the output does not depend on."""
    given = (inputs,) if isinstance(inputs, Tensor) else inputs
    output = picked(forward_fn(*given), target_ind, len(given[0]))
    found = torch.autograd.grad(output.sum(), given, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, given, strict=True))
