"""The density of the next row of a series, all columns together, given every row before.

    u_t = (x_t - x_{t-1}) / c                               changes, c their size in each column
    h_t = recurrence([tanh(x_t / 3), u_t])
    p(u_{t+1}) = sum_k pi_k(h) N(m_k(h), L_k^{-1} L_k^{-T}),    L_k = diag(exp s_k(h)) (I + A_k)

A Gaussian mixture of full covariance: A_k, strictly lower triangular, holds how the columns move together, and the
network says where and how widely (Bishop 1994, "Mixture density networks"; Williams 1996 for the triangular factor).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.network import Network

_NARROWEST = 3.0  # logarithm of how much narrower than a column's usual change a component may be


@dataclass(frozen=True)
class DensityOptions:
    """`hidden` units of the recurrent layer, and `components`, the Gaussians of the mixture."""

    hidden: int = 64
    components: int = 4

    def __post_init__(self) -> None:
        for name in ("hidden", "components"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
            object.__setattr__(self, name, int(value))


class DensityNetwork(Network):
    """Rows x [T, B, D] in units of their spread -> the parameters of the next row's changes.

    >>> network = DensityNetwork(3, "gru", hidden=8, components=2)
    >>> x = torch.randn(5, 4, 3)
    >>> parts, state = network(x, x)
    >>> network.log_density(parts, torch.randn(5, 4, 3)).shape
    torch.Size([5, 4])
    """

    def __init__(self, columns: int, cell: str, *, hidden: int, components: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.columns, self.components, self.dropout = columns, components, dropout
        self.layer = layer_of(cell)(2 * columns, hidden)
        self.output = nn.Linear(hidden, components * (1 + 2 * columns))
        self.mixing = nn.Parameter(torch.zeros(components, columns, columns))
        nn.init.normal_(self.output.weight, std=0.05)
        nn.init.normal_(self.output.bias, std=0.1)

    def forward(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[tuple[Tensor, Tensor, Tensor], Any]:
        """log pi [T, B, K], means and s [T, B, K, D]; and the last state."""
        y, state = self.layer(torch.cat([torch.tanh(x / 3), changes.clamp(-8, 8)], dim=-1), state)
        z = self.output(functional.dropout(y, self.dropout, self.training))
        pi, mean, scale = z.split([self.components, *[self.components * self.columns] * 2], dim=-1)
        shape = (*z.shape[:-1], self.components, self.columns)
        narrow = _NARROWEST * torch.tanh(scale.view(shape) / _NARROWEST)
        return (pi.log_softmax(-1), mean.view(shape), narrow), state

    def step(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[tuple[Tensor, Tensor, Tensor], Any]:
        """The same of one row x [B, D]: [B, K] and [B, K, D]; and the next state."""
        self.refuse_steps()
        parts, after = self(x.unsqueeze(0), changes.unsqueeze(0), state)
        return (parts[0][0], parts[1][0], parts[2][0]), after

    @property
    def factors(self) -> Tensor:
        """I + A_k: [K, D, D]."""
        return self.mixing.tril(-1) + torch.eye(self.columns, device=self.mixing.device)

    def log_density(self, parts: tuple[Tensor, Tensor, Tensor], changes: Tensor) -> Tensor:
        """log p of changes [..., D], in nats: [...]."""
        pi, mean, scale = parts
        z = torch.einsum("kde,...ke->...kd", self.factors, changes.unsqueeze(-2) - mean) * scale.exp()
        each = scale.sum(-1) - 0.5 * z.square().sum(-1) - 0.5 * self.columns * math.log(2 * math.pi)
        return torch.logsumexp(pi + each, dim=-1)

    def draw(self, parts: tuple[Tensor, Tensor, Tensor], generator: torch.Generator) -> Tensor:
        """Changes [B, D] drawn for parameters of one step, [B, K] and [B, K, D]."""
        pi, mean, scale = parts
        k = torch.multinomial(pi.exp(), 1, generator=generator)[:, 0]
        rows = torch.arange(len(k))
        noise = torch.randn(len(k), self.columns, generator=generator) / scale[rows, k].exp()
        factors = self.factors[k]
        return mean[rows, k] + torch.linalg.solve_triangular(factors, noise.unsqueeze(-1), upper=False)[..., 0]
