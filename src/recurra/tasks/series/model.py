"""A trained generator of series: its columns' units, the network, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recurra.ensemble.members import Member
from recurra.evaluation.generation.series import REPLAYED
from recurra.language import mark
from recurra.tasks.series.baselines import Continue, VectorAutoregression, WholeGaussian, blocks, replayed
from recurra.tasks.series.likelihood import go_on
from recurra.tasks.series.recipe import Recipe
from recurra.tasks.series.rows import Floats, Ints
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import MANY, Stretches

BURN_IN = 200  # rows before the first that is given, where a series is not generated from its start


@dataclass(frozen=True, eq=False)
class SeriesModel:
    """What was learnt; `lengths` are those of the series.

    Not kept in a file: `learnt`, the rows that it was learnt from, and `rival`, the model of the other method, both of
    which are compared with after a study.
    """

    recipe: Recipe
    scaling: Scaling
    members: tuple[Member[Any], ...]
    lengths: Ints
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

    def made(self, rows: int, seed: int) -> tuple[Floats, Ints]:
        """Rows [rows, D] from nothing, and where series begin and end among them [S + 1].

        Many series were learnt: as many begin from their start, each as long as one of those. Else one goes on.
        """
        width = len(self.scaling.own)
        if len(self.lengths) < MANY:
            begin = np.zeros((1, 1 if len(self.lengths) > 1 else 2, width))
            found = self.go_on(begin, BURN_IN + rows, seed)[0, BURN_IN:]
            return self.scaling.values(found), np.array([0, rows])
        drawn = np.random.default_rng(seed).choice(self.lengths, size=-(-rows // max(1, int(self.lengths.min()))))
        ends = np.minimum(np.cumsum([0, *drawn]), rows)
        ends = ends[: int(np.searchsorted(ends, rows)) + 1]
        lengths = np.diff(ends)
        every = self.go_on(np.zeros((len(lengths), 1, width)), int(lengths.max()), seed)
        parts = [row[:length] for row, length in zip(every, lengths, strict=True)]
        return self.scaling.values(np.concatenate(parts)), ends
