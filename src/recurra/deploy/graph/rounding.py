"""Which weights of a network are rounded to 8 bits for an export: its matrices, where they are large enough."""

from __future__ import annotations

import torch
from torch import nn

from recurra.kernels.rounding import rounded_weights

LEAST = 256  # weights of a matrix that is worth it


@torch.no_grad()
def round_network(network: nn.Module) -> None:
    """Round the matrices of a network in place, as an export with int8 weights does."""
    for name, parameter in network.named_parameters():
        if parameter.dim() >= 2 and parameter.numel() >= LEAST and not _left(name):
            parameter.copy_(rounded_weights(parameter))


def _left(name: str) -> bool:
    """Whether a parameter is no matrix of weights, or one that is left as it is."""
    return any(part in name for part in ("norm", "peephole", "mixture", "absent", "convolution"))
