"""Which past events spoke for a proposal: how far its score falls when one of them is taken out of the history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.events.log import EventLog
from recurra.data.examples.ragged import offsets_of
from recurra.evaluation.ranking.ranks import best, forget_seen
from recurra.tasks.next_event.model import NextEventModel

Ints = npt.NDArray[np.int64]

LATEST = 30  # events of a history that are taken out, one after the other


def explain_last(model: NextEventModel, log: EventLog, top: int = 1) -> pd.DataFrame:
    """user, proposal, event (from 1), item, attribution: of the first `top` proposals after each history.

    An attribution is the logarithm of the proposal's share with the event, less that without it.
    """
    frames = [_explained(model, log, number, top) for number in range(len(log.users))]
    columns = ["user", "proposal", "event", "item", "attribution"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _explained(model: NextEventModel, log: EventLog, number: int, top: int) -> pd.DataFrame:
    first, last = int(log.offsets[number]), int(log.offsets[number + 1])
    size = last - first
    taken = np.arange(max(first, last - LATEST), last)
    rows = [np.arange(first, last)]
    rows += [np.delete(rows[0], place - first) for place in taken] if size > 1 else []
    variants = _gathered(log, rows)
    encoded = model.reader.encode(variants)
    ends = encoded.offsets[1:]
    asked = model.asked(encoded, encoded.offsets[:-1], ends)
    scores = np.array(model.scorer(encoded, ends)(asked, slice(None)), dtype=np.float64)
    proposing = scores[:1].copy()
    if not model.recipe.keep_seen:
        forget_seen(proposing, asked.part(slice(0, 1)))
    proposals = best(proposing, min(top, scores.shape[1]))[0]
    logs = scores - np.log(np.exp(scores - scores.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
    logs -= scores.max(axis=1, keepdims=True)
    frames = [
        pd.DataFrame(
            {
                "user": log.users[number],
                "proposal": model.reader.items[item],
                "event": (taken if size > 1 else taken[:0]) - first + 1,
                "item": log.items[taken if size > 1 else taken[:0]],
                "attribution": logs[0, item] - logs[1:, item],
            }
        )
        for item in proposals.tolist()
    ]
    return pd.concat(frames, ignore_index=True)


def _gathered(log: EventLog, rows: list[Ints]) -> EventLog:
    every = np.concatenate(rows)
    return EventLog(
        np.arange(len(rows)).astype(object),
        offsets_of(np.array([len(each) for each in rows])),
        log.items[every],
        None if log.times is None else log.times[every],
        {name: values[every] for name, values in log.context.items()},
        np.zeros(0, np.int64),
    )
