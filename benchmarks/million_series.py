"""A million series of 200 rows in Parquet partitions, forecast on one machine: seconds, rows a second, peak memory.

    python benchmarks/million_series.py                              # a million series, 200 million rows
    python benchmarks/million_series.py --series 40000               # to see that it works
    python benchmarks/million_series.py --series 40000 --compare     # one process and two: the same rows

A model learns a hundred of these series; the others are new to it. Each partition holds 10,000 series. The folder of
forecasts is compared row by row where `--compare` asks for both ways.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from common import RECURRA
from memory import measure

ROWS, PART, LEARNT = 200, 10_000, 100
HORIZON = 7


def table_of(first: int, count: int) -> pa.Table:
    """Daily series of a level, a week and noise, from number `first` on."""
    draw = np.random.default_rng(first)
    week = draw.normal(size=(count, 7))[:, np.arange(ROWS) % 7]
    level = draw.uniform(20, 200, (count, 1))
    y = (level + 3 * week + draw.normal(size=(count, ROWS))).astype(np.float32)
    days = np.tile(np.arange(ROWS), count).astype("timedelta64[D]") + np.datetime64("2024-01-01")
    names = pa.array([f"s{number:07d}" for number in range(first, first + count)])
    series = pa.DictionaryArray.from_arrays(np.repeat(np.arange(count, dtype=np.int32), ROWS), names)
    return pa.table({"series": series, "day": pa.array(days), "y": y.ravel()})


def prepared(folder: Path, series: int) -> Path:
    """The partitions, and a model of a hundred series."""
    (folder / "parts").mkdir()
    for number, first in enumerate(range(0, series, PART)):
        pq.write_table(table_of(first, min(PART, series - first)), folder / "parts" / f"part-{number:03d}.parquet")
    pq.write_table(table_of(10**6, LEARNT), folder / "learnt.parquet")
    arguments = ["--horizon", str(HORIZON), "--method", "network", "--members", "1", "--out", str(folder / "model")]
    measure([*RECURRA, "forecast", str(folder / "learnt.parquet"), *arguments], {}, "train")
    return next((folder / "model").glob("*.safetensors"))


def predicted(folder: Path, model: Path, workers: int) -> tuple[Path, str]:
    """The folder of forecasts, and what it took."""
    out = folder / f"out-{workers}"
    more = ["--workers", str(workers)] if workers else []
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    found = measure([*RECURRA, "predict", str(model), str(folder / "parts"), "--out", str(out), *more], {}, "predict")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    together = max([found.main, *(both for _seconds, _main, both in found.stages.values())])
    seconds = time.perf_counter() - began
    return out, f"{seconds:.0f} s, {cpu:.0f} s of the processors, peak memory {together / 2**30:.2f} GiB"


def main() -> None:
    """Print what a run takes, or both and whether they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--compare", action="store_true", help="one process beside the workers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = prepared(folder, given.series)
        outs = []
        for workers in (given.workers, 0) if given.compare else (given.workers,):
            out, told = predicted(folder, model, workers)
            print(f"{given.series:,} series, {workers or 'no'} workers: {told}", flush=True)
            outs.append(out)
        if given.compare:
            for path in sorted(outs[0].glob("*.parquet")):
                one, other = (pd.read_parquet(out / path.name) for out in outs)
                pd.testing.assert_frame_equal(one, other)
            print("the same rows")


if __name__ == "__main__":
    main()
