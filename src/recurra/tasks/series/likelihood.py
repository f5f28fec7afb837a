"""A generator of series learnt by likelihood: the density of every row given those before."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.linalg import solve_triangular
from torch import Tensor, nn
from torch.nn import functional

from recurra.ensemble.members import Member, Seat
from recurra.nn.density import CLAMPED, WAYS, DensityNetwork, Given, away_of, sizes_of, ways_of
from recurra.tasks.series.home import Home, back_to_mean
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import Stretches, Windows, history_of
from recurra.training import Run
from recurra.training.run import pick_device
from recurra.training.threads import fitting_threads

PASSES, MOST_STEPS = 8.0, 1500  # unless passes are given
_DROPOUT = 0.1
_AT_ONCE = 64
_STARTS = 4  # of a window: so many windows to be learnt begin in it
_LONG = 100  # rows after which a distance from home counts twice
_RIDGE, _LEAST = 0.03, 0.02  # of least squares; the least spread that a component begins with


class RowsProblem:
    """The `training.Problem` of series: windows as long as the histories of the evaluation."""

    lengths: Tensor | None = None

    def __init__(
        self, network: DensityNetwork, parts: tuple[Stretches, Stretches], steps: Floats, window: int, device: Any
    ) -> None:
        self.network: nn.Module = network.to(device)
        learnt, held = parts
        starts, rows = len(learnt) > 1, history_of(window) * window
        self._learnt = Windows(learnt, rows, max(1, window // _STARTS), starts=starts)
        self._held = Windows(held, rows, rows, starts=starts)
        self._steps = torch.from_numpy(steps).float().to(device)
        self._device = device

    @property
    def examples(self) -> int:
        """Windows."""
        return len(self._learnt)

    def batch(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Windows [T + 1, B, E], and which changes are there."""
        return self._learnt.read(numbers)

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Nats per number of a row."""
        total, count = self._nats(network, *batch)
        return total / count

    def validate(self, network: nn.Module) -> float:
        """The same on the held-out rows."""
        total = count = 0.0
        with torch.no_grad():
            for numbers in torch.arange(len(self._held)).split(_AT_ONCE):
                nats, some = self._nats(network, *self._held.read(numbers))
                total, count = total + float(nats), count + float(some)
        return total / max(count, 1.0)

    def _nats(self, network: Any, z: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        z, there = z.to(self._device), there.to(self._device)
        nats = torch.where(there, nats_of(network, z, self._steps), 0.0)
        return nats.sum(), there.sum() * z.shape[-1]


def nats_of(network: DensityNetwork, z: Tensor, steps: Tensor) -> Tensor:
    """-log p of every row of z [T + 1, B, E] but the first, given those before it: [T, B]."""
    change = z.diff(dim=0) / steps
    before = torch.cat([torch.zeros_like(change[:1]), change[:-1]])
    given, _state = network(z[:-1], before)
    return -network.log_density(given, change)


def network_of(recipe: Recipe, scaling: Scaling) -> DensityNetwork:
    """A fresh network, drawn from torch's global generator."""
    return DensityNetwork(
        len(scaling.own), recipe.cell, recipe.network, dropout=_DROPOUT, memory=memory_of(recipe), holds=scaling.holds
    )


def memory_of(recipe: Recipe) -> int:
    """Rows that the level of late remembers: half of a history; none where series are learnt from their start."""
    return 0 if recipe.whole else history_of(recipe.window) * recipe.window // 2


def fit_likelihood(
    parts: tuple[Stretches, Stretches], scaling: Scaling, recipe: Recipe, *, run: Run, name: str
) -> Member[DensityNetwork]:
    """Learn series; the held-out part ends the training."""
    seat = Seat(name, 0, 1, recipe.seed)
    with seat.drawing():
        network = network_of(recipe, scaling)
    linear = _least_squares(parts[0], scaling, memory_of(recipe))
    network.begin_at(*linear, followed=_followed(parts[0], scaling))
    problem = RowsProblem(network, parts, scaling.steps, recipe.window, pick_device(run.device))
    options = recipe.training
    steps = options.steps(problem.examples)
    if options.epochs is None:
        steps = int(min(MOST_STEPS, max(steps, PASSES * problem.examples / options.batch_size)))
    return Member(network, seat.train(problem, options, run=run, watch=True, steps=steps))


