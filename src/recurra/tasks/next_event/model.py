"""A trained model of what comes next: how events are read, networks, and counting methods where they add something.

    s_i = a log p_i(networks) + sum_m b_m log(p_i(m) + epsilon)

The last part of the training events, by time, is held out of a first training. It says how long to train, what the
other methods add (`RankBlend`), and how far numbers such as the next gap spread. Then everything is trained once more
on all events, for as long: what happened last is worth most to somebody who asks what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recurra.checking import require
from recurra.data.events.habits import MIXED
from recurra.data.events.log import EventLog
from recurra.data.events.reader import EncodedLog, EventReader
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.ranking.blend import RankBlend, fit_rank_blend, log_shares, questions_of
from recurra.evaluation.ranking.prefixes import Prefixes
from recurra.evaluation.ranking.rankers import (
    Histories,
    ItemRules,
    NGramRanker,
    OwnHistory,
    Popularity,
    SessionNeighbours,
    learn_rankers,
)
from recurra.language import mark
from recurra.nn.next_event import NextEventNetwork, NextEventOptions, hidden_of
from recurra.tasks.next_event.problem import NextEventProblem
from recurra.tasks.next_event.splitting import Cut, held_out
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

_FIRST = (mark("study with validation"), mark("training with validation"))  # what the first of two trainings is called
GAP = "gap"  # the number that stands for the time until the next event
_SCORES = 4 * 10**7  # of held-out questions and items together
_PLAIN = (Popularity,)  # methods that every other one knows better


@dataclass(frozen=True)
class NextNumber:
    """A number of the next event that is predicted: its column, or the gap; how it is scaled."""

    name: str
    mean: float
    spread: float

    def check(self) -> None:
        """Refuse a spread that is none."""
        require(self.spread > 0, f"{self.name} has no spread")


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning; `keep_seen`: items of the past may be proposed again."""

    cell: str
    members: int
    network: NextEventOptions
    training: TrainingOptions
    keep_seen: bool
    seed: int


@dataclass(frozen=True, eq=False)
class NextEventModel:
    """What was learnt; `rankers` are what it is compared with, and what `blend` takes from; `until` the last time."""

    recipe: Recipe
    reader: EventReader
    numbers: tuple[NextNumber, ...]
    members: tuple[Member[NextEventNetwork], ...]
    rankers: tuple[Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory, ...]
    blend: RankBlend
    counts: Ints
    until: float | None = None

    @property
    def baselines(self) -> tuple[Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory, ...]:
        """What it is compared with."""
        return self.rankers

    @property
    def helpers(self) -> dict[str, Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory]:
        """The methods that take part, by name."""
        used = self.blend.methods or {}
        return {ranker.name: ranker for ranker in self.rankers if ranker.name in used}

    def asked(self, log: EncodedLog, starts: Ints, ends: Ints) -> Prefixes:
        """Questions about the events before `ends`."""
        return Prefixes(log.codes, starts, ends, len(self.reader.items))

    def hidden(self, log: EncodedLog, places: Ints) -> list[torch.Tensor]:
        """The state of each network after the events at `places` [M]."""
        return [hidden_of(m.network, log.codes, log.inputs, log.offsets, places) for m in self.members]

    def scorer(self, log: EncodedLog, ends: Ints, *, alone: bool = False) -> _Scorer:
        """What scores all items for questions about what comes at `ends` [M]; `alone`: by the networks only."""
        return _Scorer(self, self.hidden(log, ends - 1), {} if alone else self.beside(log, ends), alone)

    def beside(self, log: EncodedLog, ends: Ints) -> dict[str, Floats]:
        """What is expected at `ends` by counting within the history, which the inputs of the event before end with."""
        return beside_of(self.reader, log, ends)

    def next_numbers(self, log: EncodedLog, ends: Ints) -> dict[str, Floats]:
        """By name the quantiles [M, levels] of numbers of the event at `ends`, in their own units; gaps in seconds."""
        if not self.numbers:
            return {}
        states = self.hidden(log, ends - 1)
        with torch.no_grad():
            every = [m.network.next_numbers(h) for m, h in zip(self.members, states, strict=True)]
        mean = torch.stack(every).mean(dim=0).double().numpy()
        found = {}
        for k, number in enumerate(self.numbers):
            values = mean[:, k] * number.spread + number.mean
            found[number.name] = np.expm1(np.clip(values, 0, 30)) if number.name == GAP else values
        return found


