"""The baselines in processes of their own: `python -m recurra.evaluation.forecast.worker FOLDER`.

Plain subprocesses, not a pool: they need no `if __name__ == "__main__":` in the user's program and inherit no threads.
Numbers go in and out through files in the folder, never pickles.

The series are shared out in parts, and a part is computed by the process that first claims it, which is the first to
make a file of its name. One process begins at once, beside the training; others help as soon as somebody waits. No
forecast depends on who computed it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from recurra.errors import TrainingError
from recurra.evaluation.forecast.baselines import forecast_baselines, methods_for, seconds_of
from recurra.evaluation.forecast.steps import Steps
from recurra.language import _

_ENOUGH = 100_000  # rows before the first origin, unless twenty seasons are more
_PARTS = 64  # into which the series are shared out, at most
_HELP = 6.0  # seconds of work left to each process, from which on one more is worth its start
_MOST = 8  # processes, each of which takes 0.2 GB
_TOLD, _OUTPUT = "told.json", "output"
_LOOK = 0.2  # seconds between two looks at how far they are

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


class PlainBaselines:
    """The baselines that need no fitting, computed here when they are asked for; used as `BaselineWorker` is."""

    def __init__(
        self,
        histories: Sequence[Floats],
        origins: Sequence[Ints],
        horizon: int,
        steps: Steps,
        levels: Sequence[float],
        events: Sequence[Ints] | None = None,
    ) -> None:
        self._data, self._steps, self._levels = (histories, origins, horizon), steps, tuple(levels)
        self._events = events
        self.forecasts = sum(len(ends) for ends in origins)

    def __enter__(self) -> PlainBaselines:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is to be ended."""

    def ready(self) -> bool:
        """Whether it takes no time."""
        return False

    def result(self, progress: Callable[[int], None] | None = None, processes: int = 1) -> pd.DataFrame:
        """The frame of `forecast_baselines`."""
        histories, origins, horizon = self._data
        methods, left_out = methods_for(histories, origins, self._steps, 0.0)
        frame = forecast_baselines(
            histories,
            origins,
            horizon,
            self._steps,
            levels=self._levels,
            methods=methods,
            progress=progress,
            events=self._events,
        )
        frame.attrs["left_out"] = left_out
        return frame


class BaselineWorker:
    """A context in which the baselines are computed beside whatever is done inside it; `result` waits for them."""

    def __init__(
        self,
        histories: Sequence[Floats],
        origins: Sequence[Ints],
        horizon: int,
        steps: Steps,
        levels: Sequence[float],
        events: Sequence[Ints] | None = None,
        *,
        methods: Sequence[str] | None = None,
        needed: Sequence[str] = (),
        budget: float | None = None,
    ) -> None:
        """The arguments of `forecast_baselines`; the methods are by default those of `methods_for`.

        Rows that no baseline would look at are not sent along.
        """
        enough = max(_ENOUGH, 20 * max(steps.seasons, default=1))
        self._first = np.array([max(0, int(o[0]) - enough) if len(o) else 0 for o in origins], dtype=np.int64)
        ends = [int(o[-1]) if len(o) else 0 for o in origins]
        histories = [h[first:end] for h, first, end in zip(histories, self._first, ends, strict=True)]
        if events is not None:
            parts = zip(events, self._first, ends, strict=True)
            events = [codes[first : end + horizon] for codes, first, end in parts]
        origins = [o - first for o, first in zip(origins, self._first, strict=True)]
        self._left_out: dict[str, str] = {}
        if methods is None:
            methods, self._left_out = methods_for(histories, origins, steps, budget, needed)
        self._seconds = sum(seconds_of(name, histories, origins, steps) for name in methods)
        counts = np.array([len(o) for o in origins], dtype=np.int64)
        self._arrays = {
            "values": np.concatenate([np.asarray(h, dtype=np.float64) for h in histories]),
            "lengths": np.array([len(h) for h in histories], dtype=np.int64),
            "origins": np.concatenate([np.asarray(o, dtype=np.int64) for o in origins]),
            "counts": counts,
        }
        if events is not None:
            self._arrays["events"] = np.concatenate(events)
        self.forecasts = int(counts.sum())
        self._parts = _shared_out(counts)
        self._told = {
            "horizon": horizon,
            "steps": asdict(steps),
            "levels": [float(level) for level in levels],
            "methods": list(methods),
            "parts": self._parts,
        }

    def __enter__(self) -> BaselineWorker:
        self._folder = tempfile.TemporaryDirectory(prefix="recurra-")
        folder = Path(self._folder.name)
        (folder / _OUTPUT).mkdir()
        for name, array in self._arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        (folder / _TOLD).write_text(json.dumps(self._told), encoding="utf-8")
        self._arrays = {}  # the other processes have them now
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        self._folder.cleanup()

    def ready(self) -> bool:
        """Whether `result` will not have to wait."""
        return self._finished() or self._failed() is not None

    def result(self, progress: Callable[[int], None] | None = None, processes: int = 1) -> pd.DataFrame:
        """The frame of `forecast_baselines`, computed by up to so many processes from now on.

        `progress` is told how many of the `forecasts` are done while it waits. Raises TrainingError where a process
        fails.
        """
        if not self.ready():
            self._help(processes)
        while not self.ready():
            if progress is not None:
                progress(self._done())
            running = [process for process in self._processes if process.poll() is None]
            with suppress(subprocess.TimeoutExpired):
                for process in running[:1]:
                    process.wait(_LOOK)
        failed = self._failed()
        if failed is not None:
            complaint = self._complaints(failed).read_bytes()
            raise TrainingError(
                _(
                    "the process that computes the baselines ended with {returncode}: {complaint}",
                    returncode=self._processes[failed].returncode,
                    complaint=complaint.decode(errors="replace").strip()[-500:],
                )
            )
        folder = Path(self._folder.name) / _OUTPUT
        frame = pa.concat_tables([parquet.read_table(path) for path in sorted(folder.iterdir())]).to_pandas()
        pa.default_memory_pool().release_unused()  # or Arrow keeps as much as the frame takes
        frame["origin"] += self._first[frame["series"].to_numpy()]
        fallbacks = [json.loads(path.read_text(encoding="utf-8")) for path in self._ended()]
        frame.attrs["fallbacks"] = {name: sum(part[name] for part in fallbacks) for name in self._told["methods"]}
        frame.attrs["left_out"] = self._left_out
        return frame

    def _help(self, processes: int) -> None:
        """Start as many more as have enough to do."""
        left = self._seconds * (1 - self._done() / max(self.forecasts, 1))
        free = len(self._parts) - len(list(Path(self._folder.name).glob("claim-*")))
        for _k in range(min(processes - 1, _MOST - 1, free, int(left / _HELP) - 1)):
            self._start()

    def _start(self) -> None:
        # -P: a numbers.py in the current folder must not stand in for Python's own.
        command = [sys.executable, "-P", "-m", "recurra.evaluation.forecast.worker", self._folder.name]
        # Its own session: Ctrl-C in the terminal stops the training, not the baselines that it is compared with.
        # The pipe says when this process is gone, even if it was killed: the other one then leaves too.
        # Complaints go to a file: a pipe that nobody reads yet could fill up and hold the process.
        with self._complaints(len(self._processes)).open("wb") as complaints:
            process = subprocess.Popen(
                command, stdout=complaints, stderr=complaints, stdin=subprocess.PIPE, start_new_session=True
            )
        self._processes.append(process)

    def _complaints(self, number: int) -> Path:
        return Path(self._folder.name) / f"complaints-{number}"

    def _done(self) -> int:
        """Forecasts: a byte of these files for each."""
        return sum(path.stat().st_size for path in Path(self._folder.name).glob("done-*"))

    def _ended(self) -> list[Path]:
        """What each part that is done said at its end."""
        return sorted(Path(self._folder.name).glob("ended-*.json"))

    def _finished(self) -> bool:
        return len(self._ended()) == len(self._parts)

    def _failed(self) -> int | None:
        """The number of a process that ended otherwise than well, or of any where all ended before the work did."""
        ends = [process.poll() for process in self._processes]
        if None not in ends and not self._finished() and not any(ends):
            return 0
        return next((k for k, code in enumerate(ends) if code not in (None, 0)), None)


