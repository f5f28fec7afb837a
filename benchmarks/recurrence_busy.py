"""A training step while another process keeps one core busy, over the same step alone, in turns (Linux).

The other process is bound to the last core and stopped between its turns; ours may use every core, as always.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

import recurra.nn
from recurra.bench import Case, Disagreement
from recurra.bench.layers import make_pair
from recurra.bench.measuring import check_call

Row = dict[str, Any]
SPIN = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
CASES = (Case("rnn", 50, 32, 30), Case("gru", 64, 64, 100), Case("lstm", 128, 64, 100), Case("lstm", 512, 64, 50))


class Neighbour:
    """A process that does nothing, as fast as it can, on one core."""

    def __init__(self, core: int) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", SPIN, str(core)])
        time.sleep(0.3)  # until it spins
        self.rest()

    def work(self) -> None:
        """Go on; 20 ms later the scheduler knows of it."""
        self._process.send_signal(signal.SIGCONT)
        time.sleep(0.02)

    def rest(self) -> None:
        """Stand still."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(0.02)

    def leave(self) -> None:
        """End."""
        self._process.kill()
        self._process.wait()


@contextmanager
def neighbour() -> Iterator[Neighbour]:
    """A neighbour on the last core that this process may use."""
    other = Neighbour(max(os.sched_getaffinity(0)))
    try:
        yield other
    finally:
        other.leave()


def busy(seconds: float, cases: tuple[Case, ...] = CASES, rounds: int = 5) -> list[Row]:
    """How many times as long a step takes beside a busy core: ours and torch's, round by round."""
    rows = []
    with neighbour() as other:
        for case in cases:
            ours, theirs = make_pair(recurra.nn, torch.nn, case)
            row: Row = {"layer": case.cell, "H": case.hidden, "B": case.batch, "T": case.steps}
            try:
                check_call(ours, theirs)
            except Disagreement as error:
                rows.append({**row, **dict.fromkeys(HEADS, "-"), "refusal": str(error)})
                continue
            rows.append({**row, **_slower(ours, theirs, other, seconds, rounds), "refusal": ""})
    return rows


HEADS = ("ours alone, ms", "ours busy, ms", "ours slower by", "torch alone, ms", "torch busy, ms", "torch slower by")


def _slower(
    ours: Callable[[], object], theirs: Callable[[], object], other: Neighbour, seconds: float, rounds: int
) -> Row:
    """Each round: both alone, then both beside the neighbour; medians, and medians of the rounds' ratios."""
    times: list[tuple[float, ...]] = []
    begin = time.perf_counter()
    while len(times) < rounds or time.perf_counter() - begin < seconds:
        alone = [_timed(call) for call in (ours, theirs)]
        other.work()
        beside = [_timed(call) for call in (ours, theirs)]
        other.rest()
        times.append((alone[0], beside[0], beside[0] / alone[0], alone[1], beside[1], beside[1] / alone[1]))
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    return {head: value * 1e3 if head.endswith("ms") else value for head, value in zip(HEADS, medians, strict=True)}


def _timed(call: Callable[[], object], least: float = 0.1) -> float:
    """Seconds of a call, over as many as fill `least` seconds: some slices of the scheduler."""
    call()
    begin, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - begin) < least or count == 0:
        call()
        count += 1
    return spent / count