def _least_squares(found: Stretches, scaling: Scaling, memory: int) -> tuple[Tensor, ...]:
    """The linear part of the density: each column's change from the row, its changes, and the columns before it."""
    steps, holds = scaling.steps, torch.from_numpy(scaling.holds)
    designs, drawn = [], back_to_mean(found) / steps if memory else np.zeros_like(steps)
    for k in range(len(found)):
        x = torch.from_numpy(found.part(k)).unsqueeze(1)
        changes = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / torch.from_numpy(steps)
        size, _squares = sizes_of(changes, holds)
        away = away_of(x, memory)[0]
        given = torch.cat([torch.ones_like(x[..., :1]), away, (changes / size).clamp(-CLAMPED, CLAMPED)], dim=-1)
        designs.append(torch.cat([given[:-1], (changes[1:] / size[:-1]).clamp(-CLAMPED, CLAMPED)], dim=-1).squeeze(1))
        designs[-1][:, -len(steps) :] -= torch.from_numpy(drawn) * (x - away)[:-1, 0]
    every = torch.cat(designs).numpy()
    width, count = len(steps), every.shape[1]
    first = count - width
    r: np.ndarray = np.linalg.qr(np.concatenate([every, _RIDGE * np.eye(count)]), mode="r")  # pyright: ignore[reportAssignmentType]  # of this mode
    found_weights = np.zeros((width, count))
    for d in range(width):
        p = first + d
        found_weights[d, :p] = solve_triangular(r[:p, :p], r[:p, p])
    spread = np.clip(np.abs(np.diag(r))[first:] / np.sqrt(len(every)), _LEAST, 1.0)
    weights, scale, pull = (torch.from_numpy(each).float() for each in (found_weights, spread, drawn))
    return weights[:, 1:first], weights[:, 0], weights[:, first:], scale, pull


def _followed(found: Stretches, scaling: Scaling) -> Tensor:
    """How often a way of changing followed another one in each column [3, E, 3]; what never did, less than once."""
    steps, holds = scaling.steps, torch.from_numpy(scaling.holds)
    counts = torch.full((WAYS, len(steps), WAYS), 0.5)
    for k in range(len(found)):
        changes = torch.from_numpy(found.part(k)).float().diff(dim=0).unsqueeze(1) / torch.from_numpy(steps).float()
        if len(changes):
            ways = ways_of(changes, sizes_of(changes, holds)[0]).squeeze(1)
            pairs = functional.one_hot(ways[:-1], WAYS).float(), functional.one_hot(ways[1:], WAYS).float()
            counts += torch.einsum("tda,tdb->adb", *pairs)
    return counts / counts.sum(dim=-1, keepdim=True)


def rows_after(
    network: DensityNetwork,
    scaling: Scaling,
    x: Tensor,
    rows: int,
    generator: torch.Generator,
    home: Home | None = None,
) -> Tensor:
    """Rows [rows, B, E] that follow x [H, B, E], each drawn given all before it.

    A `home` [B] is for what goes on for long: where a column moves it is drawn back to its mean, and more so the longer
    it was away from it, so that small drifts do not add up; and it stays between the values that were learnt.
    """
    steps = torch.from_numpy(scaling.steps).float()
    low, high = scaling.bounds(x)
    mean = rate = x.new_zeros(x.shape[2])
    if home is not None:
        mean, low, high, rate = (torch.from_numpy(part).float() for part in (home.mean, home.low, home.high, home.rate))
    change = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / steps
    state, made = None, []
    if len(x) > 1:
        _given, state = network(x[:-1], change[:-1])
    now, last = x[-1], change[-1]
    away = torch.zeros_like(now)
    for _step in range(rows):
        given, state = network(now.unsqueeze(0), last.unsqueeze(0), state)
        given = Given(*(part[0] for part in given))
        moved = network.draw(given, generator) * steps
        if home is not None:
            away = away + (now - mean) / _LONG
            moved = torch.where(moved == 0, moved, moved + rate * (now - mean + away))
        drawn = scaling.within(now + moved, low, high)
        last, now = (drawn - now) / steps, drawn
        made.append(drawn)
    return torch.stack(made) if made else x[:0]


@torch.no_grad()
def go_on(
    network: DensityNetwork, scaling: Scaling, histories: Floats, rows: int, seed: int, home: Home | None = None
) -> Floats:
    """Rows [B, rows, E] that follow histories [B, H, E], each drawn given all before it; see `rows_after`."""
    x = torch.from_numpy(histories).float().transpose(0, 1)
    with fitting_threads(network):
        made = rows_after(network, scaling, x, rows, torch.Generator().manual_seed(seed), home)
    return made.transpose(0, 1).double().numpy()
