"""A discriminator of series, given the rows before, and the losses of both sides; the generator is `nn.density`'s.

    D: a recurrence over history and window, its outputs of the window, and how much changes vary within a batch

    L_D         = softplus(D(fake) - D(real)) + g / 2 (|grad D(real)|^2 + |grad D(fake)|^2)
    L_generator = softplus(D(real) - D(fake)) + moments

Pairs of a real and a generated window share their history, so that the discriminator compares like with like:
relativistic losses (Jolicoeur-Martineau 2019, "The relativistic discriminator"), zero-centred gradient penalties on
both sides (Huang et al. 2024, "The GAN is dead; long live the GAN!"). The gradient is measured along a random direction
by a finite difference, so that nothing is differentiated twice. Spread within a batch as an input: Karras et al.
(2018); Salimans et al. (2016). Moments matched beside: Yoon et al. (2019), "Time-series generative adversarial
networks".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recurra.nn.cell_layer import layer_of

_CLAMPED = 8.0  # changes beyond which neither sees a difference
_REACH = 0.05  # by which windows are moved to see the slope, in changes
_BLUR = 0.1  # noise on all that the discriminator sees: what is finer is not fought over


def read(x: Tensor, changes: Tensor) -> Tensor:
    """Rows and changes [T, B, D] as a recurrence reads them [T, B, 2 D]."""
    return torch.cat([torch.tanh(x / 3), changes.clamp(-_CLAMPED, _CLAMPED)], dim=-1)


class SeriesDiscriminator(nn.Module):
    """Rows x [H + T, B, D] and their changes, of which the last T count -> how real they look [B]."""

    def __init__(self, columns: int, cell: str, hidden: int) -> None:
        super().__init__()
        self.layer = layer_of(cell)(2 * columns, hidden)
        self.joined = nn.Linear(2 * hidden + 2 * columns, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, changes: Tensor, last: int) -> Tensor:
        """A number for each example; only differences mean something."""
        y, _state = self.layer(read(x, changes))
        y, u = y[-last:], changes[-last:].clamp(-_CLAMPED, _CLAMPED)
        within = u.std(dim=0, correction=0) if last > 1 else torch.zeros_like(u[0])
        among = u.std(dim=1, correction=0).mean(dim=0).expand_as(within)
        seen = torch.cat([y.mean(dim=0), y[-1], within, among], dim=-1)
        return self.output(nn.functional.leaky_relu(self.joined(seen), 0.2)).squeeze(-1)


@dataclass(frozen=True, eq=False)
class Pair:
    """A history x [H, B, D] and its changes; the changes [T, B, D] that really followed; a seed for those generated.

    A change of 1 is a step of `size` [B, D] in x.
    """

    x: Tensor
    changes: Tensor
    size: Tensor
    real: Tensor
    seed: int


def realism_of(discriminator: SeriesDiscriminator, pair: Pair, changes: Tensor) -> Tensor:
    """What a discriminator says of changes [T, B, D] that follow a history, blurred a little."""
    changes = changes + _BLUR * torch.randn_like(changes)
    x = pair.x[-1] + (changes * pair.size).cumsum(dim=0)
    return discriminator(torch.cat([pair.x, x]), torch.cat([pair.changes, changes]), len(changes))


def discriminator_loss(
    discriminator: SeriesDiscriminator, pair: Pair, fake: Tensor, penalty: float
) -> tuple[Tensor, Tensor]:
    """The loss, and in which share of the pairs the real window looks more real."""
    both = torch.cat([pair.real, fake], dim=1)
    both = both + _BLUR * torch.randn_like(both)
    every = torch.cat([both, both + _REACH * torch.randn_like(both)], dim=1)
    # Windows, and windows moved a little, go through the discriminator in one call.
    x, changes, size = (part.repeat(*([1] * (part.dim() - 2)), 4, 1) for part in (pair.x, pair.changes, pair.size))
    x = torch.cat([x, x[-1] + (every * size).cumsum(dim=0)])
    found = discriminator(x, torch.cat([changes, every]), len(every))
    (real, made), (real_moved, made_moved) = (part.chunk(2) for part in found.chunk(2))
    slope = ((real_moved - real) / _REACH).square().mean() + ((made_moved - made) / _REACH).square().mean()
    loss = nn.functional.softplus(made - real).mean() + 0.5 * penalty * slope
    return loss, (real > made).float().mean().detach()


def moments(fake: Tensor, real: Tensor) -> Tensor:
    """How far means, spreads, and products of neighbouring changes are apart; [T, B, D] each."""

    def of(u: Tensor) -> Tensor:
        u = u.clamp(-_CLAMPED, _CLAMPED)
        after = (u[1:] * u[:-1]).mean(dim=(0, 1)) if len(u) > 1 else torch.zeros_like(u[0, 0])
        return torch.stack([u.mean(dim=(0, 1)), u.std(dim=(0, 1), correction=0), after])

    return (of(fake) - of(real)).abs().mean()
