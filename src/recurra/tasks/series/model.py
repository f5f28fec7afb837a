"""A trained generator of series: its columns' units, the network, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recurra.ensemble.members import Member
from recurra.evaluation.generation.series import REPLAYED
from recurra.language import mark
from recurra.tasks.series.baselines import Continue, VectorAutoregression, WholeGaussian, blocks, replayed
from recurra.tasks.series.home import Home
from recurra.tasks.series.likelihood import go_on
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats, Ints
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import MANY, Stretches, history_of

BURN_IN = 200  # rows that are forgotten, behind real ones, before those from which series are generated


@dataclass(frozen=True, eq=False)
class SeriesModel:
    """What was learnt; `lengths` are those of the series.

    Of few series `home` says where each was, and `begun` [S, H, E] are rows that were generated long after its end:
    from there new ones go on, so that each is of the kind of one.
    Not kept in a file: `learnt`, the rows that it was learnt from, and `rival`, the model of the other method, both of
    which are compared with after a study.
    """

    recipe: Recipe
    scaling: Scaling
    members: tuple[Member[Any], ...]
    lengths: Ints
    begun: Floats | None = None
    home: Home | None = None
    held_out: dict[str, float] = field(default_factory=dict)  # by method: the discriminative score on held-out rows
    said: tuple[str, ...] = ()  # how the training went
    autoregression: VectorAutoregression | None = None
    gaussian: WholeGaussian | None = None
    learnt: Stretches | None = None
    rival: SeriesModel | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped a training."""
        return any(member.interrupted for member in self.members)

    @property
    def baselines(self) -> dict[str, Continue]:
        """What it is compared with, from the simplest on."""
        found: dict[str, Continue] = {}
        if self.learnt is not None:
            found[REPLAYED] = replayed(self.learnt, whole=self.recipe.whole)
            if not self.recipe.whole:
                found[mark("block bootstrap")] = blocks(self.learnt)
        if self.autoregression is not None:
            found[mark("VAR")] = self.autoregression.go_on
        if self.gaussian is not None:
            found[mark("Gaussian of whole series")] = self.gaussian.go_on
        return found

    def with_baselines(self, learnt: Stretches) -> SeriesModel:
        """The same with what it is compared with."""
        if self.recipe.whole:
            return replace(self, learnt=learnt, gaussian=WholeGaussian.learn(learnt, self.recipe.window))
        return replace(self, learnt=learnt, autoregression=VectorAutoregression.learn(learnt))

    def go_on(self, histories: Floats, rows: int, seed: int) -> Floats:
        """See `Continue`."""
        return go_on(self.members[0].network, self.scaling, histories, rows, seed)

    def with_beginnings(self, found: Stretches) -> SeriesModel:
        """The same with where new series begin, where few were learnt."""
        if self.recipe.whole or len(found) >= MANY:
            return self
        rows, home = history_of(self.recipe.window) * self.recipe.window, Home.of(found)
        begun = []
        for k in range(len(found)):
            made = self._long(found.part(k)[None, -rows:], BURN_IN + rows, self.recipe.seed, home.take(slice(k, k + 1)))
            begun.append(made[0, BURN_IN:])
        return replace(self, begun=np.stack(begun), home=home)

    def made(self, rows: int, seed: int) -> tuple[Floats, Ints]:
        """Rows [rows, D] from nothing, and where series begin and end among them [S + 1].

        Many series were learnt: as many begin from their start, each as long as one of those. Else one for each goes
        on.
        """
        if self.begun is not None and self.home is not None:
            count = min(len(self.begun), rows)
            lengths = np.full(count, rows // count) + (np.arange(count) < rows % count)
            every = self._long(self.begun[:count], int(lengths.max()), seed, self.home.take(slice(count)))
            ends = np.cumsum([0, *lengths])
        else:
            drawn = np.random.default_rng(seed).choice(self.lengths, size=-(-rows // max(1, int(self.lengths.min()))))
            ends = np.minimum(np.cumsum([0, *drawn]), rows)
            ends = ends[: int(np.searchsorted(ends, rows)) + 1]
            lengths = np.diff(ends)
            every = self.go_on(np.zeros((len(lengths), 1, len(self.scaling.own))), int(lengths.max()), seed)
        parts = [row[:length] for row, length in zip(every, lengths, strict=True)]
        return self.scaling.values(np.concatenate(parts)), ends

    def _long(self, begun: Floats, rows: int, seed: int, home: Home) -> Floats:
        return go_on(self.members[0].network, self.scaling, begun, rows, seed, home)
