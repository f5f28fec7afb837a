"""A log of events as histories: the events of each user in order, with what comes with them, as they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recurra.data.examples.ragged import offsets_of

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EventLog:
    """U histories of N events in all, end to end.

    users     [U] what each history belongs to, as in the file
    offsets   [U + 1] where each begins
    items     [N] the identifiers of items, as text
    times     [N] seconds since 1970, or the numbers of steps; None where only the order is known
    context   what comes with an event, by column: numbers [N] (NaN: missing) or texts [N] (None: missing)
    rows      [N] the row of the file, from 0
    """

    users: npt.NDArray
    offsets: Ints
    items: npt.NDArray
    times: npt.NDArray[np.float64] | None = None
    context: Mapping[str, npt.NDArray] = field(default_factory=dict)
    rows: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lengths(self) -> Ints:
        """The number of events of each user [U]."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> Ints:
        """The number of the user of each event [N]."""
        return np.repeat(np.arange(len(self.users)), self.lengths)

    def keep(self, mask: Bools) -> EventLog:
        """Only the events where `mask` [N] is true; users without one are gone."""
        owners = self.owners[mask]
        counts = np.bincount(owners, minlength=len(self.users))
        there = counts > 0
        return EventLog(
            self.users[there],
            offsets_of(counts[there]),
            self.items[mask],
            None if self.times is None else self.times[mask],
            {name: values[mask] for name, values in self.context.items()},
            self.rows[mask] if len(self.rows) else self.rows,
        )

    def ordered(self, order: Ints) -> EventLog:
        """The events in another order [N], in which those of each user still lie together at their places."""
        return EventLog(
            self.users,
            self.offsets,
            self.items[order],
            None if self.times is None else self.times[order],
            {name: values[order] for name, values in self.context.items()},
            self.rows[order] if len(self.rows) else self.rows,
        )

    @property
    def tied(self) -> Bools:
        """Whether an event [N] shares its time with its user's event before or after: their order is an artefact."""
        found = np.zeros(len(self), dtype=bool)
        if self.times is None or len(self) < 2:
            return found
        same = (self.times[1:] == self.times[:-1]) & (self.owners[1:] == self.owners[:-1])
        found[1:] |= same
        found[:-1] |= same
        return found

    def shuffled_ties(self, seed: int) -> EventLog:
        """The events that share a time in another order, at random; all others stay where they are."""
        assert self.times is not None
        noise = np.random.default_rng(seed).random(len(self))
        return self.ordered(np.lexsort([noise, self.times, self.owners]))


def merged(first: EventLog, second: EventLog) -> EventLog:
    """The histories of two logs with the same columns; a user of both has the events of the first before the second."""
    users = np.concatenate([first.users, second.users[~np.isin(second.users, first.users)]])
    numbers = {user: number for number, user in enumerate(users.tolist())}
    own = [
        np.array([numbers[user] for user in log.users.tolist()], dtype=np.int64)[log.owners] for log in (first, second)
    ]
    owners = np.concatenate(own)
    order = np.argsort(owners, kind="stable")
    times = None
    if first.times is not None and second.times is not None:
        times = np.concatenate([first.times, second.times])[order]
    return EventLog(
        users,
        offsets_of(np.bincount(owners, minlength=len(users))),
        np.concatenate([first.items, second.items])[order],
        times,
        {name: np.concatenate([first.context[name], second.context[name]])[order] for name in first.context},
        np.concatenate([first.rows, second.rows])[order],
    )
