"""A CSV of ten million rows: written, read, trained on, forecast; wall time and memory beside the size of the data.

    python benchmarks/large.py --rows 1000000           # to see that it works
    python benchmarks/large.py                          # ten million rows, a gigabyte of CSV

1,000 hourly series and 8 numeric columns: the target and seven covariates. The yardstick is what these 8 columns take
as float32. `--epochs 1` goes once over every window, in the backtest and in the last training; a smaller share shows
the same memory sooner.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from common import RECURRA, ROOT, report
from memory import Measured, measure

COLUMNS = 8
FORECAST = {"What was understood": "read", "What was decided": "train and test", "Written": "report"}
PREDICT = {"What was understood": "read"}


def write_csv(path: Path, rows: int, series: int, seed: int) -> None:
    """Hourly series of a level, a day and noise, end to end, with a header: series, time, y, x1, ..., x7."""
    draw = np.random.default_rng(seed)
    each = rows // series
    hours = np.arange(each)
    times = pa.array(np.datetime64("2020-01-01", "s") + hours.astype("timedelta64[h]"))
    day = np.sin(2 * np.pi * hours / 24)
    writer = None
    for s in range(series):
        covariates = np.round(draw.normal(size=(COLUMNS - 1, each)), 3)
        y = np.round(100 + 10 * day * draw.uniform(0.5, 2) + 3 * covariates[0] + draw.normal(size=each), 2)
        columns = {"series": pa.array([f"s{s}"] * each), "time": times, "y": pa.array(y)}
        table = pa.table(columns | {f"x{k + 1}": pa.array(values) for k, values in enumerate(covariates)})
        writer = writer or pacsv.CSVWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def line(name: str, found: Measured, rows: int) -> dict[str, Any]:
    """A command's line of the table."""
    data = rows * COLUMNS * 4
    return {
        "command": name,
        "rows": f"{rows:,}",
        "seconds": found.seconds,
        "rows/s": f"{rows / found.seconds:,.0f}",
        "float32 data": f"{data / 1e6:,.0f} MB",
        "peak, main process": f"{found.main / 1e6:,.0f} MB ({found.main / data:.2f}x)",
        "peak, all processes": f"{found.together / 1e6:,.0f} MB ({found.together / data:.2f}x)",
    }


def told(command: str, found: Measured, rows: int) -> list[dict[str, Any]]:
    """Seconds and peaks by stage, printed as soon as the command has ended."""
    data = rows * COLUMNS * 4
    lines = []
    for stage, (seconds, main, together) in found.stages.items():
        lines.append({"stage": stage, "seconds": seconds, "main": main / data, "all": together / data})
        peaks = f"main process {main / data:.2f}x, all {together / data:.2f}x"
        print(f"{command}, {stage}: {seconds:.1f} s, {peaks}", flush=True)
    return lines


def main() -> None:
    """Write, forecast, predict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--epochs", type=float, default=1.0, help="passes over the windows")
    parser.add_argument("--folder", type=Path, help="where the CSV goes (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for large.json")
    given = parser.parse_args()
    rows = given.rows // given.series * given.series
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path, out = Path(folder) / "large.csv", Path(folder) / "out"
        begin = time.perf_counter()
        write_csv(path, rows, given.series, seed=0)
        size = os.path.getsize(path)
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB written in {time.perf_counter() - begin:.0f} s", flush=True)
        command = [*RECURRA, "forecast", str(path), "--target", "y", "--horizon", "24", "--members", "1"]
        command += ["--epochs", str(given.epochs), "--out", str(out)]
        trained = measure(command, FORECAST, "end")
        stages = {"forecast": told("forecast", trained, rows)}
        again = [*RECURRA, "predict", str(out / "large.safetensors"), str(path), "--out", str(out / "again.csv")]
        predicted = measure(again, PREDICT, "predict")
        stages["predict"] = told("predict", predicted, rows)
    print()
    table = [line("forecast", trained, rows), line("predict", predicted, rows)]
    report("large", table, given.out, stages=stages, csv_bytes=size, epochs=given.epochs)


if __name__ == "__main__":
    main()
