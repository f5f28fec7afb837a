"""A server under load: sessions whose every answer is checked, beside clients that vanish, never end or send rubbish.

    python benchmarks/serve_load.py                       # 500 sessions, 10 minutes
    python benchmarks/serve_load.py --sessions 50 --seconds 30

A tagger of letters is trained for a moment and served by `recurra serve` in a process of its own. Each session sends
letters one by one, over HTTP or a WebSocket, and compares what is said with what the model says offline of the same
letters; of a session that was crossed with another one some answer would be another tag or probability. Reported are
answers a second, their times, and the server's memory after a tenth of the time and at the end. It ends with 1 where an
answer is wrong, or none came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets

import recurra as rc

LETTERS = "ACGT"
STEPS = 40  # of a session, which then begins anew under another name


@dataclass
class Seen:
    """What happened."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    disturbed: int = 0
    lost: int = 0  # connections that broke


def make_model(path: Path) -> None:
    """A tagger that has learnt a little."""
    draw = np.random.default_rng(0)
    letters = ["".join(draw.choice(list(LETTERS), 20)) for _ in range(60)]
    tags = ["".join("x" if c in "AC" else "y" for c in each) for each in letters]
    network = {"hidden": 64, "bidirectional": False, "convolution": ()}
    rc.SequenceTagger(network=network, members=1, training={"epochs": 2}, verbose=False).fit(letters, tags).save(path)


def replay(path: Path, texts: list[str]) -> dict[str, list[dict[str, float]]]:
    """What the model says of each letter of each text."""
    model: Any = rc.load(path)
    found = {}
    for text in texts:
        stream = model.stream()
        names = list(map(str, model.model_.objective.labels.names))
        found[text] = [dict(zip(names, stream.step_proba(c).tolist(), strict=True)) for c in text]
    return found


async def again(client: Callable[[], Awaitable[None]], until: float, seen: Seen) -> None:
    """A client, which begins anew where its connection breaks."""
    while time.monotonic() < until:
        try:
            await client()
        except (httpx.TransportError, websockets.WebSocketException, OSError):
            seen.lost += 1


async def over_http(client: httpx.AsyncClient, texts: dict[str, Any], until: float, seen: Seen) -> None:
    """Sessions one after the other, each call one letter."""
    while time.monotonic() < until:
        text = random.choice(list(texts))
        answer = await client.post("/v1/sessions", json={})
        if answer.status_code != 201:
            seen.refused[answer.status_code] = seen.refused.get(answer.status_code, 0) + 1
            await asyncio.sleep(0.2)
            continue
        name = answer.json()["name"]
        for place, letter in enumerate(text):
            begun = time.perf_counter()
            answer = await client.post(f"/v1/sessions/{name}/steps", json={"rows": [letter], "expected": place})
            if answer.status_code != 200:
                seen.refused[answer.status_code] = seen.refused.get(answer.status_code, 0) + 1
                break
            seen.seconds.append(time.perf_counter() - begun)
            compare(answer.json(), texts[text][place], text, place, seen)
            if time.monotonic() > until:
                return
        await client.delete(f"/v1/sessions/{name}")


async def over_socket(address: str, client: httpx.AsyncClient, texts: dict[str, Any], until: float, seen: Seen) -> None:
    """The same over WebSockets; some are left without a word, in the middle."""
    while time.monotonic() < until:
        text = random.choice(list(texts))
        answer = await client.post("/v1/sessions", json={})
        if answer.status_code != 201:
            await asyncio.sleep(0.2)
            continue
        name = answer.json()["name"]
        leaves = random.randrange(len(text)) if random.random() < 0.3 else len(text)
        socket_ = await websockets.connect(f"ws://{address}/v1/sessions/{name}/live")
        for place, letter in enumerate(text[:leaves]):
            begun = time.perf_counter()
            await socket_.send(json.dumps({"rows": [letter]}))
            said = json.loads(await socket_.recv())
            seen.seconds.append(time.perf_counter() - begun)
            compare(said, texts[text][place], text, place, seen)
            if time.monotonic() > until:
                break
        if leaves < len(text):
            await socket_.send(json.dumps({"rows": [random.choice(LETTERS)]}))
            socket_.transport.abort()
            seen.disturbed += 1
        else:
            await socket_.close()
        await client.delete(f"/v1/sessions/{name}")


