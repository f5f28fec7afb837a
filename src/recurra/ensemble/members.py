"""An ensemble: networks that learn the same from other first weights and other orders, whose outputs are averaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import pandas as pd
import torch
from torch import nn

from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.inspect import Watch, Watched
from recurra.inspect.several import said_of_nothing
from recurra.inspect.watched import from_bytes
from recurra.language import _
from recurra.nn.transformer import has_blocks
from recurra.options import option
from recurra.training import Run, TrainingOptions, TrainingRecord, train
from recurra.training.launch import train_on
from recurra.training.loop import Problem
from recurra.training.source import Source

Network = TypeVar("Network", bound=nn.Module, covariant=True)


@dataclass(frozen=True, eq=False)
class Member(Generic[Network]):
    """One network of an ensemble, and how it was trained (None after loading)."""

    network: Network
    record: TrainingRecord | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped its training."""
        return self.record is not None and self.record.interrupted

    def watched(self) -> Watched:
        """What was seen of its gradient's way through time in training; nothing after loading."""
        if self.record is None or self.record.watched is None:
            return Watched()
        return from_bytes(self.record.watched)


@dataclass(frozen=True)
class Seat:
    """The place of the member `number`, from 0, in an ensemble of `members`.

    `name` tells the ensemble's checkpoints from another's; `seed` is the ensemble's.
    """

    name: str
    number: int
    members: int
    seed: int

    @property
    def own_seed(self) -> int:
        """The seed of this member alone."""
        return self.seed * 1000 + self.number

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Inside, torch's generator draws this member's first weights; the caller's is left as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.own_seed)  # torch.manual_seed would move a GPU's generator too
            yield

    def train(
        self,
        problem: Problem,
        options: TrainingOptions,
        *,
        run: Run,
        watch: bool,
        steps: int | None = None,
        source: Source | None = None,
    ) -> TrainingRecord:
        """Train the problem's network, on as many processes as `run` says, and bring it back to the CPU to be used.

        `watch` where there is a way through time to be watched; a Transformer's is not. `steps` are by default those of
        `options`, `source` the shuffled examples; another one is trained by a single process.
        """
        if source is not None and run.devices * run.nodes > 1:
            raise InputError(
                _(
                    "{devices}: a sequence that is learnt in order is learnt by one process; leave it out",
                    devices=option("devices", run.devices),
                )
            )
        record = (partial(train_on, run.devices) if run.devices * run.nodes > 1 else partial(train, source=source))(
            problem,
            options,
            seed=self.own_seed,
            name=f"{self.name}-{self.number}",
            label=f"{_(self.name)} {self.number + 1}/{self.members}" if self.members > 1 else _(self.name),
            steps=steps or options.steps(problem.examples),
            run=run,
            watch=partial(Watch, clip_norm=options.clip_norm) if watch and not has_blocks(problem.network) else None,
        )
        problem.network.cpu().eval()
        return record


def remarks_of(members: Sequence[Member[Any]]) -> list[str]:
    """What went wrong beside the training of an ensemble, with its watchers and logs, each thing once."""
    seen = [member.watched() for member in members]
    remarks = [remark for member in members if member.record is not None for remark in member.record.remarks]
    if why := said_of_nothing(seen):
        remarks.insert(0, _("the gradient's flow through time was not recorded: {why}", why=why))
    return list(dict.fromkeys(remarks))


def stopped(members: Sequence[Member[Any]], passes: float | None) -> list[Fact]:
    """How far the training came that the user stopped; nothing of one that ended by itself, or of a loaded model."""
    record = next((member.record for member in members if member.record is not None and member.interrupted), None)
    if record is None:
        return []
    if passes is None:
        told = _("after {done:,} of {all:,} steps", done=record.done, all=record.steps)
    else:
        share = record.done / max(record.steps, 1)
        told = _("after {done:.3g} of {all:.3g} passes", done=passes * share, all=passes)
    return [Fact("stopped", told)]


def learning_curves(runs: Mapping[str, Sequence[Member[Any]]]) -> pd.DataFrame:
    """The learning curves of ensembles by the name of their `run`: a row per network (`member`) and validation."""
    frames = [
        member.record.frame().assign(run=run, member=number)
        for run, members in runs.items()
        for number, member in enumerate(members, start=1)
        if member.record is not None
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
