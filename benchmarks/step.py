"""One step at a time, NumPy in and out: a stream beside torch.nn and onnxruntime, and the exported C.

    python benchmarks/step.py                      # everything
    python benchmarks/step.py --only one many      # some questions
    python benchmarks/step.py --seconds 0.2        # to see that it works

Results are compared first; where they differ there is no figure, and the exit status is 1.

one: one row, layers of which a row's weights fit a core's cache, and two of which they do not. many: 10,000 rows at
once. source: the exported C, compiled with -O3 -march=native. random: 1,000 random networks, lengths and subsets of
rows, each step beside the whole sequence. torch.nn gets a tensor made of the array and gives an array back, its state
handed on, in inference mode. onnxruntime runs the exported model for one step, with as many threads, its state handed
on. Samples of less than a millisecond, of many rows of eight steps, take turns; a figure is the median, a ratio that of
the ratios, turn by turn.
"""

from __future__ import annotations

import argparse
import gc
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import torch
from common import ROOT, report
from step_random import random_networks

import recurra as rc
from recurra.deploy import export_c, export_onnx

Row = dict[str, Any]
SAMPLE = 4e-4  # seconds
REST = 0.03  # seconds, before a sample of several threads: those of the one before are asleep by then
CLOSE = 2e-5
ONE = (
    ("lstm", 16, 8),
    ("lstm", 64, 8),
    ("lstm", 128, 8),
    ("gru", 64, 8),
    ("rnn", 64, 8),
    ("gru", 256, 256),
    ("lstm", 512, 512),
)
KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


class Peers:
    """The same layer as a stream, as torch.nn and in onnxruntime: functions x -> y that keep their state."""

    def __init__(self, cell: str, hidden: int, features: int, rows: int, threads: int) -> None:
        torch.manual_seed(0)
        layer = getattr(rc.nn, KINDS[cell])(features, hidden)
        plain = getattr(torch.nn, KINDS[cell])(features, hidden)
        plain.load_state_dict(layer.state_dict())
        self.least = 8 if rows > 1 else 1  # steps of a sample
        self.x = np.random.default_rng(0).normal(size=(64, rows, features)).astype(np.float32)
        out = np.empty((rows, hidden), np.float32)
        stream = layer.stream(rows, threads=threads)
        self.calls: dict[str, Callable[[np.ndarray], np.ndarray]] = {
            "ours": lambda x: stream.step(x, out),
            "torch": _torch(plain),
            "onnxruntime": _onnx(layer, rows, threads),
        }

    def check(self) -> str:
        """What differs, or nothing."""
        for x in self.x[:8]:
            found = {name: np.array(call(x)) for name, call in self.calls.items()}
            for name, y in found.items():
                difference = float(np.abs(y - found["ours"]).max())
                if not difference <= CLOSE:
                    return f"{name} differs by {difference:.2g}"
        return ""

    def time(self, seconds: float) -> dict[str, list[float]]:
        """Seconds a step in each turn, of each."""
        samples: dict[str, list[float]] = {name: [] for name in self.calls}
        repeats = {
            name: max(self.least, int(SAMPLE / min(_sample(call, self.x, 1) for _ in range(20))))
            for name, call in self.calls.items()
        }
        end = time.perf_counter() + seconds
        gc.disable()
        while time.perf_counter() < end or len(samples["ours"]) < 15:
            order = list(self.calls.items())
            for name, call in order if len(samples["ours"]) % 2 else reversed(order):
                if self.least > 1:
                    time.sleep(REST)
                samples[name].append(_sample(call, self.x, repeats[name]))
        gc.enable()
        return samples


def one(seconds: float, threads: int, cases: Iterable[tuple[str, int, int]] = ONE) -> list[Row]:
    """Microseconds a step of one row."""
    return [
        _beside(f"{cell} {hidden}, {features} inputs", Peers(cell, hidden, features, 1, threads), seconds)
        for cell, hidden, features in cases
    ]


def many(seconds: float, threads: int, rows: int = 10_000) -> list[Row]:
    """Steps a second of many rows at once."""
    row = _beside(f"lstm 64, 8 inputs, {rows:,} rows", Peers("lstm", 64, 8, rows, threads), seconds)
    if not row["refusal"]:
        row |= {f"{name}, million steps/s": rows / row[f"{name}, us"] for name in ("ours", "torch", "onnxruntime")}
    return [row]


def source(seconds: float, threads: int) -> list[Row]:
    """Microseconds a step of the exported C."""
    rows = []
    for cell, hidden, features in ONE[:5]:
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            export_c(getattr(rc.nn, KINDS[cell])(features, hidden), folder)
            checked = subprocess.run(["make", "-s", "check"], cwd=folder, capture_output=True, text=True)
            steps = max(1000, int(seconds * 3e4))
            found = [_timed(folder, steps) for _ in range(15)] if not checked.returncode else []
        rows.append({
            "layer": f"{cell} {hidden}, {features} inputs", "C, us": statistics.median(found) if found else "-",
            "refusal": "" if found else checked.stdout + checked.stderr,
        })  # fmt: skip
    return rows


def random(seconds: float, threads: int, number: int = 1000) -> list[Row]:
    """The largest difference over random networks, lengths and subsets of rows."""
    return [random_networks(number)]


def _beside(name: str, peers: Peers, seconds: float) -> Row:
    row: Row = {"layer": name, "refusal": peers.check()}
    if row["refusal"]:
        return row
    samples = peers.time(seconds)
    for each, found in samples.items():
        row[f"{each}, us"] = 1e6 * statistics.median(found)
    for each in ("torch", "onnxruntime"):
        row[f"times {each}"] = statistics.median(b / a for a, b in zip(samples["ours"], samples[each], strict=True))
    return row


def _torch(layer: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    state: Any = None

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal state
        with torch.inference_mode():
            y, state = layer(torch.from_numpy(x).unsqueeze(0), state)
            return y[0].numpy()

    return step


def _onnx(layer: torch.nn.Module, rows: int, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        # the sequence model has onnxruntime's own kernel in it, which is faster than the operations of a step
        session = onnxruntime.InferenceSession(str(export_onnx(layer, folder)[0]), options)
    states = [each for each in session.get_inputs() if each.name != "x"]
    feed: dict[str, np.ndarray] = {each.name: np.zeros((rows, each.shape[1]), np.float32) for each in states}

    def step(x: np.ndarray) -> np.ndarray:
        feed["x"] = x[None]
        y, *last = cast(list[np.ndarray], session.run(None, feed))
        for each, new in zip(states, last, strict=True):
            feed[each.name] = new
        return y[0]

    return step


def _sample(call: Callable[[np.ndarray], np.ndarray], x: np.ndarray, repeats: int) -> float:
    begin = time.perf_counter()
    for k in range(repeats):
        call(x[k % len(x)])
    return (time.perf_counter() - begin) / repeats


def _timed(folder: str, steps: int) -> float:
    printed = subprocess.run(
        ["./model_test", str(steps)], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    return float(re.findall(r"[\d.]+", printed)[0])


QUESTIONS: dict[str, Callable[[float, int], list[Row]]] = {"one": one, "many": many, "source": source, "random": random}


def main() -> None:
    """Answer the questions that were asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--seconds", type=float, default=5.0, help="for the turns of one layer")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON files")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    refused = False
    for name in dict.fromkeys(given.only):
        rows = QUESTIONS[name](given.seconds, given.threads)
        print(f"\n## {name}\n", flush=True)
        report(f"step_{name}", rows, given.out, threads=given.threads, onnxruntime=onnxruntime.__version__)
        refused |= any(row["refusal"] for row in rows)
    if refused:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
