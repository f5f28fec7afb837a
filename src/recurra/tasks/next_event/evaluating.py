"""A model of what comes next evaluated on questions beside every baseline, and what may deceive in the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.events.habits import MIXED
from recurra.data.events.log import EventLog
from recurra.data.events.reader import EncodedLog
from recurra.evaluation.ranking.evaluation import Ranks, evaluate_ranks, leading_of
from recurra.evaluation.ranking.prefixes import Prefixes
from recurra.evaluation.ranking.ranks import ranks_of
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.formatting import NumberStyle, percent
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.nn.next_event import LEVELS
from recurra.tasks.estimator import Done, nobody
from recurra.tasks.next_event.events import Events
from recurra.tasks.next_event.model import GAP, NextEventModel, next_numbers_of
from recurra.tasks.studied import Tested

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

ALONE = "network alone"
_TIED = 0.1  # of the questions whose order is an artefact, from which on it is said
_MOST = 30_000  # questions of the test part; of more they are spread evenly


@dataclass(frozen=True, eq=False)
class Ranked:
    """Where what came next was ranked, and how well the numbers that come with it were predicted."""

    ranks: Ranks
    numbers: pd.DataFrame


def evaluate_model(model: NextEventModel, data: Events, *, units: Ints | None = None, done: Done = nobody) -> Tested:
    """Rank what came at the places of `data` among all items, by the model and by every baseline.

    `units` [U] are numbers of the games that the histories belong to, which are drawn together; each by itself unless
    given.
    """
    log, asked = data.log, data.places
    assert asked is not None
    total = len(asked)
    if total > _MOST:
        asked = asked[np.unique(np.linspace(0, total - 1, _MOST).astype(np.int64))]
    encoded = model.reader.encode(log)
    keep = model.recipe.keep_seen
    prefixes, targets = _questions(model, encoded, asked), encoded.codes[asked]
    every: dict[str, Callable[[Prefixes, slice], Floats]] = {MODEL: model.scorer(encoded, asked)}
    for ranker in model.rankers:
        every[ranker.name] = _scores_of(ranker)
    if model.reader.habits is not None:
        mixed = model.beside(encoded, asked)[MIXED]
        every[MIXED] = lambda part, places: mixed[places]
    if model.blend.methods:
        every[ALONE] = model.scorer(encoded, asked, alone=True)
    ranks: dict[str, Ranks] = {}
    for number, (name, score) in enumerate(every.items(), start=1):
        ranks[name] = Ranks(*ranks_of(score, prefixes, targets, keep_seen=keep))
        done(round(total * number / len(every)))
    alone = ranks.pop(ALONE, None)
    owners = log.owners[asked] if units is None else units[log.owners[asked]]
    evaluation = evaluate_ranks(
        ranks,
        items=len(model.reader.items),
        counts=model.counts,
        owners=owners,
        unit="test session" if units is None else "test game",
    )
    notes = [*_named_in(evaluation), *_notes(model, log, encoded, asked, ranks[MODEL], alone)]
    if total > _MOST:
        notes.append(_("{n} questions were evaluated, evenly spaced among a larger number.", n=f"{len(asked):,}"))
    found = Ranked(ranks[MODEL], evaluate_numbers(model, log, encoded, asked))
    data = Events(log, data.items, asked)
    return Tested(model, data, found, replace(evaluation, notes=tuple(notes)), data.rows)


def _scores_of(ranker: object) -> Callable[[Prefixes, slice], Floats]:
    return lambda asked, places: ranker.scores(asked)  # type: ignore[attr-defined]


def _questions(model: NextEventModel, encoded: EncodedLog, asked: Ints) -> Prefixes:
    starts = np.repeat(encoded.offsets[:-1], np.diff(encoded.offsets))[asked]
    return model.asked(encoded, starts, asked)


def _named_in(evaluation: Evaluation) -> list[str]:
    """Why the verdict names another baseline than the one of the highest score."""
    verdict = evaluation.verdict
    if not verdict.use or verdict.use == verdict.best_baseline:
        return []
    return [
        _(
            "Of the baselines {best} has the highest score, {value}; the verdict names {method}, the simplest that "
            "does as well as far as this test can tell.",
            best=_(verdict.best_baseline),
            value=percent(float(evaluation.table[verdict.score].to_dict()[verdict.best_baseline])),
            method=_(verdict.use),
        )
    ]


def _notes(
    model: NextEventModel, log: EventLog, encoded: EncodedLog, asked: Ints, ours: Ranks, alone: Ranks | None
) -> list[str]:
    """What makes the scores doubtful, or lower than they could be."""
    notes = []
    lead = leading_of(len(model.reader.items))
    cold = encoded.codes[asked] == 0
    if cold.any():
        notes.append(
            _(
                "{cold} of {n} questions are about items that the model does not know; they count as missed.",
                cold=f"{int(cold.sum()):,}",
                n=f"{len(asked):,}",
            )
        )
    if not model.recipe.keep_seen:
        seen = _repeated(encoded, asked)
        if seen.any():
            notes.append(
                _(
                    "{share} of the questions are about items that the history had before; they count as missed, since "
                    "seen items are not proposed.",
                    share=percent(float(seen.mean())),
                )
            )
    if alone is not None:
        notes.append(
            _(
                "The network alone: {score} {value}; blended with: {methods}.",
                score=_(lead),
                value=percent(_leading(alone, lead)),
                methods=listing(
                    f"{method_name(name)} ({weight:.2f})" for name, weight in (model.blend.methods or {}).items()
                ),
            )
        )
    tied = log.tied[asked]
    if tied.mean() >= _TIED:
        notes.append(_tied_note(model, log, asked, ours, lead, float(tied.mean())))
    return notes


def _tied_note(model: NextEventModel, log: EventLog, asked: Ints, ours: Ranks, lead: str, share: float) -> str:
    """The shuffled control: what is left where the order of events that share a time is drawn at random."""
    shuffled = log.shuffled_ties(seed=0)
    encoded = model.reader.encode(shuffled)
    again = ranks_of(
        model.scorer(encoded, asked), _questions(model, encoded, asked), encoded.codes[asked],
        keep_seen=model.recipe.keep_seen,
    )  # fmt: skip
    return _(
        "{share} of the questions share their time with a neighbouring event, so that their order is an artefact of "
        "the file: {score} {ours} as the file has it, {shuffled} with such events shuffled. Believe the lower one.",
        share=percent(share),
        score=_(lead),
        ours=percent(_leading(ours, lead)),
        shuffled=percent(_leading(Ranks(*again), lead)),
    )


def _leading(ranks: Ranks, lead: str) -> float:
    top = 1 if lead == "accuracy" else 20
    return float((ranks.rank <= top).mean())


def _repeated(encoded: EncodedLog, asked: Ints) -> npt.NDArray[np.bool_]:
    """Whether the item at `asked` occurred before in its history."""
    owners = np.repeat(np.arange(len(encoded.offsets) - 1), np.diff(encoded.offsets))
    keys = owners * (int(encoded.codes.max()) + 1) + encoded.codes
    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return ~first[asked] & (encoded.codes[asked] > 0)


def evaluate_numbers(model: NextEventModel, log: EventLog, encoded: EncodedLog, asked: Ints) -> pd.DataFrame:
    """number, MAE, baseline MAE, coverage: of the numbers that come next, beside the median of the training part.

    The median of gaps is compared in logarithms, as the gaps of a log range over orders of magnitude.
    """
    if not model.numbers:
        return pd.DataFrame(columns=["number", "error", "median", "inside"])
    _numbers, scaled = next_numbers_of(log, encoded, [n.name for n in model.numbers if n.name in log.context])
    named = {number.name: number for number in _numbers}
    rows = []
    found = model.next_numbers(encoded, asked)
    places = {number.name: k for k, number in enumerate(_numbers)}
    for number in model.numbers:
        if number.name not in named:
            continue
        own = named[number.name]
        truth = scaled[asked, places[number.name]] * own.spread + own.mean
        said = found[number.name]
        if number.name == GAP:
            said = np.log1p(said)
        known = np.isfinite(truth)
        if not known.any():
            continue
        middle = LEVELS.index(0.5)
        plain = np.median(truth[known])
        inside = (truth >= said[:, 0]) & (truth <= said[:, -1])
        rows.append(
            (
                number.name,
                float(np.abs(truth - said[:, middle])[known].mean()),
                float(np.abs(truth - plain)[known].mean()),
                float(inside[known].mean()),
            )
        )
    return pd.DataFrame(rows, columns=["number", "error", "median", "inside"])


def numbers_said(frame: pd.DataFrame) -> list[str]:
    """A sentence for each number that comes next."""
    style = NumberStyle(3)
    return [
        _(
            "Next {number}: mean error {error} against {median} for always predicting the "
            "median{how}; {inside} inside the 80 % interval.",
            number=_(number),
            error=style.text(error),
            median=style.text(median),
            how=_(" (in logarithms)") if number == GAP else "",
            inside=percent(inside),
        )
        for number, error, median, inside in frame.to_numpy().tolist()
    ]
