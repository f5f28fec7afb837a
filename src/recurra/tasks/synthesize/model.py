"""A trained generator of rows: its columns' units, the network, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recurra.ensemble.members import Member, Seat
from recurra.evaluation.generation.series import REPLAYED
from recurra.language import mark
from recurra.nn.density import DensityNetwork, DensityOptions
from recurra.tasks.synthesize.rows import Floats
from recurra.tasks.synthesize.scaling import Scaling
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device
from recurra.training.threads import fitting_threads

BURN_IN = 200  # rows that are thrown away before the first that is given
_HELD, _BLOCK = 0.1, 6
Continue = Callable[[Floats, int, int], Floats]  # histories [B, H, E], rows, seed -> [B, rows, E]


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning."""

    cell: str
    network: DensityOptions
    window: int
    training: TrainingOptions
    seed: int


@dataclass(frozen=True, eq=False)
class VectorAutoregression:
    """z_t = b + z_{t-1} A_1 + ... + z_{t-p} A_p + e_t, errors drawn from a Gaussian of their covariance."""

    weights: Floats  # [p E + 1, E]
    factor: Floats  # [E, E]

    @staticmethod
    def learn(z: Floats) -> VectorAutoregression:
        """The order up to 4 that the Schwarz criterion takes (statsmodels)."""
        from statsmodels.tsa.api import VAR

        z = z + np.random.default_rng(0).normal(0, 1e-6, z.shape)
        found = VAR(z).fit(maxlags=4, ic="bic")
        order = max(1, found.k_ar)
        if not found.k_ar:
            found = VAR(z).fit(1)
        values, vectors = np.linalg.eigh(np.asarray(found.sigma_u))
        factor = vectors * np.sqrt(np.maximum(values, 0))
        assert len(found.params) == order * z.shape[1] + 1
        return VectorAutoregression(np.asarray(found.params, dtype=np.float64), factor)

    def go_on(self, histories: Floats, rows: int, seed: int) -> Floats:
        """See `Continue`."""
        rng, (count, _length, width) = np.random.default_rng(seed), histories.shape
        order = (len(self.weights) - 1) // width
        z = histories[:, -order:]
        for _step in range(rows):
            past = z[:, : -order - 1 : -1].reshape(count, -1)
            noise = rng.standard_normal((count, width)) @ self.factor.T
            z = np.concatenate([z, (self.weights[0] + past @ self.weights[1:] + noise)[:, None]], axis=1)
        return z[:, order:]


