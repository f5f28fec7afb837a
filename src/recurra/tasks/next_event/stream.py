"""A recommender that goes on after training: each user has a state, and an event is one step of the engine.

>>> import recurra as rc
>>> model = rc.NextEvent(training={"epochs": 1}, verbose=False).fit([["a", "b", "c"], ["a", "b"]] * 20)
>>> stream = model.stream(users=["anna", "ben"])
>>> stream.observe("anna", "a").recommend("anna", top=1)
['b']
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.events.habits import MIXED, Counted
from recurra.data.events.log import EventLog
from recurra.data.events.reader import clock_inputs
from recurra.errors import InputError, ModelFileError
from recurra.evaluation.ranking.prefixes import Prefixes
from recurra.kernels.best import best_of
from recurra.language import _, counted
from recurra.state_file import read_state, write_state
from recurra.tasks.next_event.model import NextEventModel

Ints = npt.NDArray[np.int64]

_DEPTH = 200  # events of a user that counting methods look back on
_MAGIC = "recurra event stream"
_NEVER = np.float32(-np.inf)


class EventStream:
    """Users, each with a state; `observe` an event, `recommend` what comes next, at any time.

    The network is that of the model, and its weights are copied. What counting methods add in `predict` is added by
    `recommend(blended=True)` from the last events of a user; it takes longer.
    """

    def __init__(self, model: NextEventModel, users: Sequence[Any], threads: int | None) -> None:
        if len(model.members) != 1:
            raise InputError(
                _(
                    "a stream follows one network, and this model has {n}: train with members=1",
                    n=len(model.members),
                )
            )
        names = [str(user) for user in users]
        if not names or len(set(names)) < len(names):
            raise InputError(_("users holds a user twice, or none: expected each once"))
        network = model.members[0].network
        reader = model.reader
        self.model, self.users = model, names
        self._numbers = {name: number for number, name in enumerate(names)}
        self._codes = {item: code for code, item in enumerate(reader.items, start=1)}
        self._items = np.array(reader.items, dtype=object)
        table = network.table.detach().numpy()
        self._table = np.concatenate([np.zeros((1, table.shape[1]), np.float32), table])
        self._stream = network.recurrence.stream(batch=len(names), threads=threads)
        self._scored = self._table[1:]  # [V, E]: a query is narrower than a state, and so is its product
        self._bias = network.cold_bias.detach().numpy()
        self._query_weight = network.query.weight.detach().numpy()
        self._query_bias = network.query.bias.detach().numpy()
        self._query = np.empty(table.shape[1], np.float32)
        self._found: dict[int, Ints] = {}  # for so many, to write to
        self._width = reader.width
        unknown = reader.encode(EventLog(np.array(["a"], object), np.array([0, 1]), np.array([""], object)))
        self._plain = unknown.inputs[0]
        self._x = np.zeros((1, self._table.shape[1] + self._width), np.float32)
        self._x[0, self._table.shape[1] :] = self._plain
        self._rows = np.zeros(1, np.int64)
        hidden = network.options.hidden
        self._hidden = np.zeros((len(names), hidden), np.float32)
        self._out = np.zeros((1, hidden), np.float32)
        self._scores = np.empty(len(reader.items), np.float32)
        self._past = np.zeros((len(names), _DEPTH), np.int64)  # the latest codes, round and round
        self._count = np.zeros(len(names), np.int64)
        self._seen: list[set[int]] = [] if model.recipe.keep_seen else [set() for _ in names]
        self._last: npt.NDArray[np.float64] = np.full(len(names), np.nan)
        self._habits = None if reader.habits is None else Counted(reader.habits, len(names))

    def __len__(self) -> int:
        return len(self.users)

    def observe(self, user: Any, item: Any, *, time: float | None = None, **context: Any) -> EventStream:
        """One more event of a user: one step of the network.

        `time` in seconds, where the model was trained with times; `context` by column. An item that is not known is
        read as unknown. Raises InputError for a user that the stream does not have.
        """
        number = self._number(user)
        code = self._codes.get(item if type(item) is str else str(item), 0)
        x = self._x
        x[0, : self._table.shape[1]] = self._table[code]
        if self._width:
            x[0, self._table.shape[1] :] = (
                self._plain
                if time is None and not context and self._habits is None
                else self._inputs([number], [time], [context], np.array([code]))[0]
            )
        self._rows[0] = number
        self._stream.step_rows(self._rows, x, self._out)
        self._hidden[number] = self._out[0]
        count = self._count[number]
        self._past[number, count % _DEPTH] = code
        self._count[number] = count + 1
        if self._seen:
            self._seen[number].add(code)
        return self

    def observe_many(
        self,
        users: Sequence[Any] | Ints,
        items: Sequence[Any] | Ints,
        *,
        times: Sequence[float] | None = None,
        context: Mapping[str, Sequence[Any]] | None = None,
    ) -> EventStream:
        """An event of each of several different users, in one step.

        `users` and `items` are names, or arrays of numbers: of users from 0, of items codes from 1 (`codes_of`).
        """
        numbers = _as_numbers(users)
        if numbers is None:
            numbers = np.array([self._number(user) for user in users], dtype=np.int64)
        codes = _as_numbers(items)
        if codes is None:
            codes = self.codes_of(list(items))
        x = np.empty((len(numbers), self._x.shape[1]), np.float32)
        x[:, : self._table.shape[1]] = self._table[codes]
        if self._width:
            if times is None and not context and self._habits is None:
                x[:, self._table.shape[1] :] = self._plain
            else:
                rows = [{name: values[k] for name, values in (context or {}).items()} for k in range(len(numbers))]
                x[:, self._table.shape[1] :] = self._inputs(
                    list(map(int, numbers)), [None] * len(numbers) if times is None else list(times), rows, codes
                )
        if len(numbers) == len(self.users) and bool((numbers == np.arange(len(numbers))).all()):
            self._stream.step(x, self._hidden)
        else:
            self._hidden[numbers] = self._stream.step_rows(numbers, x)
        self._remember(numbers, codes)
        return self

    def codes_of(self, items: Sequence[Any]) -> Ints:
        """The codes of items, from 1; 0 for unknown ones."""
        return np.array([self._codes.get(str(item), 0) for item in items], dtype=np.int64)

    def scores(self, user: Any, *, blended: bool = False) -> npt.NDArray[np.float32]:
        """The scores of all items [V] in the order of the model's `items_`."""
        number = self._number(user)
        query = np.dot(self._query_weight, self._hidden[number], out=self._query)
        query += self._query_bias
        scores = np.dot(self._scored, query, out=self._scores)
        scores += self._bias
        if not blended or not self.model.blend.methods:
            return scores
        last = int(self._count[number])
        past = self._past[number, np.arange(max(0, last - _DEPTH), last) % _DEPTH]
        asked = Prefixes(past, np.zeros(1, np.int64), np.array([len(past)]), len(self._items))
        helpers = {name: helper.scores(asked) for name, helper in self.model.helpers.items()}
        if self._habits is not None:
            helpers[MIXED] = self._habits.mixed(np.array([number]))
        return self.model.blend(scores[None], helpers)[0]

    def recommend(self, user: Any, top: int = 20, *, blended: bool = False) -> list[Any]:
        """The first `top` items, the likeliest first; those of the past are left out where the model does so."""
        if top < 1:
            raise InputError(_("top is {top}: expected a whole number of at least 1", top=top))
        scores = self.scores(user, blended=blended)
        if self._seen:
            scores[[code - 1 for code in self._seen[self._number(user)] if code]] = _NEVER
        found = self._found.get(top)
        if found is None:
            found = self._found[top] = np.empty(top, np.int64)
        return self._items[best_of(scores, found)].tolist()

    def begin(self, histories: EventLog) -> EventStream:
        """Bring users to the end of their histories, all at once. Raises InputError for a user that there is not."""
        reader = self.model.reader
        encoded = reader.encode(histories)
        words = reader.words(dict(histories.context), len(histories))
        for step in range(int(histories.lengths.max()) if len(histories.users) else 0):
            there = np.flatnonzero(histories.lengths > step)
            places = histories.offsets[there] + step
            numbers = np.array([self._number(histories.users[k]) for k in there], dtype=np.int64)
            x = np.concatenate([self._table[encoded.codes[places]], encoded.inputs[places]], axis=1)
            self._hidden[numbers] = self._stream.step_rows(numbers, np.ascontiguousarray(x, np.float32))
            self._remember(numbers, encoded.codes[places])
            if self._habits is not None:
                self._habits.after(numbers, encoded.codes[places], words[places])
            if histories.times is not None:
                self._last[numbers] = histories.times[places]
        return self

    def forget(self, user: Any) -> EventStream:
        """Let a user begin anew."""
        number = self._number(user)
        self._stream.reset([number])
        self._hidden[number], self._last[number] = 0.0, np.nan
        self._count[number] = 0
        if self._habits is not None:
            self._habits.forget(np.array([number]))
        if self._seen:
            self._seen[number].clear()
        return self

    def save(self, path: str | Path) -> None:
        """Write all users to a safetensors file: their states, their latest events, and which items they have seen."""
        write_state(path, _MAGIC, self._belongs(), self._kept())

    def load(self, path: str | Path) -> None:
        """Go on from what `save` wrote. Raises ModelFileError for that of another model, or of other users."""
        own = self._belongs()

        def check(path: Path, header: dict[str, Any]) -> None:
            for name, what in (("weights", _("another model")), ("users", _("other users"))):
                if header[name] != own[name]:
                    raise ModelFileError(_("{path} is the state of {what}", path=path, what=what))

        like = self._kept()
        found = read_state(path, _MAGIC, _("the state of users, as EventStream.save writes it"), like, check)
        for name, array in self._arrays().items():
            array[...] = found[name]
        if self._seen:
            rows = np.unpackbits(found["seen"].view(np.uint8), axis=1, count=len(self._items) + 1)
            self._seen = [set(np.flatnonzero(row).tolist()) for row in rows]
        self._hidden[:] = self._stream.outputs

    def _belongs(self) -> dict[str, str]:
        """Whose states a file holds."""
        digest = hashlib.blake2b("\0".join(self.users).encode(), digest_size=16).hexdigest()
        return {"weights": self._stream.fingerprint, "users": digest}

    def _arrays(self) -> dict[str, np.ndarray]:
        """What is written to and read back in its place."""
        own = {"past": self._past, "count": self._count, "last": self._last}
        habits = {} if self._habits is None else self._habits.arrays()
        return {**self._stream.arrays(), **own, **habits}

    def _kept(self) -> dict[str, np.ndarray]:
        if not self._seen:
            return self._arrays()
        seen = np.zeros((len(self.users), len(self._items) + 1), dtype=bool)
        for row, codes in zip(seen, self._seen, strict=True):
            row[list(codes)] = True
        return {**self._arrays(), "seen": np.packbits(seen, axis=1).view(np.int8)}

    def __repr__(self) -> str:
        return f"EventStream({counted(len(self.users), 'user')}, {counted(len(self._items), 'item')})"

    def _remember(self, numbers: Ints, codes: Ints) -> None:
        """The latest codes of different users."""
        self._past[numbers, self._count[numbers] % _DEPTH] = codes
        self._count[numbers] += 1
        if self._seen:
            for number, code in zip(numbers.tolist(), codes.tolist(), strict=True):
                self._seen[number].add(code)

    def _number(self, user: Any) -> int:
        found = self._numbers.get(user if type(user) is str else str(user))
        if found is None:
            raise InputError(_("the stream has no user {user!r}: name all users when it is made", user=user))
        return found

    def _inputs(
        self, numbers: list[int], times: Sequence[float | None], context: Sequence[Mapping[str, Any]], codes: Ints
    ) -> npt.NDArray[np.float32]:
        """What comes with events, as the network reads it."""
        reader = self.model.reader
        columns = {
            name: np.array([row.get(name, None) for row in context], dtype=object) for name in reader.features.names
        }
        parts = [reader.features.encode(columns, len(numbers))]
        if reader.gap is not None:
            given = np.array([np.nan if time is None else float(time) for time in times])
            gaps = np.log1p(np.maximum(given - self._last[numbers], 0.0)).astype(np.float32)
            parts.append(reader.gap_inputs(gaps))
            known = np.isfinite(given)
            self._last[np.array(numbers)[known]] = given[known]
        if reader.clock:
            given = np.array([np.nan if time is None else float(time) for time in times])
            parts.append(clock_inputs(given, len(numbers)))
        if self._habits is not None:
            parts.append(self._habits.after(np.array(numbers), codes, reader.words(columns, len(numbers))))
        return np.concatenate(parts, axis=1)


def _as_numbers(given: Any) -> Ints | None:
    """An array of numbers as it is, None for names."""
    return given.astype(np.int64, copy=False) if isinstance(given, np.ndarray) and given.dtype.kind in "iu" else None
