"""Do intervals hold what they promise after a shift? Adapted and fixed ones, in each quarter of later data.

    python benchmarks/adaptive_intervals.py --data ../shared/data/forecasting

A small network learns the first 60 per cent of etth1 (OT), Beijing's pollution (PM2.5) and Seattle's temperatures. From
the middle of the rest on the series is not what it was: once in 36 rows, at random, its level jumps to another place,
drawn with the standard deviation of the series. The model then goes through the rest row by row, as its stream does,
and counts how often its intervals hold, over all steps ahead. The shift begins with the third quarter.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from recurra import Forecaster, TrainingOptions
from recurra.data import read_table, understand
from recurra.data.panel.panel import Panel
from recurra.evaluation.forecast.adaptive import RATE, AdaptiveIntervals
from recurra.nn.quantiles import QUANTILES

SETS = {
    "etth1": ("etth1.csv", {"target": "OT", "ignore": ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"]}, 24),
    "pollution": ("beijing-pollution.csv", {"target": "pm2.5", "time": ["year", "month", "day", "hour"]}, 24),
    "seattle": ("seattle-weather.csv", {"target": "Max_TemperatureC"}, 7),
}
KNOWN, MOST = 0.6, 20_000  # share of the rows that is learnt; rows that are enough
LEVELS = (80, 95)
EVERY = 36  # rows from one jump to the next, on average


def shifted(values: np.ndarray, first: int, seed: int = 0) -> np.ndarray:
    """The series with the shift in it, from row `first` on."""
    draw = np.random.default_rng(seed)
    jumps = draw.random(len(values) - first) < 1.0 / EVERY
    levels = np.concatenate([[0.0], draw.normal(size=jumps.sum()) * np.nanstd(values)])
    changed = np.array(values, dtype=np.float64)
    changed[first:] += levels[np.cumsum(jumps)]
    return changed


def measured(name: str, folder: Path, *, shift: bool, rate: float = RATE, epochs: float = 2.0) -> pd.DataFrame:
    """Coverage in each quarter of the later part: a row per quarter and level, adapted and fixed."""
    file, columns, horizon = SETS[name]
    panel, _ = understand(read_table(folder / file), **columns)
    panel = panel.tail(MOST)
    rows = int(panel.lengths[0])
    learnt = int(KNOWN * rows)
    first = learnt + (rows - learnt) // 2
    model = Forecaster(
        horizon, members=1, method="network", training=TrainingOptions(epochs=epochs), network={"hidden": 32}
    ).fit(panel.cut(np.array([learnt])))
    values = shifted(panel.target, first) if shift else panel.target.astype(np.float64)
    later = Panel(**{**vars(panel), "target": values})
    origins = np.arange(learnt, rows)
    _, fixed = model.model_.forecast(later, np.zeros(len(origins), np.int64), origins)
    return in_quarters(fixed, values, origins, horizon, rate)


def in_quarters(fixed: np.ndarray, values: np.ndarray, origins: np.ndarray, horizon: int, rate: float) -> pd.DataFrame:
    """Forecasts [n, H, Q] from the `origins` [n] in a row, each told to the intervals as a stream tells them."""
    intervals, at, rest = AdaptiveIntervals(1, horizon, QUANTILES, rate), np.zeros(1, np.int64), []
    quarter = -(-len(origins) // 4)
    before = {name: intervals.state[name][0].copy() for name in ("held", "held_fixed", "seen")}
    for k, origin in enumerate(origins):
        intervals.issue(intervals.adapted(fixed[k : k + 1], at), fixed[k : k + 1], at)
        intervals.observe(values[origin : origin + 1], at)
        if (k + 1) % quarter == 0 or k + 1 == len(origins):
            now = {name: intervals.state[name][0].copy() for name in before}
            seen = (now["seen"] - before["seen"]).sum()
            for level in LEVELS:
                pair = int(np.argmin(np.abs(intervals.missing - (1 - level / 100))))
                held, plain = ((now[n] - before[n])[:, pair].sum() / seen for n in ("held", "held_fixed"))
                rest.append({"quarter": len(rest) // len(LEVELS) + 1, "level": level, "adapted": held, "fixed": plain})
            before = now
    return pd.DataFrame(rest)


def main() -> None:
    """Print the coverage of each set, quarter and level."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    given = parser.parse_args()
    for name in given.sets:
        began = time.process_time()
        for shift in (False, True):
            found = measured(name, given.data, shift=shift).round(4)
            worst = float((100 * found["adapted"] - found["level"]).abs().max())
            print(name, "shifted" if shift else "as it is", f"largest deviation, points: {worst:.2f}", flush=True)
            print(found.to_string(index=False), flush=True)
        print(json.dumps({"set": name, "cpu seconds": round(time.process_time() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