class _Scorer:
    """Scores of all items, a part of the questions at a time, as `ranks_of` asks for them."""

    def __init__(
        self, model: NextEventModel, states: Sequence[torch.Tensor], beside: Mapping[str, Floats], alone: bool
    ) -> None:
        self.model, self.states, self.beside, self.alone = model, states, beside, alone

    @torch.no_grad()
    def __call__(self, asked: Prefixes, places: slice | Ints) -> Floats:
        model = self.model
        total = sum(
            log_shares(m.network.scores(h[places]).numpy()) for m, h in zip(model.members, self.states, strict=True)
        )
        network = np.asarray(total) / len(model.members)
        if self.alone:
            return network
        others = {name: helper.scores(asked) for name, helper in model.helpers.items()}
        return model.blend(network, others | {name: scores[places] for name, scores in self.beside.items()})


def beside_of(reader: EventReader, log: EncodedLog, ends: Ints) -> dict[str, Floats]:
    """See `NextEventModel.beside`."""
    habits = reader.habits
    return {} if habits is None else {MIXED: log.inputs[ends - 1, -habits.items :]}


def fit_model(
    log: EventLog,
    reader: EventReader,
    recipe: Recipe,
    cut: Cut,
    *,
    wanted: Sequence[str],
    run: Run,
    name: str,
) -> NextEventModel:
    """Learn from a log: a first training that holds its last part out, and a second one on everything."""
    encoded = reader.encode(log)
    numbers, values = next_numbers_of(log, encoded, wanted)
    held = held_out(log, cut)
    everything = np.ones(len(log), dtype=bool)
    blend, share = RankBlend(), 1.0
    if len(held):
        before = np.ones(len(log), dtype=bool)
        before[held] = False
        if cut.by == "time" and log.times is not None:
            before = log.times < log.times[held].min()
        first = _train(encoded, values, reader, numbers, recipe, before, held, run=run, name=f"{name} with validation")
        record = first[0].record
        assert record is not None
        share = record.best_step / max(record.steps, 1)
        past = _past(log.keep(before), reader)
        rankers = learn_rankers(past)
        blend = _blended(first, reader, encoded, rankers, held)
        if first[-1].interrupted:
            return _made(recipe, reader, numbers, first, rankers, blend, log)
    members = _train(encoded, values, reader, numbers, recipe, everything, held[:0], run=run, name=name, share=share)
    return _made(recipe, reader, numbers, members, learn_rankers(_past(log, reader)), blend, log)


def refit(
    model: NextEventModel, log: EventLog, reader: EventReader, *, wanted: Sequence[str], run: Run, name: str
) -> NextEventModel:
    """The same learning on more events, with the weights that were found before."""
    encoded = reader.encode(log)
    numbers, values = next_numbers_of(log, encoded, wanted)
    record = model.members[0].record
    training, share = model.recipe.training, 1.0
    if record is not None and training.seconds is None:
        share = record.steps / max(training.steps(_examples(model, log)), 1)
    everything = np.ones(len(log), dtype=bool)
    members = _train(
        encoded, values, reader, numbers, model.recipe, everything, np.zeros(0, np.int64), run=run, name=name,
        share=min(share, 1.0),
    )  # fmt: skip
    return _made(model.recipe, reader, numbers, members, learn_rankers(_past(log, reader)), model.blend, log)


def _examples(model: NextEventModel, log: EventLog) -> int:
    from recurra.data.events.reader import windows
    from recurra.tasks.next_event.problem import LONGEST

    before = int((log.times <= model.until).sum()) if log.times is not None and model.until is not None else len(log)
    return max(1, round(len(windows(log.offsets, LONGEST)[0]) * before / max(len(log), 1)))


