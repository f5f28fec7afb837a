"""Occlusion, the check of integrated gradients: an entry, or a step, is put to its baseline; what becomes of F?

It adds up to the difference only where nothing interacts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from recurra.extras import require_package
from recurra.inspect.attributed import Attribution, Target, Tensors, checked, ends, of_rows, picked, quietly
from recurra.inspect.attribution import at_once


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
    require_package("captum")
    with quietly():
        from captum.attr import FeatureAblation
    given, base = checked(inputs, baselines, 1)
    output, baseline = ends(forward, given, base, target)
    rows = len(given[0])

    def chosen(*x: Tensor) -> Tensor:
        """Captum lays several changes of the batch below each other."""
        places = torch.arange(len(x[0]), device=x[0].device) % rows
        return picked(forward(*x), of_rows(target, places), len(x[0]))

    masks, first = [], 0
    for x in given:
        shape = x.shape[1:]
        count = x[0].numel() if by == "entry" else shape[0]
        numbers = torch.arange(count, device=x.device) + first
        masks.append((numbers.view(shape) if by == "entry" else numbers.view(-1, *[1] * (len(shape) - 1))).unsqueeze(0))
        first += count
    masks = [mask.expand(1, *x.shape[1:]) for mask, x in zip(masks, given, strict=True)]
    with torch.no_grad():
        values = FeatureAblation(chosen).attribute(
            given,
            base,
            feature_mask=tuple(masks),
            perturbations_per_eval=max(1, min(first, at_once(given) // rows)),
        )
    shares = [1 if by == "entry" else x[0, 0].numel() for x in given]
    scaled = tuple(v / share for v, share in zip(values, shares, strict=True))
    return Attribution(scaled, output, baseline)
