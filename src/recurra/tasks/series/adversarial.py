"""A generator of series trained against a discriminator, which learns within the source of batches; both are watched.

Each step the source takes histories and what really followed, lets the discriminator learn to tell that from what the
generator makes of the same histories, and hands the pair on to the generator's own step. The discriminator, its
optimiser and what was seen of both are the source's state, so that a checkpoint has all of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from recurra.ensemble.members import Member, Seat
from recurra.formatting import percent
from recurra.language import _
from recurra.nn.adversary import (
    Pair,
    SeriesDiscriminator,
    SeriesGeneratorNetwork,
    discriminator_loss,
    moments,
    realism_of,
)
from recurra.nn.density import sizes_of
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import Stretches, pairs_of
from recurra.training import Run, TrainingOptions
from recurra.training.adam import Adam
from recurra.training.stepper import Stepper
from recurra.training.threads import fitting_threads

STEPS = 600  # unless passes are given
PAST = 2  # windows before a window that is generated
_PAIRS = 20_000  # that are learnt from, at most
_BATCH, _RATE, _CRITIC_RATE = 64, 1e-3, 1e-3
_PENALTY = 5.0
_MOMENTS = 0.5
_PROJECTIONS, _HELD_PAIRS = 128, 256
_SMOOTH = 0.02  # of what is seen at a step, in the running means
_LOST, _COLLAPSED, _SPREAD = 0.9, 0.3, 2.0


def training_of(given: TrainingOptions) -> TrainingOptions:
    """How the generator is trained: the passes are those given, batches and rates those of an adversary."""
    return TrainingOptions(epochs=given.epochs, batch_size=_BATCH, learning_rate=_RATE, weight_decay=0.0)


class Contest:
    """The `training.Source` in which the discriminator learns; Carrying and Telling."""

    def __init__(
        self,
        network: SeriesGeneratorNetwork,
        discriminator: SeriesDiscriminator,
        pairs: tuple[Floats, Floats],
        steps: Tensor,
        seed: int,
    ) -> None:
        self.network, self.discriminator, self.steps, self._seed = network, discriminator.train(), steps, seed
        self._histories, self._real = (torch.from_numpy(part).float() for part in pairs)
        self._stepper = Stepper(discriminator, self._loss, Adam(_CRITIC_RATE, betas=(0.5, 0.99)), clip_norm=5.0)
        self.seen = torch.tensor([0.5, 1.0])  # the discriminator's share of right pairs, the generator's variety
        self._now: tuple[int, Pair] | None = None

    def batch(self, step: int) -> Pair:
        """The next pair, after the discriminator has learnt from it."""
        if self._now is None or self._now[0] != step:
            pair = self._pair(step)
            with torch.no_grad():
                state = self.network.start(pair.x, pair.changes)
                fake, other = (self.network(noise, state)[0] for noise in (pair.noise, pair.noise.flip(1)))
            self._stepper.step(pair, fake)
            apart = (fake - pair.real).abs().mean().clamp(min=1e-9)
            seen = torch.stack([self._right, (fake - other).abs().mean() / apart])
            self.seen = seen if step == 0 else self.seen + _SMOOTH * (seen - self.seen)
            self._now = step, pair
        return self._now[1]

    def glance(self, step: int) -> Pair:
        """The same."""
        return self.batch(step)

    def tensors(self) -> dict[str, Tensor]:
        """Discriminator, optimiser, what was seen."""
        own = {
            f"discriminator/{name}": value.detach().clone() for name, value in self.discriminator.state_dict().items()
        }
        return {**own, **{f"optimiser/{k}": v for k, v in self._stepper.tensors().items()}, "seen": self.seen}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to it."""
        cut = {name: {} for name in ("discriminator", "optimiser")}
        for key, value in tensors.items():
            name, _slash, rest = key.partition("/")
            if rest:
                cut[name][rest] = value
        self.discriminator.load_state_dict(cut["discriminator"])
        self._stepper.restore(cut["optimiser"])
        self.seen = tensors["seen"]

    def figures(self) -> dict[str, float]:
        """For the log."""
        return {"discriminator_right": float(self.seen[0]), "variety": float(self.seen[1])}

    def told(self) -> str:
        """For the bar."""
        return _(
            "discriminator right in {right}, variety {variety:.2f}",
            right=percent(float(self.seen[0]), 0),
            variety=float(self.seen[1]),
        )

    def _pair(self, step: int) -> Pair:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        rows = torch.randint(len(self._real), (_BATCH,), generator=generator)
        return pair_of(self._histories[rows], self._real[rows], self.steps, generator)

    def _loss(self, discriminator: Any, pair: Pair, fake: Tensor) -> Tensor:
        loss, self._right = discriminator_loss(discriminator, pair, fake, _PENALTY)
        return loss


