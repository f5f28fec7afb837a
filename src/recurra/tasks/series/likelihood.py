"""A generator of series learnt by likelihood: the density of every row given those before."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.linalg import solve_triangular
from torch import Tensor, nn

from recurra.ensemble.members import Member, Seat
from recurra.nn.density import CLAMPED, DensityNetwork, sizes_of
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import HISTORY, Stretches, Windows
from recurra.training import Run
from recurra.training.run import pick_device
from recurra.training.threads import fitting_threads

PASSES, MOST_STEPS = 8.0, 1500  # unless passes are given
_DROPOUT = 0.1
_AT_ONCE = 64
_RIDGE, _LEAST = 0.03, 0.02  # of least squares; the least spread that a component begins with


class RowsProblem:
    """The `training.Problem` of series: windows of four times those of the evaluation."""

    lengths: Tensor | None = None

    def __init__(
        self, network: DensityNetwork, parts: tuple[Stretches, Stretches], steps: Floats, window: int, device: Any
    ) -> None:
        self.network: nn.Module = network.to(device)
        learnt, held = parts
        starts = len(learnt) > 1
        self._learnt = Windows(learnt, HISTORY * window, 2, starts=starts)
        self._held = Windows(held, HISTORY * window, HISTORY * window, starts=starts)
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
        change = z.diff(dim=0) / self._steps
        before = torch.cat([torch.zeros_like(change[:1]), change[:-1]])
        given, _state = network(z[:-1], before)
        nats = torch.where(there, network.log_density(given, change), 0.0)
        return -nats.sum(), there.sum() * z.shape[-1]


def network_of(recipe: Recipe, scaling: Scaling) -> DensityNetwork:
    """A fresh network, drawn from torch's global generator."""
    return DensityNetwork(len(scaling.own), recipe.cell, recipe.network, dropout=_DROPOUT)


def fit_likelihood(
    parts: tuple[Stretches, Stretches], scaling: Scaling, recipe: Recipe, *, run: Run, name: str
) -> Member[DensityNetwork]:
    """Learn series; the held-out part ends the training."""
    seat = Seat(name, 0, 1, recipe.seed)
    with seat.drawing():
        network = network_of(recipe, scaling)
    network.begin_at(*_least_squares(parts[0], scaling.steps))
    problem = RowsProblem(network, parts, scaling.steps, recipe.window, pick_device(run.device))
    options = recipe.training
    steps = options.steps(problem.examples)
    if options.epochs is None:
        steps = int(min(MOST_STEPS, max(steps, PASSES * problem.examples / options.batch_size)))
    return Member(network, seat.train(problem, options, run=run, watch=True, steps=steps))


def _least_squares(found: Stretches, steps: Floats) -> tuple[Tensor, ...]:
    """The linear part of the density: each column's change from the row, its changes, and the columns before it."""
    designs = []
    for k in range(len(found)):
        x = torch.from_numpy(found.part(k)).unsqueeze(1)
        changes = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / torch.from_numpy(steps)
        size, _squares = sizes_of(changes)
        given = torch.cat([torch.ones_like(x[..., :1]), x, (changes / size).clamp(-CLAMPED, CLAMPED)], dim=-1)
        designs.append(torch.cat([given[:-1], (changes[1:] / size[:-1]).clamp(-CLAMPED, CLAMPED)], dim=-1).squeeze(1))
    every = torch.cat(designs).numpy()
    width, count = len(steps), every.shape[1]
    r: np.ndarray = np.linalg.qr(np.concatenate([every, _RIDGE * np.eye(count)]), mode="r")  # pyright: ignore[reportAssignmentType]  # of this mode
    first = count - width
    found_weights = np.zeros((width, count))
    for d in range(width):
        p = first + d
        found_weights[d, :p] = solve_triangular(r[:p, :p], r[:p, p])
    spread = np.clip(np.abs(np.diag(r))[first:] / np.sqrt(len(every)), _LEAST, 1.0)
    weights = torch.from_numpy(found_weights).float()
    return weights[:, 1:first], weights[:, 0], weights[:, first:], torch.from_numpy(spread).float()


@torch.no_grad()
def go_on(network: DensityNetwork, scaling: Scaling, histories: Floats, rows: int, seed: int) -> Floats:
    """Rows [B, rows, E] that follow histories [B, H, E], each drawn given all before it."""
    steps = torch.from_numpy(scaling.steps).float()
    x = torch.from_numpy(histories).float().transpose(0, 1)
    low, high = scaling.bounds(x)
    generator, holds = torch.Generator().manual_seed(seed), torch.from_numpy(scaling.holds)
    change = torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]) / steps
    state, made = None, []
    with fitting_threads(network):
        if len(x) > 1:
            _given, state = network(x[:-1], change[:-1])
        for _step in range(rows):
            given, state = network.step(x[-1], change[-1], state)
            drawn = (x[-1] + network.draw(given, generator, holds) * steps).maximum(low).minimum(high)
            change, x = ((drawn - x[-1]) / steps)[None], drawn[None]
            made.append(drawn)
    return torch.stack(made, dim=1).double().numpy() if made else np.zeros((len(histories), 0, x.shape[-1]))