def compare(said: dict[str, Any], expected: dict[str, float], text: str, place: int, seen: Seen) -> None:
    """Note an answer that is another one than the model's."""
    found = said.get("said", [{}])[0].get("outputs", {})
    close = all(abs(found.get(name, np.inf) - value) < 1e-6 for name, value in expected.items())
    if said.get("steps") != place + 1 or not close:
        seen.wrong.append(f"letter {place} of {text}: {said} in place of {expected}")


async def disturb(host: str, port: int, until: float, seen: Seen) -> None:
    """Connections that send rubbish, begin a call and never end it, or are gone before they are answered."""
    while time.monotonic() < until:
        kind = random.randrange(4)
        body = b'{"rows": ["A"]}'
        head = b"POST /v1/sessions/nobody/steps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        send = {
            0: os.urandom(200),
            1: head + b"Content-Length: 1000\r\n\r\n" + body,  # never ends
            2: head + b"Content-Length: %d\r\n\r\n" % len(body) + body,  # is gone before the answer
            3: head + b"Content-Length: 7\r\n\r\n\xff\x00{[:,}",
        }[kind]
        try:
            _reader, writer = await asyncio.open_connection(host, port)
            writer.write(send)
            await writer.drain()
            await asyncio.sleep(random.random() * (3.0 if kind == 1 else 0.05))
            writer.transport.abort()
        except OSError:
            await asyncio.sleep(0.1)
        seen.disturbed += 1


def memory_of(process: int) -> int:
    """Resident bytes of a process, 0 where the system does not tell."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return 1024 * int(found.group(1)) if found else 0


async def load(port: int, texts: dict[str, Any], sessions: int, seconds: float, server: int) -> tuple[Seen, int, int]:
    """All clients at a time; what was seen, and the memory early and late."""
    seen, address = Seen(), f"127.0.0.1:{port}"
    until = time.monotonic() + seconds
    early = 0

    async def look() -> None:
        nonlocal early
        await asyncio.sleep(seconds / 10)
        early = memory_of(server)

    # a client each: one with hundreds of connections looks through all of them at every call
    async with AsyncExitStack() as stack:
        own = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=f"http://{address}", timeout=120, verify=False, trust_env=False)
            )
            for _ in range(sessions)
        ]
        sockets = sessions // 5
        clients = [again(partial(over_http, each, texts, until, seen), until, seen) for each in own[sockets:]]
        clients += [
            again(partial(over_socket, address, each, texts, until, seen), until, seen) for each in own[:sockets]
        ]
        clients += [disturb("127.0.0.1", port, until, seen) for _ in range(max(2, sessions // 25))]
        await asyncio.gather(look(), *clients)
    return seen, early, memory_of(server)


def main() -> int:
    """Serve, load, report; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600.0)
    given = parser.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tags.safetensors"
        make_model(path)
        draw = random.Random(0)
        texts = replay(path, ["".join(draw.choices(LETTERS, k=STEPS)) for _ in range(50)])
        command = [sys.executable, "-m", "recurra", "serve", str(path), "--port", str(port), "--seconds", "120"]
        command += ["--sessions", str(2 * given.sessions + 10)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            await_server(server, port)
            seen, early, late = asyncio.run(load(port, texts, given.sessions, given.seconds, server.pid))
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = 1000 * np.array(seen.seconds or [np.nan])
    print(f"{len(seen.seconds):,} answers of {given.sessions} sessions in {given.seconds:g} s")
    print(f"CPU: server {used.ru_utime + used.ru_stime:.0f} s, clients {time.process_time():.0f} s")
    print(f"p50 {np.quantile(times, 0.5):.1f} ms, p99 {np.quantile(times, 0.99):.1f} ms")
    print(
        f"{len(seen.wrong)} wrong; refused: {seen.refused or 'none'}; {seen.lost} connections lost; "
        f"{seen.disturbed} clients that disturb"
    )
    print(f"memory {early / 1e6:.0f} MB early, {late / 1e6:.0f} MB at the end")
    for line in seen.wrong[:5]:
        print(line)
    return 1 if seen.wrong or not seen.seconds else 0


def await_server(server: subprocess.Popen[bytes], port: int) -> None:
    """Until it answers."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit("the server ended")
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise SystemExit("the server did not begin")


if __name__ == "__main__":
    sys.exit(main())
