"""The minimal gated recurrent unit of Feng et al. (2024), "Were RNNs all we needed?", arXiv 2410.01201, section 3.1.

    z = sigmoid(W_z x_t + b_z)
    n = g(W_n x_t + b_n)                    g(a) = a + 1/2 where a >= 0, else sigmoid(a)       the paper's appendix B
    h_t = (1 - z) * h_{t-1} + z * n

Gates and new value see the input alone: there is no U, and h_t is linear in h_{t-1}. So all steps can be computed
together, by a scan. g keeps h positive, which the authors' scan in logarithms needs and ours does not: `candidate`
"identity" is the plain form of section 3.1, n = W_n x_t + b_n. The default is g, which the authors trained with.

Shapes, one step: `projected_input` = W x_t + b [B, 2H]; state (h [B, H]). Gate order z, n.
Weights start as in the authors' listing, which is torch.nn.Linear: from U(-1/sqrt(F), 1/sqrt(F)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recurra.cells.cell import Cell, Gate, State
from recurra.cells.scan import linear_scan
from recurra.cells.weights import Weights
from recurra.errors import InputError


def positive(a: Tensor) -> Tensor:
    """The paper's g: continuous, increasing, and above 0."""
    return torch.where(a >= 0, a + 0.5, a.sigmoid())


CANDIDATES: dict[str, Callable[[Tensor], Tensor]] = {"g": positive, "identity": lambda a: a}


@dataclass(frozen=True)
class MinGRU(Cell):
    """The cell and its variant: what the new value goes through, "g" or "identity".

    InputError for another `candidate`.
    """

    candidate: str = "g"

    name = "mingru"
    states = (State("h", "hidden state", memory=True),)
    gates = (Gate("z", "update gate", keeps="shut"), Gate("n", "new value", "identity"))
    options = frozenset({"bias", "zoneout"})
    refusals = {  # noqa: RUF012  # of a dataclass: not a field, being without annotation
        "recurrent_dropout": "no h enters a product that could be dropped from",
        "layer_norm": "there is no product with h to normalise",
        "peepholes": "its gates see the input alone",
    }

    def __post_init__(self) -> None:
        if self.candidate not in CANDIDATES:
            raise InputError(f"candidate is {self.candidate!r}: expected one of {', '.join(CANDIDATES)}")

    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: z, n."""
        z, n = projected_input.chunk(2, dim=-1)
        return z.sigmoid(), CANDIDATES[self.candidate](n)

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (z, n) and the old (h,) -> (h,)."""
        z, n = gates
        (h,) = state
        return ((1 - z) * h + z * n,)

    def scan(self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """All steps together: [T, B, 2H] -> (h [T, B, H],)."""
        z, n = self.activate(projected_input, state, weights)
        return (linear_scan(1 - z, z * n, state[0]),)

    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """None beside W and b."""
        return {}

    def initialise(self, name: str, parameter: Tensor, hidden: int, depth: float, features: int) -> None:
        """As torch.nn.Linear."""
        nn.init.uniform_(parameter, -(features**-0.5), features**-0.5)
