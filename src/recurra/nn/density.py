"""The density of the next row of a series, column after column, given every row before.

    v_t = (x_t - x_{t-1}) / c                               changes, c their usual size in each column
    r_t^2 = (1 - a) r_{t-1}^2 + a min(v_t^2, 6),  r_0 = 1   their size of late, as in a GARCH model
    u_t = v_t / r_t
    l_t = (1 - b) l_{t-1} + b x_t,  b = 1 / memory          their level of late
    w_t = 0 where u_t = 0, 1 where v_t is about v_{t-1}, else 2      the way of a change
    h_t = recurrence([tanh(x_t - l_t), u_t, log r_t, w_t])
    p(v_{t+1} / r_t) = prod_d p(u_d | u_1 ... u_{d-1}, h_t)       the columns of a row, each given those before it
    p(u_d | ...) = sum_k pi_dk N(m_dk, exp(-s_dk))
    pi_d, m'_d, s_d = O_d relu(V_d h_t + W_d u_{<d}) + [M_d[w_t,d], 0, 0]
    m_dk = m'_dk + a_dk u_t,d + b_dk (A [x_t - l_t, u_t] + p l_t + L (u - p l_t)_{<d})_d

Mixtures of a column given the columns before it hold what columns do together and by themselves (Uria et al. 2013,
"RNADE: the real-valued neural autoregressive density-estimator"; Bishop 1994, "Mixture density networks"). Of the
components, one begins as narrow and at no change, one as narrow and at the last change, as sensors that hold a value
or are interpolated do; the others begin with the linear part, a vector autoregression. Of a column that `holds` its
value at times the first is no density but the probability of no change at all: p(0) = pi_1, and the others are the
density of what does change. M begins as how often each way followed each: pi would take thousands of steps to get as
sure. Sizes of late carry over to times in which
everything moves more, or less, than where it was learnt (Engle 1982; Bollerslev 1986). A single large change counts for
little in them, and they have a bound: else what is drawn makes the next larger, and series swell as they go on. While a
column holds, nothing is said of how far it moves when it does.

Where a row stands is told from the level of late alone. A network that reads the level itself (`memory` 0: l_t = 0)
draws later rows back to where it has learnt, sooner than they would go: a random walk seems to return to the mean of
any stretch that it is seen in, and a summer to be drawn to the winter before it. So l_t counts by the diagonal p alone,
of columns that do return (Dickey and Fuller 1979), and else by nothing. A memory of a day still tells its hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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
FIXED, WAYS = 2, 3  # components that begin as no change and as the last one, of three and more; ways of a change
_SAME = 0.03  # of a change and the size of late, by how much another one is about the same
_BLOCK = 128  # steps of it that are computed at once


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
    """What the next row's density follows from: `hidden` [..., D R] features, `linear` [..., D], the last `changes`,
    their `sizes` of late and their `ways`."""

    hidden: Tensor
    linear: Tensor
    changes: Tensor
    sizes: Tensor
    ways: Tensor


class DensityNetwork(Network):
    """Rows x [T, B, D] in units of their spread, and their changes -> what the density of the next changes needs.

    >>> network = DensityNetwork(3, "gru", DensityOptions(hidden=8, components=2))
    >>> x = torch.randn(5, 4, 3)
    >>> given, state = network(x, x)
    >>> network.log_density(given, torch.randn(5, 4, 3)).shape
    torch.Size([5, 4])
    """

    pull: Tensor
    holds: Tensor

    def __init__(
        self,
        columns: int,
        cell: str,
        options: DensityOptions,
        *,
        dropout: float = 0.0,
        memory: int = 0,
        holds: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__()
        self.columns, self.options, self.dropout, self.memory = columns, options, dropout, memory
        d, r, k = columns, options.features, options.components
        self.layer = layer_of(cell)(5 * d, options.hidden)
        self.before = nn.Linear(options.hidden, d * r)
        self.among = nn.Parameter(nn.init.normal_(torch.empty(d, r, d), std=d**-0.5))
        output = nn.init.normal_(torch.empty(d, r, 3, k), std=0.05)
        output[:, :, 1] = 0.0
        self.output = nn.Parameter(output.flatten(2))
        self.linear = nn.Linear(2 * d, d)
        self.lower = nn.Parameter(torch.zeros(d, d))
        self.register_buffer("pull", torch.zeros(d))
        still = torch.zeros(d, dtype=torch.bool) if holds is None else torch.as_tensor(holds).clone()
        self.register_buffer("holds", still & (k > FIXED))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        begin = torch.zeros(3, d, k)  # pi, m, s
        nn.init.normal_(begin[1], std=0.1)
        kept, moving = torch.zeros(d, k), torch.ones(d, k)
        begin[2] = torch.linspace(1.0, -1.0, k)
        if k > FIXED:
            begin[2, :, :FIXED] = _BEGIN_NARROW
            begin[1, :, :FIXED] = moving[:, :FIXED] = 0.0
            kept[:, 1] = 1.0
        self.bias = nn.Parameter(begin.transpose(0, 1).reshape(d, 3 * k))
        self.kept, self.moving = nn.Parameter(kept), nn.Parameter(moving)
        self.after = nn.Parameter(torch.zeros(WAYS, d, k))

    @torch.no_grad()
    def begin_at(
        self, weight: Tensor, bias: Tensor, lower: Tensor, spread: Tensor, pull: Tensor, followed: Tensor
    ) -> None:
        """Begin with the linear part [D, 2 D], [D], [D, D], what it leaves unexplained of each [D], and p [D].

        `followed` [3, D, 3]: how often, from 0 to 1, the last way followed the first.
        """
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(bias)
        self.lower.copy_(lower)
        self.pull.copy_(pull)
        k = self.options.components
        fixed = FIXED if k > FIXED else 0
        parts = self.bias.view(self.columns, 3, k)
        parts[:, 1] *= spread.unsqueeze(1)
        parts[:, 2, fixed:] -= spread.log().unsqueeze(1)
        if fixed:
            self.after[..., :fixed] = followed[..., :fixed].log()
            self.after[..., fixed:] = followed[..., fixed:].log() - math.log(k - fixed)

    def forward(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[Given, Any]:
        """What the density of each next row follows from; and the last state: the layer's, sizes, level, changes."""
        inner, squares, level, last = (None, None, None, None) if state is None else state
        sizes, squares = sizes_of(changes, self.holds, squares)
        away, level = away_of(x, self.memory, level)
        ways, last = ways_of(changes, sizes, last), changes[-1]
        changes = (changes / sizes).clamp(-CLAMPED, CLAMPED)
        marks = [(ways == way).to(x) for way in range(FIXED)]
        y, inner = self.layer(torch.cat([torch.tanh(away), changes, sizes.log(), *marks], dim=-1), inner)
        hidden = self.before(functional.dropout(y, self.dropout, self.training))
        back = self.pull * (x - away)
        linear = self.linear(torch.cat([away, changes], dim=-1)) + back - back @ self.lower.tril(-1).T
        return Given(hidden, linear, changes, sizes, ways), (inner, squares, level, last)

    def step(self, x: Tensor, changes: Tensor, state: Any = None) -> tuple[Given, Any]:
        """The same of one row x [B, D], and the next state."""
        self.refuse_steps()
        given, after = self(x.unsqueeze(0), changes.unsqueeze(0), state)
        return Given(*(part[0] for part in given)), after

    def log_density(self, given: Given, changes: Tensor) -> Tensor:
        """log p of changes [..., D], in nats: [...]."""
        d, r = self.columns, self.options.features
        u, hidden, linear, last, size, ways = (part.reshape(-1, part.shape[-1]) for part in (changes, *given))
        u = u / size
        among = (self.among * torch.ones(d, d).tril(-1).unsqueeze(1).to(u)).reshape(d * r, d)
        features = torch.relu(hidden + u.clamp(-CLAMPED, CLAMPED) @ among.T).view(-1, d, r).transpose(0, 1)
        z = torch.baddbmm(self.bias.unsqueeze(1), features, self.output).transpose(0, 1)  # [N, D, 3 K]
        pi, mean, scale = self._mixture(z, linear + u @ self.lower.tril(-1).T, last, ways, slice(None))
        each = pi + scale - 0.5 * ((u.unsqueeze(-1) - mean) * scale.exp()).square()
        first = torch.arange(each.shape[-1], device=each.device) == 0
        each = each.masked_fill(self.holds.unsqueeze(-1) & first, -math.inf)
        nats = torch.logsumexp(each, dim=-1) - 0.5 * math.log(2 * math.pi) - size.log()
        nats = torch.where(self.holds & (u == 0), pi[..., 0], nats)
        return nats.sum(dim=-1).view(changes.shape[:-1])

    def draw(self, given: Given, generator: torch.Generator) -> Tensor:
        """Changes [B, D] drawn for one step, column after column.

        Gradients go through means and spreads, and through the choice of a component as if it were the probabilities
        that it is made by (straight-through: Bengio et al. 2013).
        """
        d, r, components = self.columns, self.options.features, self.options.components
        hidden, linear, last, size, ways = given
        chosen = torch.rand(d, len(last), 1, generator=generator)
        noise = torch.randn(d, len(last), 1, generator=generator)
        hidden, before = hidden.view(-1, d, r), last[:, :0]
        for k in range(d):
            features = torch.relu(hidden[:, k] + before.clamp(-CLAMPED, CLAMPED) @ self.among[k, :, :k].T)
            z = features @ self.output[k] + self.bias[k]
            moved = linear[:, k] + before @ self.lower[k, :k]
            one = slice(k, k + 1)
            mixture = self._mixture(z.unsqueeze(1), moved.unsqueeze(1), last[:, one], ways[:, one], one)
            pi, mean, scale = (part[:, 0] for part in mixture)
            pi = pi.exp()
            at = (pi.cumsum(-1) < chosen[k]).sum(-1).clamp(max=components - 1)
            own = functional.one_hot(at, components).to(pi)
            if torch.is_grad_enabled():
                own = own + pi - pi.detach()
            values = mean + noise[k] * (-scale).exp()
            if self.holds[k]:
                values = torch.cat([torch.zeros_like(values[:, :1]), values[:, 1:]], dim=-1)
            u = (own * values).sum(-1, keepdim=True).clamp(-CLAMPED, CLAMPED)
            before = torch.cat([before, u], dim=-1)
        return before * size

    def _mixture(
        self, z: Tensor, moved: Tensor, last: Tensor, ways: Tensor, columns: slice
    ) -> tuple[Tensor, Tensor, Tensor]:
        """log pi, means and s of columns, each [N, D, K]."""
        pi, mean, scale = z.unflatten(-1, (3, self.options.components)).unbind(-2)
        after = self.after[:, columns]
        pi = pi + after[ways, torch.arange(after.shape[1], device=ways.device)]
        mean = mean + self.kept[columns] * last.unsqueeze(-1) + self.moving[columns] * moved.unsqueeze(-1)
        return pi.log_softmax(-1), mean, _NARROWEST * torch.tanh(scale / _NARROWEST)


