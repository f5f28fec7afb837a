"""The density of the next row of a series, column after column, given every row before.

    v_t = (x_t - x_{t-1}) / c                               changes, c their usual size in each column
    r_t^2 = (1 - a) r_{t-1}^2 + a min(v_t^2, 6),  r_0 = 1   their size of late, as in a GARCH model
    u_t = v_t / r_t
    l_t = (1 - b) l_{t-1} + b x_t                           their level of late
    h_t = recurrence([tanh(x_t - l_t), u_t, log r_t])
    p(v_{t+1} / r_t) = prod_d p(u_d | u_1 ... u_{d-1}, h_t)       the columns of a row, each given those before it
    p(u_d | ...) = sum_k pi_dk N(m_dk, exp(-s_dk))
    pi_d, m'_d, s_d = O_d relu(V_d h_t + W_d u_{<d})
    m_dk = m'_dk + a_dk u_t,d + b_dk (A [x_t - l_t, u_t] + p l_t + L (u - p l_t)_{<d})_d

Mixtures of a column given the columns before it hold what columns do together and by themselves (Uria et al. 2013,
"RNADE: the real-valued neural autoregressive density-estimator"; Bishop 1994, "Mixture density networks"). Of the
components, one begins as narrow and at no change, one as narrow and at the last change, as sensors that hold a value
or are interpolated do; the others begin with the linear part, a vector autoregression. The first, where it is narrow
and a column `holds` its value at times, is drawn as no change at all. Sizes of late carry over to times in which
everything moves more, or less, than where it was learnt (Engle 1982; Bollerslev 1986). A single large change counts for
little in them, and they have a bound: else what is drawn makes the next larger, and series swell as they go on.

Where a row stands is told from the level of late alone. A network that reads the level itself draws later rows back to
where it has learnt, sooner than they would go: a random walk seems to return to the mean of any stretch that it is seen
in. So l_t counts by the diagonal p alone, of columns that do return (Dickey and Fuller 1979), and else by nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.network import Network

_NARROWEST = 5.0  # logarithm of how much narrower than a column's usual change a component may be
_BEGIN_NARROW = 4.0
CLAMPED = 8.0  # usual changes beyond which the recurrence sees no difference
_RECENT, _LARGEST, _SMALLEST = 1 / 24, 6.0, 0.1  # of the size of late: its memory, what enters at most, its least
_LEVEL = 1 / 48  # of the level of late: its memory
_BLOCK = 128  # steps of it that are computed at once
_STILL, _SURE = 0.1, 2.0  # mean and s of a first component that is no change at all


@dataclass(frozen=True)
class DensityOptions:
    """`hidden` units of the recurrent layer, `components` of each column's mixture, `features` that make them."""

    hidden: int = 64
    components: int = 5
    features: int = 16

    def __post_init__(self) -> None:
        for name in ("hidden", "components", "features"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
            object.__setattr__(self, name, int(value))


class Given(NamedTuple):
    """What the next row's density follows from: `hidden` [..., D R] features, `linear` [..., D], the last `changes` and
    their `sizes` of late."""

    hidden: Tensor
    linear: Tensor
    changes: Tensor
    sizes: Tensor


class DensityNetwork(Network):
    """Rows x [T, B, D] in units of their spread, and their changes -> what the density of the next changes needs.

    >>> network = DensityNetwork(3, "gru", DensityOptions(hidden=8, components=2))
    >>> x = torch.randn(5, 4, 3)
    >>> given, state = network(x, x)
    >>> network.log_density(given, torch.randn(5, 4, 3)).shape
    torch.Size([5, 4])
    """

    pull: Tensor

    def __init__(self, columns: int, cell: str, options: DensityOptions, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.columns, self.options, self.dropout = columns, options, dropout
        d, r, k = columns, options.features, options.components
        self.layer = layer_of(cell)(3 * d, options.hidden)
        self.before = nn.Linear(options.hidden, d * r)
        self.among = nn.Parameter(torch.randn(d, r, d) / math.sqrt(d))
        output = 0.05 * torch.randn(d, r, 3, k)
        output[:, :, 1] = 0.0
        self.output = nn.Parameter(output.flatten(2))
        self.linear = nn.Linear(2 * d, d)
        self.lower = nn.Parameter(torch.zeros(d, d))
        self.register_buffer("pull", torch.zeros(d))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        begin = torch.zeros(3, d, k)  # pi, m, s
        begin[1] = 0.1 * torch.randn(d, k)
        kept, moving = torch.zeros(d, k), torch.ones(d, k)
        begin[2] = torch.linspace(1.0, -1.0, k)
        if k > 2:
            begin[2, :, :2] = _BEGIN_NARROW
            begin[1, :, :2] = moving[:, :2] = 0.0
            kept[:, 1] = 1.0
        self.bias = nn.Parameter(begin.transpose(0, 1).reshape(d, 3 * k))
        self.kept, self.moving = nn.Parameter(kept), nn.Parameter(moving)

    @torch.no_grad()
    def begin_at(self, weight: Tensor, bias: Tensor, lower: Tensor, spread: Tensor, pull: Tensor) -> None:
        """Begin with the linear part [D, 2 D], [D], [D, D], what it leaves unexplained of each [D], and p [D]."""
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(bias)
        self.lower.copy_(lower)
        self.pull.copy_(pull)
        k = self.options.components
        fixed = 2 if k > 2 else 0
        parts = self.bias.view(self.columns, 3, k)
        parts[:, 1] *= spread.unsqueeze(1)
        parts[:, 2, fixed:] -= spread.log().unsqueeze(1)

    def forward(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[Given, Any]:
        """What the density of each next row follows from; and the last state, of the layer, the sizes, the level."""
        inner, squares, level = (None, None, None) if state is None else state
        sizes, squares = sizes_of(changes, squares)
        away, level = away_of(x, level)
        changes = (changes / sizes).clamp(-CLAMPED, CLAMPED)
        y, inner = self.layer(torch.cat([torch.tanh(away), changes, sizes.log()], dim=-1), inner)
        hidden = self.before(functional.dropout(y, self.dropout, self.training))
        back = self.pull * (x - away)
        linear = self.linear(torch.cat([away, changes], dim=-1)) + back - back @ self.lower.tril(-1).T
        return Given(hidden, linear, changes, sizes), (inner, squares, level)

    def step(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[Given, Any]:
        """The same of one row x [B, D], and the next state."""
        self.refuse_steps()
        given, after = self(x.unsqueeze(0), changes.unsqueeze(0), state)
        return Given(*(part[0] for part in given)), after

    def log_density(self, given: Given, changes: Tensor) -> Tensor:
        """log p of changes [..., D], in nats: [...]."""
        d, r = self.columns, self.options.features
        u, hidden, linear, last, size = (part.reshape(-1, part.shape[-1]) for part in (changes, *given))
        u = u / size
        among = (self.among * torch.ones(d, d).tril(-1).unsqueeze(1).to(u)).reshape(d * r, d)
        features = torch.relu(hidden + u.clamp(-CLAMPED, CLAMPED) @ among.T).view(-1, d, r).transpose(0, 1)
        z = torch.baddbmm(self.bias.unsqueeze(1), features, self.output).transpose(0, 1)  # [N, D, 3 K]
        pi, mean, scale = self._mixture(z, linear + u @ self.lower.tril(-1).T, last, slice(None))
        each = pi + scale - 0.5 * ((u.unsqueeze(-1) - mean) * scale.exp()).square()
        nats = torch.logsumexp(each, dim=-1) - 0.5 * math.log(2 * math.pi) - size.log()
        return nats.sum(dim=-1).view(changes.shape[:-1])

    def draw(self, given: Given, generator: torch.Generator, holds: Tensor | None = None) -> Tensor:
        """Changes [B, D] drawn for one step, column after column; `holds` [D] are those that at times do not change.

        Gradients go through means and spreads, and through the choice of a component as if it were the probabilities
        that it is made by (straight-through: Bengio et al. 2013).
        """
        d, r, components = self.columns, self.options.features, self.options.components
        hidden, linear, last, size = given
        chosen = torch.rand(d, len(last), 1, generator=generator)
        noise = torch.randn(d, len(last), 1, generator=generator)
        hidden, before = hidden.view(-1, d, r), last[:, :0]
        for k in range(d):
            features = torch.relu(hidden[:, k] + before.clamp(-CLAMPED, CLAMPED) @ self.among[k, :, :k].T)
            z = features @ self.output[k] + self.bias[k]
            moved = linear[:, k] + before @ self.lower[k, :k]
            mixture = self._mixture(z.unsqueeze(1), moved.unsqueeze(1), last[:, k : k + 1], slice(k, k + 1))
            pi, mean, scale = (part[:, 0] for part in mixture)
            pi = pi.exp()
            at = (pi.cumsum(-1) < chosen[k]).sum(-1).clamp(max=components - 1)
            own = functional.one_hot(at, components).to(pi)
            if torch.is_grad_enabled():
                own = own + pi - pi.detach()
            u = (own * (mean + noise[k] * (-scale).exp())).sum(-1, keepdim=True).clamp(-CLAMPED, CLAMPED)
            if holds is not None and holds[k]:
                still = (at == 0) & (mean[:, 0].abs() < _STILL) & (scale[:, 0] > _SURE)
                u = u.masked_fill(still.unsqueeze(-1), 0.0)
            before = torch.cat([before, u], dim=-1)
        return before * size

    def _mixture(self, z: Tensor, moved: Tensor, last: Tensor, columns: slice) -> tuple[Tensor, Tensor, Tensor]:
        """log pi, means and s of columns, each [N, D, K]."""
        pi, mean, scale = z.unflatten(-1, (3, self.options.components)).unbind(-2)
        mean = mean + self.kept[columns] * last.unsqueeze(-1) + self.moving[columns] * moved.unsqueeze(-1)
        return pi.log_softmax(-1), mean, _NARROWEST * torch.tanh(scale / _NARROWEST)


def sizes_of(changes: Tensor, squares: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The size of late of changes [T, B, D], after each; and the last squares [B, D], to go on from."""
    first = torch.ones_like(changes[0]) if squares is None else squares
    found, last = _means_of_late(changes.square().clamp(max=_LARGEST), first, _RECENT)
    return found.sqrt().clamp(min=_SMALLEST), last


def away_of(x: Tensor, level: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """How far rows x [T, B, D] are from their level of late, at each; and the last level [B, D], to go on from."""
    found, last = _means_of_late(x, x[0] if level is None else level, _LEVEL)
    return x - found, last


def _means_of_late(values: Tensor, last: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """m_t = (1 - rate) m_{t-1} + rate values_t [T, B, D] from `last` [B, D] on; and the last of them.

    The recurrence is linear: a block of steps is one product, and blocks follow one another, so that a long series
    takes memory as its length.
    """
    steps = torch.arange(min(len(values), _BLOCK), device=values.device, dtype=values.dtype)
    back = steps.unsqueeze(1) - steps
    weights = torch.where(back >= 0, rate * (1 - rate) ** back, 0.0)
    kept = (1 - rate) ** (steps + 1)[:, None, None]
    found = []
    for block in values.split(_BLOCK):
        count = len(block)
        found.append(torch.einsum("ts,sbd->tbd", weights[:count, :count], block) + kept[:count] * last)
        last = found[-1][-1]
    return torch.cat(found), last
