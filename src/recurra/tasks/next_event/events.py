"""What a model of what comes next is trained on and asked about: events of a log, with those before them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.events.games import GameColumns
from recurra.data.events.log import EventLog, merged
from recurra.data.events.reading import EventColumns, identifiers
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.names import require_columns
from recurra.errors import InputError
from recurra.language import _
from recurra.tasks.next_event.splitting import Cut, questions

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Usage:
    """How a log is read, and what is asked of it; `columns` is None for a model that was not fitted to a table."""

    columns: EventColumns | None
    cut: Cut
    least: int
    wanted: tuple[str, ...] = ()
    games: GameColumns | None = None


@dataclass(frozen=True, eq=False)
class Events:
    """Those at `places` of a log, None: all of them; `items` are features by item, where there is a table of them."""

    log: EventLog
    items: pd.DataFrame | None = None
    places: Ints | None = None

    def __len__(self) -> int:
        return len(self.log) if self.places is None else len(self.places)

    def take(self, rows: Ints) -> Events:
        """Some of them."""
        return replace(self, places=rows if self.places is None else self.places[rows])

    @property
    def alone(self) -> EventLog:
        """A log of these events and no others."""
        if self.places is None:
            return self.log
        mask = np.zeros(len(self.log), dtype=bool)
        mask[self.places] = True
        return self.log.keep(mask)

    @property
    def rows(self) -> Ints:
        """Their row numbers in the file, from 0, or their places in the log where there is no file."""
        places = np.arange(len(self.log)) if self.places is None else self.places
        return self.log.rows[places] if len(self.log.rows) else places

    def digest(self) -> str:
        """Another one wherever a value differs."""
        digest, log = hashlib.blake2b(digest_size=16), self.alone
        frame = pd.DataFrame({"user": log.users[log.owners], "item": log.items, **log.context})
        if log.times is not None:
            frame["time"] = log.times
        for part in (frame, None if self.items is None else self.items.reset_index()):
            if part is not None:
                digest.update(repr(list(part.columns)).encode())
                digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
        return digest.hexdigest()


def later_events(log: EventLog, later: EventLog, least: int) -> Events:
    """The questions of a `later` log, whose users may have a past in the one that is learnt from.

    Raises InputError where there is none.
    """
    whole = merged(log, later) if np.isin(later.users, log.users).any() else later
    asked_for = np.isin(whole.users, later.users)[whole.owners]
    if whole is not later:
        counts = dict(zip(log.users.tolist(), log.lengths.tolist(), strict=True))
        before = np.array([counts.get(user, 0) for user in whole.users.tolist()], dtype=np.int64)
        asked_for &= np.arange(len(whole)) - np.repeat(whole.offsets[:-1], whole.lengths) >= before[whole.owners]
    asked = questions(whole, asked_for, least)
    if not len(asked):
        raise InputError(_("the test events hold no event with another one before it: nothing can be asked"))
    return Events(whole, places=asked)


def asked_of(log: EventLog, until: float | None, least: int) -> tuple[Events, str]:
    """The questions of a log, those after the moment `until` where it has some, and what is to be said of them.

    Raises InputError where there is none.
    """
    every, note = np.ones(len(log), dtype=bool), ""
    if until is not None and log.times is not None and (log.times <= until).any():
        after = log.times > until
        if len(questions(log, after, least)):
            every = after
        else:
            note = _("No event is later than the training data: the model may have been trained on these very events.")
    asked = questions(log, every, least)
    if not len(asked):
        raise InputError(_("no history has two events: there is nothing to evaluate"))
    return Events(log, places=asked), note


def catalogue_of(items: Any, name: str, source: str) -> pd.DataFrame:
    """Features of items by item, whose column is called `name`; raises InputError for an item that comes twice."""
    items = pd.DataFrame(in_pandas(items))
    require_columns([name], [str(column) for column in items.columns], source, "")
    keys = identifiers(items[name], name, source)
    known = items.drop(columns=name).set_index(pd.Index(keys))
    if known.index.has_duplicates:
        twice = known.index[known.index.duplicated()][0]
        raise InputError(
            _("{source} describes the item {item!r} twice: give a row for each", source=source, item=twice)
        )
    return known
