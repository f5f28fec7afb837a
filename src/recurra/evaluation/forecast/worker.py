"""The baselines in a process of their own: `python -m recurra.evaluation.forecast.worker FOLDER`.

A plain subprocess, not a pool: it needs no `if __name__ == "__main__":` in the user's program and inherits no threads.
Numbers go in and out through files in the folder, never pickles.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recurra.errors import TrainingError
from recurra.evaluation.forecast.baselines import forecast_baselines, methods_for
from recurra.evaluation.forecast.steps import Steps
from recurra.language import _

_ENOUGH = 100_000  # rows before the first origin, unless twenty seasons are more
_INPUT, _TOLD, _OUTPUT, _COMPLAINTS, _DONE = "input.npz", "told.json", "output.parquet", "complaints", "done"
_LOOK = 0.2  # seconds between two looks at how far it is

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

    def result(self, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
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
        self._arrays = {
            "values": np.concatenate([np.asarray(h, dtype=np.float64) for h in histories]),
            "lengths": np.array([len(h) for h in histories], dtype=np.int64),
            "origins": np.concatenate([np.asarray(o, dtype=np.int64) for o in origins]),
            "counts": np.array([len(o) for o in origins], dtype=np.int64),
            "levels": np.asarray(levels, dtype=np.float64),
        }
        if events is not None:
            self._arrays["events"] = np.concatenate(events)
        self.forecasts = int(self._arrays["counts"].sum())
        self._told = {
            "horizon": horizon,
            "steps": asdict(steps),
            "methods": None if methods is None else list(methods),
            "needed": list(needed),
            "budget": budget,
        }

    def __enter__(self) -> BaselineWorker:
        self._folder = tempfile.TemporaryDirectory(prefix="recurra-")
        np.savez(Path(self._folder.name) / _INPUT, allow_pickle=False, **self._arrays)
        (Path(self._folder.name) / _TOLD).write_text(json.dumps(self._told), encoding="utf-8")
        self._arrays = {}  # the other process has them now
        # -P: a numbers.py in the current folder must not stand in for Python's own.
        command = [sys.executable, "-P", "-m", "recurra.evaluation.forecast.worker", self._folder.name]
        # Its own session: Ctrl-C in the terminal stops the training, not the baselines that it is compared with.
        # The pipe says when this process is gone, even if it was killed: the other one then leaves too.
        # Complaints go to a file: a pipe that nobody reads yet could fill up and hold the process.
        with (Path(self._folder.name) / _COMPLAINTS).open("wb") as complaints:
            self._process = subprocess.Popen(
                command, stdout=complaints, stderr=complaints, stdin=subprocess.PIPE, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._folder.cleanup()

    def ready(self) -> bool:
        """Whether `result` will not have to wait."""
        return self._process.poll() is not None

    def result(self, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
        """The frame of `forecast_baselines`; `progress` is told how many of the `forecasts` are done while it waits."""
        done = Path(self._folder.name) / _DONE
        while progress is not None and self._process.poll() is None:
            progress(done.stat().st_size if done.exists() else 0)
            time.sleep(_LOOK)
        self._process.wait()
        complaint = (Path(self._folder.name) / _COMPLAINTS).read_bytes()
        if self._process.returncode != 0:
            raise TrainingError(
                _(
                    "the process that computes the baselines ended with {returncode}: {complaint}",
                    returncode=self._process.returncode,
                    complaint=complaint.decode(errors="replace").strip()[-500:],
                )
            )
        path = Path(self._folder.name) / _OUTPUT
        frame = pd.read_parquet(path)
        pa.default_memory_pool().release_unused()  # or Arrow keeps as much as the frame takes
        frame["origin"] += self._first[frame["series"].to_numpy()]
        frame.attrs.update(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        return frame


def _leave_with_parent(folder: Path) -> None:
    os.read(0, 1)  # nothing is ever written: this returns when the other end is gone
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _work(folder: Path) -> None:
    arrays = np.load(folder / _INPUT, allow_pickle=False)
    told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
    histories = np.split(arrays["values"], np.cumsum(arrays["lengths"])[:-1])
    origins = np.split(arrays["origins"], np.cumsum(arrays["counts"])[:-1])
    events = None
    if "events" in arrays:
        events = np.split(arrays["events"], np.cumsum(arrays["lengths"] + told["horizon"])[:-1])
    steps = Steps(**{**told["steps"], "seasons": tuple(told["steps"]["seasons"])})
    methods, left_out = told["methods"], {}
    if methods is None:
        methods, left_out = methods_for(histories, origins, steps, told["budget"], told["needed"])
    with (folder / _DONE).open("ab", buffering=0) as done:

        def tell(count: int) -> None:
            """A byte for every forecast: the size of the file says how far it is, and is never half written."""
            done.write(b"." * (count - done.tell()))

        frame = forecast_baselines(
            histories,
            origins,
            told["horizon"],
            steps,
            levels=tuple(arrays["levels"].tolist()),
            methods=methods,
            progress=tell,
            events=events,
        )
    said = {"fallbacks": frame.attrs["fallbacks"], "left_out": left_out}
    frame.attrs = {}
    frame.to_parquet(folder / _OUTPUT, index=False)
    (folder / _OUTPUT).with_suffix(".json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, args=(Path(sys.argv[1]),), daemon=True).start()
    _work(Path(sys.argv[1]))
