"""A generator of series, learnt by likelihood, trained on against a discriminator; both are watched.

Each step the source takes histories and what really followed, lets the discriminator learn to tell that from what the
generator makes of the same histories, and hands the pair on to the generator's own step, in which gradients go back
through the rows that it drew. Likelihood stays in its loss, so that it can neither collapse nor forget. The
discriminator, its optimiser and what was seen of both are the source's state, so that a checkpoint has all of it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from recurra.ensemble.members import Member, Seat
from recurra.formatting import percent
from recurra.language import _
from recurra.nn.adversary import Pair, SeriesDiscriminator, discriminator_loss, moments, realism_of
from recurra.nn.density import DensityNetwork, sizes_of
from recurra.tasks.series.likelihood import nats_of, rows_after
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import Stretches, pairs_of
from recurra.training import Run, TrainingOptions
from recurra.training.adam import Adam
from recurra.training.stepper import Stepper
from recurra.training.threads import fitting_threads

STEPS = 100  # unless passes are given
PAST = 2  # windows before a window that is generated
_PAIRS = 20_000  # that are learnt from, at most
_ROWS = 16  # of a window, that are generated in training, at most
_BATCH, _RATE, _CRITIC_RATE = 32, 2e-4, 1e-3
_PENALTY = 5.0
_MOMENTS = 0.5
_AGAINST = 0.3  # how much the discriminator and the moments count beside the likelihood
_PROJECTIONS, _HELD_PAIRS = 128, 128
_VARIETY = 10  # steps after which variety is looked at again
_SMOOTH, _OF_VARIETY = 0.05, 0.5  # of what is seen at a step, in the running means
_LOST, _COLLAPSED, _SPREAD = 0.9, 0.3, 2.0


def training_of(given: TrainingOptions) -> TrainingOptions:
    """How the generator is trained: the passes are those given, batches and rates those of an adversary."""
    return TrainingOptions(epochs=given.epochs, batch_size=_BATCH, learning_rate=_RATE, weight_decay=0.0)


class Contest:
    """The `training.Source` in which the discriminator learns; Carrying and Telling."""

    def __init__(
        self,
        network: DensityNetwork,
        discriminator: SeriesDiscriminator,
        pairs: tuple[Floats, Floats],
        scaling: Scaling,
        seed: int,
    ) -> None:
        self.network, self.discriminator, self.scaling, self._seed = network, discriminator.train(), scaling, seed
        self._histories, self._real = (torch.from_numpy(part).float() for part in pairs)
        self._stepper = Stepper(discriminator, self._loss, Adam(_CRITIC_RATE, betas=(0.5, 0.99)), clip_norm=5.0)
        self.seen = torch.tensor([0.5, 1.0])  # the discriminator's share of right pairs, the generator's variety
        self._now: tuple[int, Pair] | None = None

    def batch(self, step: int) -> Pair:
        """The next pair, after the discriminator has learnt from it."""
        if self._now is None or self._now[0] != step:
            pair = self._pair(step)
            with torch.no_grad():
                fake = made_after(self.network, self.scaling, pair, pair.seed)
            self._stepper.step(pair, fake)
            variety = self.seen[1]
            if step % _VARIETY == 0:
                with torch.no_grad():
                    other = made_after(self.network, self.scaling, pair, pair.seed + 1)
                variety = (fake - other).abs().mean() / (fake - pair.real).abs().mean().clamp(min=1e-9)
            seen = torch.stack([self._right, variety])
            self.seen = seen if step == 0 else self.seen + torch.tensor([_SMOOTH, _OF_VARIETY]) * (seen - self.seen)
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
        return pair_of(self._histories[rows], self._real[rows], self.scaling, 2 * step)

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
        self._held = pair_of(histories, real, contest.scaling, 0)
        size = real.shape[1] * real.shape[2]
        self._onto = torch.randn(size, _PROJECTIONS, generator=generator) / size**0.5

    def batch(self, numbers: Tensor) -> Any:
        """Pairs come from the contest alone."""
        raise AssertionError

    def loss(self, network: nn.Module, batch: Pair) -> Tensor:
        """Nats per number, how much more real what really followed looks, and how far the moments are apart."""
        assert isinstance(network, DensityNetwork)
        fake = made_after(network, self._contest.scaling, batch, batch.seed)
        discriminator = self._contest.discriminator
        with torch.no_grad():
            real = realism_of(discriminator, batch, batch.real)
        looks = realism_of(discriminator, batch, fake)
        against = nn.functional.softplus(real - looks).mean() + _MOMENTS * moments(fake, batch.real)
        z = torch.cat([batch.x, batch.x[-1] + (batch.real * batch.size).cumsum(dim=0)])
        nats = nats_of(network, z, torch.from_numpy(self._contest.scaling.steps).float()).mean() / z.shape[-1]
        return nats + _AGAINST * against

    def validate(self, network: nn.Module) -> float:
        """The distance of generated to real held-out windows: sliced Wasserstein, of the changes."""
        pair = self._held
        assert isinstance(network, DensityNetwork)
        fake = made_after(network, self._contest.scaling, pair, pair.seed)
        both = [part.transpose(0, 1).flatten(1) @ self._onto for part in (fake, pair.real)]
        one, other = (part.sort(dim=0).values for part in both)
        return float((one - other).abs().mean())


def pair_of(histories: Tensor, real: Tensor, scaling: Scaling, seed: int) -> Pair:
    """Rows [B, H, D] and [B, T, D] as a pair; changes are in units of their size at the end of the history."""
    x, after, steps = histories.transpose(0, 1), real.transpose(0, 1), torch.from_numpy(scaling.steps).float()
    changes = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / steps
    size = sizes_of(changes, torch.from_numpy(scaling.holds))[0][-1]
    return Pair(x, changes / size, size * steps, torch.cat([x[-1:], after]).diff(dim=0) / (size * steps), seed)


def made_after(network: DensityNetwork, scaling: Scaling, pair: Pair, seed: int) -> Tensor:
    """The changes [T, B, D] of rows that are drawn after a pair's history, in its units."""
    generator = torch.Generator().manual_seed(seed)
    made = rows_after(network, scaling, pair.x, len(pair.real), generator)
    return torch.cat([pair.x[-1:], made]).diff(dim=0) / pair.size


def fit_adversary(
    begun: Member[DensityNetwork],
    parts: tuple[Stretches, Stretches],
    scaling: Scaling,
    recipe: Recipe,
    *,
    run: Run,
    name: str,
) -> tuple[Member[DensityNetwork], tuple[str, ...]]:
    """Train a network that was learnt by likelihood on against a discriminator, and say how it went.

    Of its states the one is kept whose held-out windows are nearest to real ones.
    """
    seat = Seat(name, 0, 1, recipe.seed)
    network = deepcopy(begun.network)
    network.dropout = 0.0  # what it draws has no noise but its own
    with seat.drawing():
        discriminator = SeriesDiscriminator(len(scaling.own), recipe.cell, recipe.network.hidden)
    rows = min(recipe.window, _ROWS)
    learnt, held = (pairs_of(part, rows, _PAIRS, whole=recipe.whole, history=PAST) for part in parts)
    if not len(held[1]):
        held = learnt[0][-_HELD_PAIRS:], learnt[1][-_HELD_PAIRS:]
    contest = Contest(network, discriminator, learnt, scaling, recipe.seed)
    options = training_of(recipe.training)
    count = STEPS if options.epochs is None else min(STEPS, options.steps(len(learnt[1])))
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
