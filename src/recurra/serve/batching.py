"""Calls that wait are taken together: what comes while one call is computed goes into the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from recurra.serve.refusals import Refused
from recurra.serve.sessions import Job, Sessions
from recurra.serve.settings import Limits

T = TypeVar("T")


class Batcher:
    """One thread that computes, and the jobs that wait for it."""

    def __init__(self, sessions: Sessions, limits: Limits, seen: Callable[[int], None]) -> None:
        """`seen` is told of each call how many sessions step together."""
        self._sessions, self._limits, self._seen = sessions, limits, seen
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recurra-serve")
        self._waiting: list[tuple[Job, asyncio.Future[Job]]] = []
        self._busy: set[str] = set()
        self._running: asyncio.Task[None] | None = None
        self._asked = 0
        self.closing = False

    async def step(self, job: Job) -> Job:
        """The job, done. Raises Refused for a session that is stepping, too many jobs, and one that takes too long."""
        self._refuse()
        if job.name in self._busy:
            raise Refused(409, "busy", f"session {job.name!r} is stepping just now")
        done: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._busy.add(job.name)
        self._waiting.append((job, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())
        return await self._in_time(done)

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """A function of the sessions, in the thread that has them."""
        self._refuse()
        self._asked += 1
        loop = asyncio.get_running_loop()
        made = loop.run_in_executor(self._thread, function, *arguments)
        made.add_done_callback(self._answered)
        return await self._in_time(made)

    async def close(self) -> None:
        """No more calls; those that wait are done."""
        self.closing = True
        while self._running is not None and not self._running.done():
            await self._running

    def stop(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def at_last(self, function: Callable[[], T]) -> T:
        """A function in the thread, after everything else."""
        return self._thread.submit(function).result()

    def _refuse(self) -> None:
        if self.closing:
            raise Refused(503, "closing", "the server is going down", after=5)
        if len(self._waiting) + self._asked >= self._limits.waiting:
            raise Refused(429, "waiting", "as many calls wait as may", after=1)

    def _answered(self, made: asyncio.Future[Any]) -> None:
        self._asked -= 1
        if not made.cancelled():
            made.exception()  # of a caller who no longer waits

    async def _in_time(self, done: asyncio.Future[T]) -> T:
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._limits.seconds)
        except TimeoutError:
            if isinstance(done, asyncio.Future) and not done.done():
                self._withdraw(done)
            message = "not answered in time: where it had begun, it happens still, and the session's steps tell"
            raise Refused(503, "time", message, after=1) from None

    def _withdraw(self, done: asyncio.Future[Any]) -> None:
        """A job that has not begun does not happen."""
        for k, (job, future) in enumerate(self._waiting):
            if future is done:
                del self._waiting[k]
                self._busy.discard(job.name)
                return

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(0)  # let those in that are at the door
            taken, self._waiting = self._waiting, []
            jobs = [job for job, _future in taken]
            self._seen(len(jobs))
            failure: Exception | None = None
            try:
                await loop.run_in_executor(self._thread, self._sessions.step, jobs)
            except Exception as error:  # noqa: BLE001  # whoever waits is told, and others go on
                failure = error
            for job, future in taken:
                self._busy.discard(job.name)
                if future.cancelled() or future.done():
                    continue
                if failure is not None:
                    future.set_exception(failure)
                else:
                    future.set_result(job)