def next_numbers_of(
    log: EventLog, encoded: EncodedLog, wanted: Sequence[str]
) -> tuple[tuple[NextNumber, ...], npt.NDArray[np.float32]]:
    """The numbers that are learnt beside the item, and of each event [N, M] what they were, scaled."""
    columns: dict[str, Floats] = {}
    if np.isfinite(encoded.gaps).any():
        columns[GAP] = encoded.gaps
    columns |= {name: log.context[name] for name in wanted}
    numbers, values = [], []
    for name, column in columns.items():
        known = column[np.isfinite(column)]
        if not len(known):
            continue
        number = NextNumber(name, float(known.mean()), float(known.std()) or 1.0)
        numbers.append(number)
        values.append((column - number.mean) / number.spread)
    stacked = np.stack(values, axis=1) if values else np.zeros((len(log), 0))
    return tuple(numbers), stacked.astype(np.float32)


def _train(
    encoded: EncodedLog,
    values: npt.NDArray[np.float32],
    reader: EventReader,
    numbers: Sequence[NextNumber],
    recipe: Recipe,
    learnt: Bools,
    held: Ints,
    *,
    run: Run,
    name: str,
    share: float = 1.0,
) -> tuple[Member[NextEventNetwork], ...]:
    """The members, trained for a share of the steps that the options say."""
    members: list[Member[NextEventNetwork]] = []
    while len(members) < recipe.members and not (members and members[-1].interrupted):
        seat = Seat(name, len(members), recipe.members, recipe.seed)
        with seat.drawing():
            network = make_network(reader, numbers, recipe)
        problem = NextEventProblem(network, encoded, values, learnt, held, pick_device(run.device))
        steps = max(1, round(share * recipe.training.steps(problem.examples)))
        record = seat.train(problem, recipe.training.part(share), run=run, watch=True, steps=steps)
        members.append(Member(network, record))
    return tuple(members)


def make_network(reader: EventReader, numbers: Sequence[NextNumber], recipe: Recipe) -> NextEventNetwork:
    """A fresh network, drawn from torch's global generator."""
    features = torch.from_numpy(reader.item_features.copy())
    return NextEventNetwork(
        len(reader.items), reader.seen, features, reader.width, len(numbers), recipe.cell, recipe.network
    )


def _blended(
    members: tuple[Member[NextEventNetwork], ...],
    reader: EventReader,
    encoded: EncodedLog,
    rankers: Sequence[Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory],
    held: Ints,
) -> RankBlend:
    """What held-out questions say each method knows."""
    known = held[encoded.codes[held] > 0]
    most = max(1, min(questions_of(len(reader.items)), _SCORES // max(len(reader.items), 1)))
    known = known[np.linspace(0, len(known) - 1, min(len(known), most)).astype(np.int64)] if len(known) else known
    if not len(known):
        return RankBlend()
    starts = np.repeat(encoded.offsets[:-1], np.diff(encoded.offsets))[known]
    asked = Prefixes(encoded.codes, starts, known, len(reader.items))
    with torch.no_grad():
        total = sum(
            log_shares(
                m.network.scores(
                    hidden_of(m.network, encoded.codes, encoded.inputs, encoded.offsets, known - 1)
                ).numpy()
            )
            for m in members
        )
    others: dict[str, Floats] = {
        ranker.name: ranker.scores(asked) for ranker in rankers if not isinstance(ranker, _PLAIN)
    }
    others |= beside_of(reader, encoded, known)
    return fit_rank_blend(np.asarray(total) / len(members), others, encoded.codes[known] - 1)


def _past(log: EventLog, reader: EventReader) -> Histories:
    return Histories(reader.codes(log.items), log.offsets, log.times, len(reader.items))


def _made(
    recipe: Recipe,
    reader: EventReader,
    numbers: tuple[NextNumber, ...],
    members: tuple[Member[NextEventNetwork], ...],
    rankers: Sequence[Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory],
    blend: RankBlend,
    log: EventLog,
) -> NextEventModel:
    codes = reader.codes(log.items)
    counts = np.bincount(codes, minlength=len(reader.items) + 1)[1:].astype(np.int64)
    until = None if log.times is None or not len(log) else float(log.times.max())
    return NextEventModel(recipe, reader, numbers, members, tuple(rankers), blend, counts, until)


def repeats_share(log: EventLog) -> float:
    """The share of events whose item the same history had before."""
    if not len(log):
        return 0.0
    owners = log.owners
    codes = pd.factorize(log.items)[0].astype(np.int64)
    keys = owners * (int(codes.max()) + 1) + codes
    return float(1 - len(np.unique(keys)) / len(keys))
