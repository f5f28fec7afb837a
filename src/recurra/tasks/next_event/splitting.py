"""The test part: the events after a moment, whole histories that begin later, or, without times, the last events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from recurra.data.events.log import EventLog
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.language import _, counted, mark
from recurra.options import option
from recurra.tasks.studied import Parts

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_HELD = 0.1  # of the training events that a first training holds out
_LEAST = 20  # questions below which nothing is held out


@dataclass(frozen=True)
class Cut:
    """How events are told apart: "time" cuts through histories, "histories" sets whole later ones aside."""

    by: Literal["time", "histories"] = "time"
    share: float = 0.2


BY_TIME, BY_HISTORY = (
    mark("events from {moment} on, {questions}"),
    mark("whole histories, the {n} that begin last, {questions}"),
)


def questions(log: EventLog, mask: Bools, least: int) -> Ints:
    """The places of events that are asked for: where `mask` [N] is true and `least` events came before."""
    before = np.arange(len(log)) - np.repeat(log.offsets[:-1], log.lengths)
    return np.flatnonzero(mask & (before >= least))


def later_part(log: EventLog, cut: Cut) -> Bools:
    """Whether an event [N] belongs to the last part."""
    if cut.by == "time" and log.times is not None:
        moment = np.quantile(log.times, 1 - cut.share, method="higher")
        return log.times >= moment
    if len(log.users) == 1:
        return np.arange(len(log)) >= round((1 - cut.share) * len(log))
    first = np.arange(len(log.users), dtype=np.float64)
    if log.times is not None:
        first = log.times[log.offsets[:-1]]
    order = np.argsort(first, kind="stable")
    chosen = np.zeros(len(log.users), dtype=bool)
    chosen[order[len(order) - max(1, round(cut.share * len(order))) :]] = True
    return chosen[log.owners]


def held_out(log: EventLog, cut: Cut) -> Ints:
    """The questions that a first training does not see; none where there are few."""
    found = questions(log, later_part(log, Cut(cut.by, _HELD)), 1)
    return found if len(found) >= _LEAST else found[:0]


def split_log(log: EventLog, cut: Cut, least: int) -> Parts:
    """The events that are learnt from, and of the later ones those that are asked for.

    Raises InputError where nothing is left to learn from or to be evaluated on.
    """
    later = later_part(log, cut)
    asked = questions(log, later, least)
    learnt = log.keep(~later)
    if not len(learnt) or learnt.lengths.max() < 2:
        raise InputError(
            _(
                "no data is left to train on before the test part: every history begins in it; pass "
                "a smaller {share}, or {split}",
                share=option("share"),
                split=option("split", "histories"),
            )
        )
    if not len(asked):
        raise InputError(
            _(
                "the test part holds no event with {events} before it: pass a larger {share}",
                events=counted(least, "event"),
                share=option("share"),
            )
        )
    told = counted(len(asked), "question")
    if cut.by == "time" and log.times is not None:
        moment = float(log.times[later].min())
        shown = f"{moment:g}"
        if moment > 1e7:
            shown = str(np.datetime64(round(moment), "s")).replace("T", " ")
        said = _(BY_TIME, moment=shown, questions=told)
    else:
        said = _(BY_HISTORY, n=len(np.unique(log.owners[later])), questions=told)
    return Parts(np.flatnonzero(~later), asked, [Fact(_("test part"), said, option("split"))])
