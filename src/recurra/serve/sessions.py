"""Sessions by their names: each has a slot, what it said last, and, where there is Redis, its bytes there.

Everything here runs in one thread, that which computes: nothing is locked but against other workers.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recurra.errors import InputError, ModelFileError
from recurra.language import _
from recurra.options import option
from recurra.serve.keeping import SharedSessions, read_sessions, write_sessions
from recurra.serve.refusals import Refused
from recurra.serve.sealed import About, opened, sealed
from recurra.serve.settings import Settings
from recurra.tasks.estimator import Estimator
from recurra.tasks.slots import Slots, State

_FIRST, _CACHED = 64, 1024  # slots at the beginning; at most, where sessions are in Redis
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(eq=False)
class Job:
    """Rows that a session is to step, and what became of it: what is said after each row, or why not."""

    name: str
    rows: Sequence[Any]
    expected: int | None = None
    said: list[Any] = field(default_factory=list)
    refusal: Exception | None = None
    steps: int = 0


@dataclass(eq=False)
class _Live:
    """A session that has a slot. `content` are its bytes in Redis."""

    slot: int
    about: About
    used: float
    content: bytes | None = None


@dataclass(eq=False)
class _Moving:
    """A job whose session is stepping: what to put back where a row is refused, and the word that unlocks it."""

    job: Job
    live: _Live
    before: tuple[About, State] | None
    word: str | None


class Sessions:
    """All sessions of a worker."""

    def __init__(self, estimator: Estimator, settings: Settings, digest: str) -> None:
        self._estimator, self._settings = estimator, settings
        self._slots: Slots | None = None
        self._free: list[int] = []
        self._live: dict[str, _Live] = {}
        self._key = hashlib.sha256(f"{digest}:{settings.token or ''}".encode()).digest()
        limits = settings.limits
        self.shared = (
            None if settings.redis is None else SharedSessions(settings.redis, digest[:16], limits.idle, limits.seconds)
        )
        self.largest = 0  # sessions that stepped together

    # What is asked for

    def create(self, name: str | None = None, series: str | None = None, snapshot: bytes | None = None) -> str:
        """A session, new or from a snapshot; its name."""
        self.expire()
        if name is not None and not _NAME.fullmatch(name):
            raise Refused(400, "name", f"name is {name!r}: expected up to 64 letters, digits, _ and -")
        name = name or uuid.uuid4().hex
        if (self.shared.get(name) if self.shared else self._live.get(name)) is not None:
            raise Refused(409, "exists", f"there is a session {name!r} already")
        if self.count() >= self._settings.limits.sessions:
            raise Refused(429, "sessions", f"there are {self.count()} sessions, as many as there may be", after=60)
        try:
            slot = self._slot()
        except InputError as error:  # of a model that cannot go on step by step
            raise Refused(400, "session", str(error)) from error
        live = _Live(slot, About(series=series), time.monotonic())
        try:
            self._begin(live, snapshot)
        except (InputError, ModelFileError) as error:
            self._free.append(live.slot)
            raise Refused(400, "session", str(error)) from error
        self._live[name] = live
        self._keep(name, live)
        return name

    def step(self, jobs: Sequence[Job]) -> None:
        """Let each job's session take its rows; of a job in which one is refused nothing happens."""
        moving = [each for job in jobs if (each := self._entered(job)) is not None]
        for k in range(max((len(each.job.rows) for each in moving), default=0)):
            ready = [each for each in moving if each.job.refusal is None and k < len(each.job.rows)]
            self.largest = max(self.largest, len(ready))
            found = self._all_slots().step([each.live.slot for each in ready], [each.job.rows[k] for each in ready])
            for each, said in zip(ready, found, strict=True):
                if isinstance(said, Exception):
                    self._put_back(each, k, said)
                else:
                    each.job.said.append(said)
        for each in moving:
            self._left(each)

    def about(self, name: str) -> About:
        """What is known of a session."""
        return self._found(name).about

    def snapshot(self, name: str) -> bytes:
        """The state of a session."""
        live = self._found(name)
        return live.content if live.content is not None else self._sealed(live)

    def delete(self, name: str) -> None:
        """Forget a session."""
        live = self._live.pop(name, None)
        if live is not None:
            self._free.append(live.slot)
        there = self.shared.delete(name) if self.shared is not None else live is not None
        if not there:
            raise _unknown(name)

    def count(self) -> int:
        """How many sessions there are, of all workers."""
        return len(self._live) if self.shared is None else self.shared.count()

    def expire(self) -> None:
        """Forget the sessions that nobody used for long."""
        last = time.monotonic() - self._settings.limits.idle
        for name in [name for name, live in self._live.items() if live.used < last]:
            self._free.append(self._live.pop(name).slot)

    def coverage(self) -> dict[float, float]:
        """Of forecasts: the share of truths within the intervals of each level."""
        return {} if self._slots is None else self._slots.coverage()

    # Between two runs of the server

    def save(self) -> int:
        """Write all sessions to the file of the settings; how many there are."""
        if self._settings.state is None or self.shared is not None:
            return 0
        contents = {name: self._sealed(live) for name, live in self._live.items()}
        write_sessions(self._settings.state, contents)
        return len(contents)

    def load(self) -> int:
        """Go on with what `save` wrote; how many there are. Raises ModelFileError for another file, or model."""
        if self._settings.state is None or self.shared is not None:
            return 0
        found = read_sessions(self._settings.state)
        for name, content in found.items():
            live = _Live(self._slot(), About(), time.monotonic())
            try:
                self._begin(live, content)
            except ModelFileError as error:
                raise ModelFileError(
                    _(
                        "{path} holds the sessions of another model, or is damaged: delete it, or name another file "
                        "with {option}",
                        path=self._settings.state,
                        option=option("state"),
                    )
                ) from error
            self._live[name] = live
        return len(found)

    # Slots

    def _all_slots(self) -> Slots:
        if self._slots is None:
            self._slots = self._estimator.slots(min(_FIRST, self._most()), self._settings.levels)
            self._free = list(range(self._slots.count))[::-1]
        return self._slots

    def _most(self) -> int:
        limit = self._settings.limits.sessions
        return limit if self.shared is None else min(limit, _CACHED)

    def _slot(self) -> int:
        slots = self._all_slots()
        if not self._free and slots.count < self._most():
            self._grow(min(2 * slots.count, self._most()))
        if not self._free:  # all are in Redis: the one that was used least lately
            oldest = min(self._live, key=lambda name: self._live[name].used)
            self._free.append(self._live.pop(oldest).slot)
        return self._free.pop()

    def _grow(self, count: int) -> None:
        """More slots, of which the first ones are those that there were."""
        before = self._all_slots()
        after = self._estimator.slots(count, self._settings.levels)
        for live in self._live.values():
            after.begin(live.slot, live.about.series)
            after.put(live.slot, before.state(live.slot))
        self._free = list(range(before.count, count))[::-1]
        self._slots = after

    def _begin(self, live: _Live, snapshot: bytes | None) -> None:
        slots = self._all_slots()
        if snapshot is None:
            slots.begin(live.slot, live.about.series)
            return
        live.about, state = opened(snapshot, self._key)
        slots.begin(live.slot, live.about.series)
        slots.put(live.slot, state)

    def _sealed(self, live: _Live) -> bytes:
        return sealed(live.about, self._all_slots().state(live.slot), self._key)

    def _keep(self, name: str, live: _Live) -> None:
        if self.shared is not None:
            live.content = self._sealed(live)
            self.shared.put(name, live.content)

    def _found(self, name: str) -> _Live:
        """The session, with its slot as it stands in Redis; raises Refused where there is none."""
        live = self._live.get(name)
        if self.shared is None:
            if live is None:
                raise _unknown(name)
            live.used = time.monotonic()
            return live
        content = self.shared.get(name)
        if content is None:
            if live is not None:
                self._free.append(self._live.pop(name).slot)
            raise _unknown(name)
        if live is None:
            live = self._live[name] = _Live(self._slot(), About(), time.monotonic())
        live.used = time.monotonic()
        if live.content != content:
            self._begin(live, content)
            live.content = content
        return live

    # A step

    def _entered(self, job: Job) -> _Moving | None:
        """A job that may step; None where it is refused."""
        word = None
        try:
            if self.shared is not None and (word := self.shared.lock(job.name)) is None:
                raise _busy(job.name)
            live = self._found(job.name)
            if job.expected is not None and job.expected != live.about.steps:
                message = f"the session is at step {live.about.steps}, not at {job.expected}"
                raise Refused(409, "step", message)
        except Refused as refusal:
            job.refusal = refusal
            if self.shared is not None and word is not None:
                self.shared.unlock(job.name, word)
            return None
        before = None
        if len(job.rows) > 1:
            before = live.about, self._all_slots().state(live.slot)
        return _Moving(job, live, before, word)

    def _put_back(self, moving: _Moving, row: int, error: Exception) -> None:
        where = f"row {row + 1}: " if len(moving.job.rows) > 1 else ""
        moving.job.refusal, moving.job.said = Refused(400, "row", f"{where}{error}"), []
        if moving.before is not None:
            self._all_slots().put(moving.live.slot, moving.before[1])

    def _left(self, moving: _Moving) -> None:
        """What happened is kept; then others may step the session."""
        job, live = moving.job, moving.live
        if job.refusal is None:
            live.about = replace(live.about, steps=live.about.steps + len(job.rows), last=job.said[-1])
            self._keep(job.name, live)
        job.steps = live.about.steps
        if self.shared is not None and moving.word is not None:
            self.shared.unlock(job.name, moving.word)


def _unknown(name: str) -> Refused:
    return Refused(404, "session", f"there is no session {name!r}: it was deleted, expired, or never was")


def _busy(name: str) -> Refused:
    return Refused(409, "busy", f"session {name!r} is stepping just now")