def _shared_out(counts: Ints) -> list[list[int]]:
    """The first series of each part and the one after its last, with about as many forecasts in each."""
    at = np.linspace(0, counts.sum(), min(_PARTS, max(len(counts), 1)) + 1)
    ends = np.unique(np.searchsorted(np.concatenate([[0], np.cumsum(counts)]), at))
    ends[-1] = len(counts)  # with those at the end that are forecast from nowhere
    return [[int(first), int(end)] for first, end in pairwise(ends)] or [[0, len(counts)]]


def _leave_with_parent(folder: Path) -> None:
    os.read(0, 1)  # nothing is ever written: this returns when the other end is gone
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _work(folder: Path) -> None:
    """Claim one part after the other until none is left."""
    told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
    for k, (first, end) in enumerate(told["parts"]):
        if not _is_claimed(folder / f"claim-{k}"):
            _compute(folder, told, k, first, end)


def _is_claimed(claim: Path) -> bool:
    """Whether another process has the part; if not, it is claimed."""
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def _compute(folder: Path, told: dict[str, Any], number: int, first: int, end: int) -> None:
    """The forecasts of the series from `first` to before `end`."""
    lengths, counts = np.load(folder / "lengths.npy"), np.load(folder / "counts.npy")
    histories = _of_series(folder / "values.npy", lengths, first, end)
    origins = _of_series(folder / "origins.npy", counts, first, end)
    events = None
    if (folder / "events.npy").exists():
        events = _of_series(folder / "events.npy", lengths + told["horizon"], first, end)
    with (folder / f"done-{number}").open("ab", buffering=0) as done:

        def tell(count: int) -> None:
            """A byte for every forecast: the size of the file says how far it is, and is never half written."""
            done.write(b"." * (count - done.tell()))

        frame = forecast_baselines(
            histories,
            origins,
            told["horizon"],
            Steps(**{**told["steps"], "seasons": tuple(told["steps"]["seasons"])}),
            levels=told["levels"],
            methods=told["methods"],
            progress=tell,
            events=events,
        )
    fallbacks = frame.attrs.pop("fallbacks")
    frame.attrs = {}
    frame["series"] += first
    frame.to_parquet(folder / _OUTPUT / f"part-{number:02}.parquet", index=False)
    unfinished = folder / f"fallbacks-{number}"
    unfinished.write_text(json.dumps(fallbacks), encoding="utf-8")
    unfinished.rename(folder / f"ended-{number}.json")  # what it names is whole


def _of_series(path: Path, lengths: Ints, first: int, end: int) -> list[npt.NDArray]:
    """The arrays of the series from `first` to before `end`; of the others nothing is read."""
    at = np.concatenate([[0], np.cumsum(lengths)])
    part = np.array(np.load(path, mmap_mode="r" if at[-1] else None)[at[first] : at[end]])
    return np.split(part, at[first + 1 : end] - at[first])


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, args=(Path(sys.argv[1]),), daemon=True).start()
    _work(Path(sys.argv[1]))
