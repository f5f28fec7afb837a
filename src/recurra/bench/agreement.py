"""Whether two layers compute the same: outputs, last state and every gradient. A ratio without that says nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from recurra.errors import RecurraError

# Largest difference, as a share of the largest value of that tensor. Two orders of summation of 64,000 float32 terms
# differ by 1e-5; torch's own bfloat16 gradients are up to 5e-2 away from the same step in float32 (T=500).
TOLERANCE = {torch.float64: 1e-10, torch.float32: 5e-5, torch.bfloat16: 3e-2}

# What is compared with: the same numbers in this dtype.
REFERENCE_DTYPE = {torch.float64: torch.float64, torch.float32: torch.float32, torch.bfloat16: torch.float32}


class Disagreement(RecurraError):
    """Results that differ where they should be the same; no ratio is given for them."""


def largest_error(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> tuple[str, float]:
    """The name and size of the largest difference, as a share of the largest expected value of that tensor.

    Infinite where shapes differ or a value is not finite. Raises Disagreement where the names differ.

    Example:
        >>> largest_error({"h": torch.tensor([1.0, 2.5])}, {"h": torch.tensor([1.0, 2.0])})
        ('h', 0.25)
    """
    if found.keys() != expected.keys():
        raise Disagreement(f"ours gives {sorted(found)}, expected {sorted(expected)}: the layers differ in kind")
    errors = {name: _error(found[name], expected[name]) for name in expected}
    return max(errors.items(), key=lambda pair: pair[1], default=("nothing", 0.0))


def check_agreement(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], dtype: torch.dtype, *, peer: float = 0.0
) -> float:
    """The largest error; raises Disagreement where it is above the tolerance of `dtype`.

    `peer` is the error of the peer's own results where these are evaluated too: no more is asked of ours, unless it is
    infinite.
    """
    if peer == math.inf:
        raise Disagreement("torch's own result is not finite, or of another shape: there is nothing to compare with")
    name, error = largest_error(found, expected)
    allowed = max(TOLERANCE[dtype], peer)
    if not error <= allowed:
        raise Disagreement(
            f"results differ: {name} by {error:.1e} of its largest value, expected at most {allowed:.1e} "
            f"in {str(dtype).removeprefix('torch.')}; no ratio is reported for it"
        )
    return error


def _error(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        return math.inf
    if expected.numel() == 0:
        return 0.0
    difference = (found.double() - expected.double()).abs().max().item()
    largest = expected.double().abs().max().item()
    error = difference / largest if largest > 0 else difference
    return error if math.isfinite(error) else math.inf
