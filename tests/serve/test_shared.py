"""Workers that share sessions through Redis: what one acknowledged the other goes on with, even after kill -9."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import recurra as rc
from recurra.serve.app import as_environment
from recurra.serve.settings import Limits, Settings


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server, which is not installed")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    arguments = ["--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", str(folder)]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


def worker(model: Path, redis: str) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    """A worker of its own port, as one of several behind a balancer is."""
    port = free_port()
    settings = Settings(model, Limits(seconds=120.0), redis=redis)
    options = f"factory=True, port={port}, log_level='error'"
    code = f"import uvicorn; uvicorn.run('recurra.serve.app:from_environment', {options})"
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | as_environment(settings))
    return process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=150)


def await_ready(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    until = time.monotonic() + 200
    while time.monotonic() < until:
        assert process.poll() is None, "the worker ended"
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the worker did not begin")


def test_two_workers_share_sessions_and_one_may_be_killed(tagger: Path, redis: str) -> None:
    (first, a), (second, b) = worker(tagger, redis), worker(tagger, redis)
    try:
        await_ready(first, a)
        await_ready(second, b)
        random = np.random.default_rng(1)
        texts = {f"s{k}": "".join(random.choice(list("ACGT"), 12)) for k in range(5)}
        for name in texts:
            assert a.post("/v1/sessions", json={"name": name}).status_code == 201
        assert b.post("/v1/sessions", json={"name": "s0"}).status_code == 409
        said: dict[str, list[Any]] = {name: [] for name in texts}
        for place in range(8):
            for k, (name, text) in enumerate(texts.items()):
                client = (a, b)[(place + k) % 2]
                answer = client.post(f"/v1/sessions/{name}/steps", json={"rows": [text[place]], "expected": place})
                assert answer.status_code == 200, answer.text
                said[name].append(answer.json()["said"][0]["predicted"])
        first.send_signal(signal.SIGKILL)
        first.wait()
        for name, text in texts.items():
            answer = b.post(f"/v1/sessions/{name}/steps", json={"rows": list(text[8:]), "expected": 8}).json()
            said[name] += [each["predicted"] for each in answer["said"]]
        model: Any = rc.load(tagger)
        for name, text in texts.items():
            stream = model.stream()
            assert said[name] == [stream.step(letter) for letter in text]
        assert b.delete("/v1/sessions/s0").status_code == 204
        assert b.get("/v1/sessions/s0").status_code == 404
        assert "recurra_sessions 4.0" in b.get("/metrics").text
    finally:
        for process, client in ((first, a), (second, b)):
            client.close()
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def test_a_session_that_another_worker_steps_is_busy(tagger: Path, redis: str) -> None:
    from recurra.serve.refusals import Refused
    from recurra.serve.sessions import Job, Sessions

    settings = Settings(tagger, redis=redis)
    mine, theirs = (Sessions(rc.load(tagger), settings, "shared") for _ in range(2))
    mine.create("a")
    assert theirs.shared is not None
    word = theirs.shared.lock("a")
    assert word is not None
    job = Job("a", ["A"])
    mine.step([job])
    assert isinstance(job.refusal, Refused)
    assert (job.refusal.status, job.refusal.code) == (409, "busy")
    theirs.shared.unlock("a", "another word")
    assert mine.shared is not None
    assert mine.shared.lock("a") is None
    theirs.shared.unlock("a", word)
    mine.step([again := Job("a", ["A"])])
    assert again.refusal is None
    assert theirs.about("a").steps == 1
    for each in (mine.shared, theirs.shared):
        each.close()