def sizes_of(changes: Tensor, holds: Tensor, squares: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The size of late of changes [T, B, D], after each; and the last squares [B, D], to go on from.

    Where a column that `holds` [D] does not change, it counts as of the usual size.
    """
    first = torch.ones_like(changes[0]) if squares is None else squares
    changes = torch.where(holds & (changes == 0), 1.0, changes)
    found, last = _means_of_late(changes.square().clamp(max=_LARGEST), first, _RECENT)
    return found.sqrt().clamp(min=_SMALLEST), last


def ways_of(changes: Tensor, sizes: Tensor, last: Tensor | None = None) -> Tensor:
    """The way of each of changes [T, B, D], by the one before it: 0 none, 1 about the same, 2 another."""
    before = torch.cat([(torch.zeros_like(changes[0]) if last is None else last).unsqueeze(0), changes[:-1]])
    same = (changes - before).abs() <= _SAME * (changes.abs() + sizes)
    return torch.where(changes == 0, 0, torch.where(same, 1, 2))


def away_of(x: Tensor, memory: int, level: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """How far rows x [T, B, D] are from their level of late, at each; and the last level [B, D], to go on from.

    Without a memory the level is 0.
    """
    if not memory:
        return x, torch.zeros_like(x[0])
    found, last = _means_of_late(x, x[0] if level is None else level, 1 / memory)
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
