"""How accurate the defaults are, and how honest the intervals: competitions by the command line, five sets by the API.

    python benchmarks/accuracy.py                       # everything, a few minutes on two cores
    python benchmarks/accuracy.py --only m4-weekly taxi

Nothing is tuned to a data set: only target and horizon are named, and the time columns where they are several.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import RECURRA, ROOT, data_folder, markdown, report
from competitions import SEASONS, read_competition

from recurra import Forecaster
from recurra.data import read_table
from recurra.evaluation.forecast.backtest import Backtest

SETS: dict[str, dict[str, Any]] = {
    "seattle-weather": dict(file="seattle-weather.csv", target="Max_TemperatureC", horizon=14),
    "taxi": dict(file="taxi-new-york-passengers.csv", target="#Passengers", horizon=48),
    "etth1": dict(file="etth1.csv", target="OT", horizon=24),
    "pollution": dict(file="beijing-pollution.csv", target="pm2.5", horizon=24, time=["year", "month", "day", "hour"]),
    "apple-stock": dict(file="apple-stock.csv", target="AAPL.Close", horizon=1),
}
LEVELS = (80, 95)


def by_command(name: str, folder: Path) -> tuple[dict[str, Any], dict[str | int, Any]]:
    """One command on the training file; its forecast against the test file. Scores, and points inside each level."""
    known = read_competition(folder, name)
    with tempfile.TemporaryDirectory() as out:
        train = folder / f"{name}-train.csv"
        begin = time.perf_counter()
        command = [*RECURRA, "forecast", str(train), "--horizon", str(known.horizon), "--out", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - begin
        forecast = pd.read_csv(Path(out) / "forecast.csv")
    smape, mase = known.score(known.aligned(forecast, "forecast"))
    inside = {level: known.inside(forecast, level) for level in LEVELS}
    shares = {f"{level} %": f"{inside[level] / known.truth.size:.1%}" for level in LEVELS}
    row = {"set": name, "sMAPE": smape, "MASE": mase, **shares, "seconds": seconds}
    return row, {"set": name, "points": known.truth.size, **inside}


def backtest(name: str, folder: Path) -> tuple[dict[str, Any], dict[str | int, Any]]:
    """The backtest of one set with the defaults: its line of the table, and points inside each level."""
    part = SETS[name]
    frame = read_table(folder / part["file"]).frame
    begin = time.perf_counter()
    result = Forecaster(part["horizon"]).backtest(frame, target=part["target"], time=part.get("time"))
    seconds = time.perf_counter() - begin
    verdict, table = result.verdict, result.table
    row = {
        "set": f"{name}, h={part['horizon']}",
        "MASE": float(table["MASE"].to_dict()[result.model]),
        "best baseline": f"{verdict.best_baseline} {table.loc[verdict.best_baseline, 'MASE']:.4g}",
        "p": f"{verdict.p_value:.2g} against {verdict.baseline}",
        "verdict": "better" if verdict.better else "no better",
        "80 %": f"{table.loc[result.model, 'coverage 80 %']:.1%}",
        "95 %": f"{table.loc[result.model, 'coverage 95 %']:.1%}",
        "seconds": seconds,
    }
    inside = {level: _inside_rows(result, level) for level in LEVELS}
    return row, {"set": name, "points": len(result.rows), **inside, "sentence": verdict.sentence}


def pooled(counts: list[dict[str | int, Any]]) -> list[dict[str, Any]]:
    """The share inside each level over all points of all sets, and the mean of the sets' own shares."""
    total = sum(part["points"] for part in counts)
    return [
        {
            "level": f"{level} %",
            "sets": len(counts),
            "points": total,
            "inside, pooled": f"{sum(part[level] for part in counts) / total:.1%}",
            "inside, mean of sets": f"{np.mean([part[level] / part['points'] for part in counts]):.1%}",
        }
        for level in LEVELS
    ]


def _inside_rows(result: Backtest, level: int) -> int:
    rows = result.rows
    low, high = (rows[f"q{probability:g}"] for probability in ((100 - level) / 200, (100 + level) / 200))
    return int(((low <= rows["y"]) & (rows["y"] <= high)).sum())


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for accuracy.json")
    parser.add_argument("--only", nargs="+", choices=[*SEASONS, *SETS], default=[*SEASONS, *SETS])
    given = parser.parse_args()
    folder = data_folder(given.data)
    competition, counts, rows = [], [], []
    for name in SEASONS:
        if name in given.only:
            row, count = by_command(name, folder)
            competition.append(row)
            counts.append(count)
            print(markdown([row]), flush=True)
    for name in SETS:
        if name in given.only:
            row, count = backtest(name, folder)
            rows.append(row)
            counts.append(count)
            print(f"\n{name}: {count['sentence']}", flush=True)
    if rows:
        print(f"\n{markdown(rows)}")
    print()
    report("accuracy", pooled(counts), given.out, competitions=competition, backtests=rows, inside=counts)


if __name__ == "__main__":
    main()
