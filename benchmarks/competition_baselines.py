"""What statsforecast's automatic models score on the competitions, each alone with its defaults, and how long it takes.

    python benchmarks/competition_baselines.py                            # M1: monthly, quarterly, yearly
    python benchmarks/competition_baselines.py --only m1-yearly --models AutoARIMA

The figures that `accuracy.py` is to be below: the same files, the same measures. Seconds are those of one core, imports
and compilation left out.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import pandas as pd
import statsforecast.models
from common import ROOT, data_folder, markdown, report
from competitions import SEASONS, Competition, read_competition
from statsforecast import StatsForecast

MODELS = ("AutoETS", "AutoTheta", "AutoCES", "AutoARIMA")
FEW = 2  # series that are forecast once before the clock starts


def scored(known: Competition, model: str) -> dict[str, float]:
    """sMAPE, MASE and CPU seconds of one model on one competition."""
    frame = known.long()
    made = StatsForecast([getattr(statsforecast.models, model)(season_length=known.season, alias=model)], freq=1)
    made.forecast(known.horizon, frame[frame["unique_id"].isin(known.names[:FEW])])
    begin = time.process_time()
    forecast = made.forecast(known.horizon, frame)
    seconds = time.process_time() - begin
    assert isinstance(forecast, pd.DataFrame)
    smape, mase = known.score(known.aligned(forecast, model))
    return {"sMAPE": smape, "MASE": mase, "CPU seconds": seconds}


def main() -> None:
    """Score what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    names = [name for name in SEASONS if name.startswith("m1")]
    parser.add_argument("--only", nargs="+", choices=list(SEASONS), default=names)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")  # of statsforecast, about series without variation
    rows = []
    for name in given.only:
        known = read_competition(data_folder(given.data), name)
        for model in given.models:
            rows.append({"set": name, "model": model, "series": len(known.names)} | scored(known, model))
            print(f"{markdown(rows[-1:])}\n", flush=True)
    report("competition_baselines", rows, given.out)


if __name__ == "__main__":
    main()
