"""The memory of a command and of the processes it starts, sampled from /proc (Linux) and told apart by stage.

A process holds what is resident (RSS). All together hold their proportional shares (PSS), in which a page of a library
that several have mapped counts once.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.05  # seconds between samples


@dataclass
class Measured:
    """Seconds, the peak of the main process and of all together (bytes), and both by stage: (seconds, main, all)."""

    seconds: float = 0.0
    main: int = 0
    together: int = 0
    stages: dict[str, tuple[float, int, int]] = field(default_factory=dict)


def measure(command: Sequence[str], stages: Mapping[str, str], last: str) -> Measured:
    """Run `command` to its end. A stage ends where the command prints a line that starts with its mark.

    `stages` maps marks to names, in the order in which they are printed; what follows the last of them is named
    `last`. Raises CalledProcessError where the command fails.
    """
    found = Measured()
    marks = dict(stages)
    now = [next(iter(marks.values()), last), 0.0]
    begin = time.perf_counter()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        done = threading.Event()

        def sample() -> None:
            while not done.wait(_EVERY):
                name, whole = now[0], family(process.pid)
                alone, shares = resident(process.pid), sum(map(proportional, whole))
                spent, main, together = found.stages.get(name, (0.0, 0, 0))
                found.stages[name] = (spent, max(main, alone), max(together, shares if len(whole) > 1 else alone))
                found.main = max(found.main, highest(process.pid))

        def turn(name: str) -> None:
            moment = time.perf_counter() - begin
            _, main, together = found.stages.get(now[0], (0.0, 0, 0))
            found.stages[now[0]] = (moment - now[1], main, together)
            now[:] = [name, moment]

        sampler = threading.Thread(target=sample)
        sampler.start()
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line}", end="", flush=True)
            reached = next((mark for mark in marks if line.startswith(mark)), None)
            if reached is not None:
                del marks[reached]
                turn(next(iter(marks.values()), last))
        process.wait()
        done.set()
        sampler.join()
        turn("")
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    found.seconds = time.perf_counter() - begin
    found.together = max(found.main, *(together for _, _, together in found.stages.values()))
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def highest(pid: int) -> int:
    """The most that a process has ever held, in bytes; the kernel's own count, which misses no moment.

    (`getrusage` would count what the parent held when it forked.)
    """
    return _field(Path(f"/proc/{pid}/status"), "VmHWM:")


def proportional(pid: int) -> int:
    """Bytes of memory that a process holds, its share of shared ones; 0 where it has ended."""
    return _field(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found += map(int, children.split())
    return found


def _field(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)
