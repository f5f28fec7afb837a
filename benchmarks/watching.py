"""How often does `watch` call a model broken that holds, and how soon one that does not?

    python benchmarks/watching.py --series 200
    python benchmarks/watching.py --series 100 --stream      # row by row, with anomalies at 1 %

Each of so many synthetic series (a week, a slow level, errors of autocorrelation 0.5) is learnt and evaluated alone, by
the last 20 of 80 weeks; 60 more weeks come, once as before, and once with a shift after 20 of them: errors twice as
large, or a level that jumps every week. The forecast is the seasonal naive one: what is measured is the test.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
import pandas as pd

from recurra import Forecaster
from recurra.data import build_panel
from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.tasks.forecast import rivals

SHIFTS = ("", "errors", "jumps")
WEEK, KNOWN, TESTED, LATER, SHIFT = 7, 80, 20, 60, 20


class Here:
    """The baselines in this process: 200 others would take minutes to start."""

    def __init__(
        self, histories: Any, origins: Any, horizon: int, steps: Any, levels: Any, events: Any = None, **how: Any
    ) -> None:
        self._given, self.forecasts = (histories, origins, horizon, steps), 0
        self._how = {"levels": levels, "events": events}

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *failure: object) -> None:
        pass

    def ready(self) -> bool:
        """Always."""
        return True

    def result(self, progress: Any = None, processes: int = 1) -> pd.DataFrame:
        """Two of them."""
        return forecast_baselines(*self._given, **self._how, methods=("naive", "seasonal naive"))


def series_of(seed: int, shift: str = "") -> pd.DataFrame:
    """All weeks of a series; `shift`: "" for none, "errors" or "jumps" in the later part."""
    draw, weeks = np.random.default_rng(seed), KNOWN + LATER
    n, first = weeks * WEEK, (KNOWN + SHIFT) * WEEK
    noise = draw.normal(size=n)
    if shift == "errors":
        noise[first:] *= 2.0
    for k in range(1, n):
        noise[k] += 0.5 * noise[k - 1]
    level = 0.05 * draw.normal(size=n).cumsum()
    if shift == "jumps":
        level[first:] += np.repeat(3.0 * draw.normal(size=weeks - KNOWN - SHIFT), WEEK)
    week = draw.normal(size=WEEK) * 3
    y = 50 + np.tile(week, weeks) + level + noise
    return pd.DataFrame({"ds": pd.date_range("2020-01-06", periods=n), "y": y})


def watched(seed: int, alpha: float) -> dict[str, tuple[str, float]]:
    """By shift, the status of one series, and how many weeks after the shift it was seen (NaN: not)."""
    model = Forecaster(WEEK, method="seasonal naive", season=WEEK)
    model.study(series_of(seed).iloc[: KNOWN * WEEK], TESTED)  # the same, whatever comes later
    said = {}
    for shift in SHIFTS:
        panel, _ = build_panel(series_of(seed, shift), model.model_.panel.schema)
        found = model.watched(panel, alpha=alpha)
        alarm = int(np.argmax(found.windows["evidence"].to_numpy() >= 2.0 / alpha)) + 1 - SHIFT
        said[shift] = found.status, float(alarm) if found.status == "broken" else np.nan
    return said


def streamed(seed: int, alpha: float, rate: float) -> tuple[bool, int, int]:
    """Of an unchanged series, row by row: whether it was called broken, anomalies, and rows evaluated."""
    model, table = Forecaster(WEEK, method="seasonal naive", season=WEEK), series_of(seed)
    model.study(table.iloc[: KNOWN * WEEK], TESTED)
    stream = model.stream()
    watch = stream.watch(alpha=alpha, rate=rate)
    flagged = rows = 0
    for y in table["y"].iloc[KNOWN * WEEK :]:
        stream.observe(None, y)
        flagged, rows = flagged + int(watch.anomalous.sum()), rows + int(np.isfinite(watch.scores).sum())
    return not watch.holds, flagged, rows


def summary(found: list[dict[str, tuple[str, float]]]) -> dict[str, Any]:
    """False alarms, and delays."""
    told: dict[str, Any] = {"series": len(found)}
    for shift in SHIFTS:
        broken = [each[shift][1] for each in found if each[shift][0] == "broken"]
        told[f"{shift or 'unchanged'}: broken"] = len(broken)
        after = [delay for delay in broken if delay > 0]
        if shift and after:
            told[f"{shift}: before it"] = len(broken) - len(after)
            told[f"{shift}: weeks to the alarm, median and 90 %"] = np.quantile(after, [0.5, 0.9]).round(1).tolist()
    return told


def main() -> None:
    """Print the share of false alarms, and the delays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--stream", action="store_true", help="unchanged series alone, row by row, with anomalies")
    parser.add_argument("--rate", type=float, default=0.01, help="of false alarms among anomalies")
    given = parser.parse_args()
    rivals.BaselineWorker = Here  # type: ignore[misc, assignment]
    began = time.process_time()
    if given.stream:
        broken, flagged, rows = np.sum(
            [streamed(seed, given.alpha, given.rate) for seed in range(given.series)], axis=0
        )
        told = {"series": given.series, "broken": int(broken), "anomalies": int(flagged), "rows": int(rows)}
        print(json.dumps(told | {"share": round(flagged / rows, 4), "cpu seconds": time.process_time() - began}))
        return
    found = []
    for seed in range(given.series):
        found.append(watched(seed, given.alpha))
        if (seed + 1) % 25 == 0 or seed + 1 == given.series:
            print(json.dumps(summary(found) | {"cpu seconds": round(time.process_time() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
