"""Many sessions at a time: one call of the kernel, no session in another's, every refusal alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.serve.conftest import LIMITS

import recurra as rc
from recurra.serve.batching import Batcher
from recurra.serve.refusals import Refused
from recurra.serve.sessions import Job, Sessions
from recurra.serve.settings import Settings

COUNT = 40


def sessions_of(path: Path) -> Sessions:
    found = Sessions(rc.load(path), Settings(path, LIMITS), "digest")
    for k in range(COUNT):
        found.create(f"s{k}")
    return found


def test_calls_that_come_together_are_one_call(tagger: Path) -> None:
    sessions, together = sessions_of(tagger), []
    random = np.random.default_rng(0)
    letters = ["".join(random.choice(list("ACGT"), random.integers(1, 8))) for _ in range(COUNT)]

    async def all_at_once() -> list[Job]:
        batcher = Batcher(sessions, LIMITS, together.append)
        done = await asyncio.gather(*(batcher.step(Job(f"s{k}", list(text))) for k, text in enumerate(letters)))
        await batcher.close()
        batcher.stop()
        return done

    found = asyncio.run(all_at_once())
    assert together == [COUNT]
    assert sessions.largest == COUNT
    stream_of: Any = rc.load(tagger).stream
    for text, job in zip(letters, found, strict=True):
        stream = stream_of()
        assert [each["predicted"] for each in job.said] == [stream.step(letter) for letter in text]


def test_a_bad_row_is_refused_alone(forecaster: Path) -> None:
    sessions = sessions_of(forecaster)
    jobs = [Job(f"s{k}", [1.0 + k, {"nothing": 1} if k == 3 else 2.0]) for k in range(6)] + [Job("nobody", [1.0])]
    sessions.step(jobs)
    assert [isinstance(job.refusal, Refused) for job in jobs] == [k in (3, 6) for k in range(7)]
    assert [sessions.about(f"s{k}").steps for k in range(6)] == [0 if k == 3 else 2 for k in range(6)]


def test_a_session_steps_once_at_a_time_and_waiting_has_an_end(forecaster: Path) -> None:
    sessions = sessions_of(forecaster)

    async def crowd() -> list[Any]:
        batcher = Batcher(sessions, replace(LIMITS, waiting=3), lambda count: None)
        names = ["s0", "s0", "s1", "s2", "s3"]
        found = await asyncio.gather(*(batcher.step(Job(n, [1.0])) for n in names), return_exceptions=True)
        await batcher.close()
        late = await asyncio.gather(batcher.step(Job("s0", [1.0])), return_exceptions=True)
        batcher.stop()
        return [*found, *late]

    found = asyncio.run(crowd())
    assert [each.status if isinstance(each, Refused) else 200 for each in found] == [200, 409, 200, 200, 429, 503]
    assert sessions.about("s0").steps == 1


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 100])
def test_bytes_that_are_no_snapshot_are_refused(forecaster: Path, content: bytes) -> None:
    sessions = sessions_of(forecaster)
    with pytest.raises(Refused, match="no state of a session of this model"):
        sessions.create(snapshot=content)
    other = Sessions(rc.load(forecaster), Settings(forecaster, LIMITS), "another digest")
    with pytest.raises(Refused, match="no state of a session of this model"):
        other.create(snapshot=sessions.snapshot("s0"))
    assert sessions.count() == COUNT