class AdversaryProblem:
    """The `training.Problem` of the generator."""

    lengths: Tensor | None = None

    def __init__(self, contest: Contest, held: tuple[Floats, Floats], examples: int) -> None:
        self.network: nn.Module = contest.network
        self._contest, self.examples = contest, examples
        every = max(1, len(held[1]) // _HELD_PAIRS)
        histories, real = (torch.from_numpy(part[::every][:_HELD_PAIRS]).float() for part in held)
        generator = torch.Generator().manual_seed(0)
        self._held = pair_of(histories, real, contest.steps, generator)
        size = real.shape[1] * real.shape[2]
        self._onto = torch.randn(size, _PROJECTIONS, generator=generator) / size**0.5

    def batch(self, numbers: Tensor) -> Any:
        """Pairs come from the contest alone."""
        raise AssertionError

    def loss(self, network: nn.Module, batch: Pair) -> Tensor:
        """How much more real what really followed looks, and how far the moments are apart."""
        assert isinstance(network, SeriesGeneratorNetwork)
        fake, _state = network(batch.noise, network.start(batch.x, batch.changes))
        discriminator = self._contest.discriminator
        with torch.no_grad():
            real = realism_of(discriminator, batch, batch.real)
        looks = realism_of(discriminator, batch, fake)
        return nn.functional.softplus(real - looks).mean() + _MOMENTS * moments(fake, batch.real)

    def validate(self, network: nn.Module) -> float:
        """The distance of generated to real held-out windows: sliced Wasserstein, of the changes."""
        pair = self._held
        assert isinstance(network, SeriesGeneratorNetwork)
        fake, _state = network(pair.noise, network.start(pair.x, pair.changes))
        both = [part.transpose(0, 1).flatten(1) @ self._onto for part in (fake, pair.real)]
        one, other = (part.sort(dim=0).values for part in both)
        return float((one - other).abs().mean())


def pair_of(histories: Tensor, real: Tensor, steps: Tensor, generator: torch.Generator) -> Pair:
    """Rows [B, H, D] and [B, T, D] as a pair, with fresh noise."""
    x, after = histories.transpose(0, 1), real.transpose(0, 1)
    changes, size = changes_of(x, steps)
    noise = torch.randn(after.shape, generator=generator)
    return Pair(x, changes, size, torch.cat([x[-1:], after]).diff(dim=0) / size, noise)


def changes_of(x: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """The changes of rows x [H, B, D] in units of their size at the end [B, D], and that."""
    changes = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / steps
    size = sizes_of(changes)[0][-1]
    return changes / size, size * steps


def generator_of(recipe: Recipe, scaling: Scaling) -> SeriesGeneratorNetwork:
    """A fresh generator, drawn from torch's global generator."""
    return SeriesGeneratorNetwork(len(scaling.own), recipe.cell, recipe.network.hidden)


def fit_adversary(
    parts: tuple[Stretches, Stretches], scaling: Scaling, recipe: Recipe, *, run: Run, name: str
) -> tuple[Member[SeriesGeneratorNetwork], tuple[str, ...]]:
    """Learn series against a discriminator: the generator nearest on held-out windows, and how it went."""
    seat = Seat(name, 0, 1, recipe.seed)
    with seat.drawing():
        network = generator_of(recipe, scaling)
        discriminator = SeriesDiscriminator(len(scaling.own), recipe.cell, recipe.network.hidden)
    learnt, held = (pairs_of(part, recipe.window, _PAIRS, whole=recipe.whole, history=PAST) for part in parts)
    if not len(held[1]):
        held = learnt[0][-_HELD_PAIRS:], learnt[1][-_HELD_PAIRS:]
    steps = torch.from_numpy(scaling.steps).float()
    contest = Contest(network, discriminator, learnt, steps, recipe.seed)
    options = training_of(recipe.training)
    count = STEPS if options.epochs is None else options.steps(len(learnt[1]))
    problem = AdversaryProblem(contest, held, len(learnt[1]))
    with fitting_threads(network):
        record = seat.train(problem, options, run=run, watch=False, steps=count, source=contest)
    return Member(network, record), tuple(balance_told(*contest.seen.tolist()))


def balance_told(right: float, variety: float) -> list[str]:
    """How the training of both went, in words."""
    told = [
        _(
            "Adversary: at the end the discriminator was right in {right} of the pairs (50 % is a draw), and windows "
            "generated after the same rows differed {variety:.2f} times as much as real ones do from them.",
            right=percent(right, 0),
            variety=variety,
        )
    ]
    if variety < _COLLAPSED:
        told.append(_("The generator collapsed: it makes almost the same rows whatever the noise; do not use them."))
    elif variety > _SPREAD:
        told.append(_("The generator scatters: its rows differ more than real ones."))
    if right > _LOST:
        told.append(_("The discriminator won: the generator did not catch up with it; train longer, or by likelihood."))
    elif variety >= _COLLAPSED:
        told.append(_("The generator and its discriminator kept in balance."))
    return told


@torch.no_grad()
def go_on(
    network: SeriesGeneratorNetwork, scaling: Scaling, recipe: Recipe, histories: Floats, rows: int, seed: int
) -> Floats:
    """Rows [B, rows, E] that follow histories [B, H, E]: a window after the other, each after the one before it."""
    steps = torch.from_numpy(scaling.steps).float()
    x = torch.from_numpy(histories).float().transpose(0, 1)[-PAST * recipe.window :]
    low, high = scaling.bounds(x)
    generator = torch.Generator().manual_seed(seed)
    made: list[Tensor] = []
    count = 0
    with fitting_threads(network):
        while count < rows:
            changes, size = changes_of(x, steps)
            noise = torch.randn(recipe.window, *x.shape[1:], generator=generator)
            made_up, _state = network(noise, network.start(x, changes))
            after = x[-1] + (made_up * size).cumsum(dim=0)
            after = after.maximum(low).minimum(high)
            made.append(after)
            count += len(after)
            x = torch.cat([x, after])[-PAST * recipe.window :]
    found = torch.cat(made)[:rows] if made else x[:0]
    return found.transpose(0, 1).double().numpy()
