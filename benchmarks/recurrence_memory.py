"""The peak memory of a training step, ours and torch's, each in a process of its own (Linux).

What counts is the peak during the steps above what the process held before them, with its layer and its input built.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from memory import highest, resident

import recurra.nn
from recurra.bench import Case
from recurra.bench.layers import make_pair

Row = dict[str, Any]
CASES = tuple(Case(cell, hidden, 64, 200) for cell in ("rnn", "gru", "lstm") for hidden in (64, 256))
STEPS, ROUNDS = 3, 3


def memory(seconds: float, cases: tuple[Case, ...] = CASES) -> list[Row]:
    """Megabytes that three training steps add, ours over torch's; medians of three processes each."""
    rows = []
    for case in cases:
        rounds = [(added("recurra", case), added("torch", case)) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
        sizes = {"layer": case.cell, "H": case.hidden, "B": case.batch, "T": case.steps}
        rows.append({**sizes, "ours, MB": ours / 1e6, "torch, MB": theirs / 1e6, "ours / torch": ours / theirs})
    return rows


def added(library: str, case: Case) -> int:
    """Bytes that training steps add to the peak of a fresh process."""
    sizes = [case.cell, *map(str, (case.hidden, case.batch, case.steps))]
    command = [sys.executable, __file__, library, *sizes, str(torch.get_num_threads())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    return int(done.stdout)


def main(library: str, cell: str, hidden: str, batch: str, steps: str, threads: str) -> None:
    """The process that is measured: print the bytes that are added."""
    torch.set_num_threads(int(threads))
    pair = make_pair(recurra.nn, torch.nn, Case(cell, int(hidden), int(batch), int(steps)))
    # One small step first: libraries load and threads start once in a process, whatever the size.
    small = make_pair(recurra.nn, torch.nn, Case(cell, int(hidden), 1, 1))
    which = ("recurra", "torch").index(library)
    small[which]()
    call, pid = pair[which], os.getpid()
    Path("/proc/self/clear_refs").write_text("5")  # the kernel's peak starts again from what is held now
    before = resident(pid)
    for _ in range(STEPS):
        call()
    print(highest(pid) - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