@dataclass(frozen=True, eq=False)
class SeriesModel:
    """What was learnt. `learnt`, the rows that it was learnt from, is compared with after a study: no file has it."""

    recipe: Recipe
    scaling: Scaling
    members: tuple[Member[DensityNetwork], ...]
    autoregression: VectorAutoregression | None = None
    learnt: Floats | None = None

    @property
    def baselines(self) -> dict[str, Continue]:
        """What it is compared with, from the simplest on."""
        found: dict[str, Continue] = {}
        if self.learnt is not None:
            found[REPLAYED] = self._replay
            found[mark("block bootstrap")] = self._blocks
        if self.autoregression is not None:
            found[mark("VAR")] = self.autoregression.go_on
        return found

    @torch.no_grad()
    def go_on(self, histories: Floats, rows: int, seed: int) -> Floats:
        """See `Continue`."""
        network, steps = self.members[0].network, torch.from_numpy(self.scaling.steps).float()
        low, high = (torch.from_numpy(each).float() for each in (self.scaling.low, self.scaling.high))
        past = torch.from_numpy(histories).float().transpose(0, 1)
        low, high = torch.minimum(low, past.amin(0)), torch.maximum(high, past.amax(0))
        generator = torch.Generator().manual_seed(seed)
        x, change = past, torch.cat([torch.zeros_like(past[:1]), past.diff(dim=0)]) / steps
        state, made = None, []
        with fitting_threads(network):
            for _step in range(rows):
                (pi, mean, scale), state = network.step(x[-1], change[-1], state)
                drawn = torch.minimum(
                    torch.maximum(x[-1] + network.draw((pi, mean, scale), generator) * steps, low), high
                )
                change, x = ((drawn - x[-1]) / steps)[None], drawn[None]
                made.append(drawn)
        return torch.stack(made, dim=1).double().numpy()

    def made(self, rows: int, seed: int) -> Floats:
        """Rows [rows, D] from nothing: from the mean on, the first thrown away."""
        begin = np.zeros((1, 2, len(self.scaling.own)))
        return self.scaling.values(self.go_on(begin, BURN_IN + rows, seed)[0, BURN_IN:])

    def _replay(self, histories: Floats, rows: int, seed: int) -> Floats:
        assert self.learnt is not None
        first = np.random.default_rng(seed).integers(0, len(self.learnt) - rows + 1, len(histories))
        return self.learnt[first[:, None] + np.arange(rows)]

    def _blocks(self, histories: Floats, rows: int, seed: int) -> Floats:
        """Changes in blocks of six, added to the last row."""
        assert self.learnt is not None
        changes, rng = np.diff(self.learnt, axis=0), np.random.default_rng(seed)
        first = rng.integers(0, len(changes) - _BLOCK + 1, (len(histories), -(-rows // _BLOCK)))
        drawn = changes[first[..., None] + np.arange(_BLOCK)].reshape(len(histories), -1, changes.shape[1])
        return histories[:, -1:] + drawn[:, :rows].cumsum(axis=1)


class RowsProblem:
    """The `training.Problem` of rows z [N, E]: windows of four times what judges, one from every second row."""

    lengths: Tensor | None = None

    def __init__(self, network: DensityNetwork, z: Floats, steps: Floats, window: int, device: torch.device) -> None:
        self.network: nn.Module = network.to(device)
        self._z = torch.from_numpy(z).float().to(device)
        self._steps = torch.from_numpy(steps).float().to(device)
        self._cut = int((1 - _HELD) * len(z))
        self._length = max(2, min(4 * window, self._cut // 2))

    @property
    def examples(self) -> int:
        """Windows."""
        return (self._cut - self._length) // 2

    def batch(self, numbers: Tensor) -> Tensor:
        """Windows [T + 1, B, E]."""
        at = 2 * numbers.to(self._z.device).long() + torch.arange(self._length + 1, device=self._z.device)[:, None]
        return self._z[at.clamp(max=self._cut - 1)]

    def loss(self, network: nn.Module, batch: Tensor) -> Tensor:
        """Nats per number of a row."""
        return self._nats(network, batch)

    def validate(self, network: nn.Module) -> float:
        """The same on the last rows."""
        with torch.no_grad():
            return float(self._nats(network, self._z[self._cut :, None]))

    def _nats(self, network: Any, z: Tensor) -> Tensor:
        change = z.diff(dim=0) / self._steps
        before = torch.cat([torch.zeros_like(change[:1]), change[:-1]])
        parts, _state = network(z[:-1], before)
        return -network.log_density(parts, change).mean() / z.shape[-1]


def network_of(recipe: Recipe, scaling: Scaling) -> DensityNetwork:
    """A fresh network, drawn from torch's global generator."""
    return DensityNetwork(
        len(scaling.own), recipe.cell, hidden=recipe.network.hidden, components=recipe.network.components, dropout=0.1
    )


def fit_rows(values: Floats, recipe: Recipe, *, run: Run, name: str) -> SeriesModel:
    """Learn rows [N, D]; the last of them end the training."""
    scaling = Scaling.of(values)
    seat = Seat(name, 0, 1, recipe.seed)
    with seat.drawing():
        network = network_of(recipe, scaling)
    z = scaling.scaled(values)
    problem = RowsProblem(network, z, scaling.steps, recipe.window, pick_device(run.device))
    record = seat.train(problem, recipe.training, run=run, watch=True)
    return SeriesModel(recipe, scaling, (Member(network, record),))
