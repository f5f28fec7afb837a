"""Beside neuralforecast's LSTM on the same data in one process: errors, seconds, and their ratios.

    pip install neuralforecast                          # beside recurra; nothing else needs it
    python benchmarks/versus_neuralforecast.py
    python benchmarks/versus_neuralforecast.py --only m4 taxi

neuralforecast's LSTM has its defaults (input_size=-1, which is three horizons; robust scaler; MAE) but for
max_steps=500; Recurra has all of its own. Both see the target alone. M4 Weekly: 13 weeks after the training file. taxi
and etth1: trained once on what lies before the last ten horizons, then a forecast from each of the ten origins. Seconds
are those of fit and predict together, imports left out. MASE divides by the in-sample naive error of the season (M4: 1,
taxi: 48 half hours, etth1: 24 hours).
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import ROOT, data_folder, markdown, report
from competitions import HORIZON, read_competition
from neuralforecast import NeuralForecast
from neuralforecast.models import LSTM

from recurra import Forecaster
from recurra.evaluation.forecast.metrics import mase, naive_scale, smape

Floats = npt.NDArray[np.floating]
STEPS, ORIGINS = 500, 10
QUIET = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)


@dataclass(frozen=True)
class Single:
    """A data set of one series."""

    file: str
    target: str
    horizon: int
    season: int
    freq: str


SINGLES = {
    "taxi": Single("taxi-new-york-passengers.csv", "#Passengers", 48, 48, "30min"),
    "etth1": Single("etth1.csv", "OT", 24, 24, "h"),
}


def peer(horizon: int, freq: str | int) -> NeuralForecast:
    """Their model, with its defaults."""
    return NeuralForecast(models=[LSTM(h=horizon, max_steps=STEPS, **QUIET)], freq=freq)


def on_m4(folder: Path) -> dict[str, Any]:
    """Both on M4 Weekly."""
    m4 = read_competition(folder)
    train = m4.long()

    def theirs() -> Floats:
        model = peer(HORIZON, 1)
        model.fit(df=train)
        return m4.aligned(model.predict(), "LSTM")

    def ours() -> Floats:
        model = Forecaster(HORIZON).fit(train, time="ds", target="y", series="unique_id")
        return m4.aligned(model.predict(), "forecast")

    return compared("M4 Weekly", theirs, ours, m4.score)


def on_single(name: str, folder: Path) -> dict[str, Any]:
    """Both on one long series, from the last ten origins."""
    part = SINGLES[name]
    table = pd.read_csv(folder / part.file)
    frame = pd.DataFrame({"unique_id": name, "ds": pd.to_datetime(table.iloc[:, 0]), "y": table[part.target]})
    h, first = part.horizon, len(frame) - ORIGINS * part.horizon
    truth = frame["y"].to_numpy(float)[first:].reshape(ORIGINS, h)
    scale = naive_scale(frame["y"].to_numpy(float)[:first], part.season)

    def theirs() -> Floats:
        found = peer(h, part.freq).cross_validation(df=frame, n_windows=ORIGINS, step_size=h, refit=False)
        return found.sort_values(["cutoff", "ds"])["LSTM"].to_numpy(float).reshape(ORIGINS, h)

    def ours() -> Floats:
        model = Forecaster(h).fit(frame[:first], time="ds", target="y", series="unique_id")
        newer = [model.predict(frame[:origin]) for origin in range(first, len(frame), h)]
        return np.array([forecast["forecast"].to_numpy(float) for forecast in newer])

    def score(point: Floats) -> tuple[float, float]:
        return float(smape(truth, point).mean()), float(mase(truth, point, scale).mean())

    return compared(f"{name}, h={h}", theirs, ours, score)


def compared(
    name: str, theirs: Callable[[], Floats], ours: Callable[[], Floats], score: Callable[[Floats], tuple[float, float]]
) -> dict[str, Any]:
    """A line of the table. Raises ValueError where a forecast is not finite."""
    our_point, our_seconds = timed(ours)
    print(f"{name}: Recurra {our_seconds:.1f} s", flush=True)
    their_point, their_seconds = timed(theirs)
    if not (np.isfinite(their_point).all() and np.isfinite(our_point).all()):
        raise ValueError(f"{name}: a forecast is not finite")
    (their_smape, their_mase), (our_smape, our_mase) = score(their_point), score(our_point)
    return {
        "set": name,
        "sMAPE, neuralforecast": their_smape,
        "sMAPE, Recurra": our_smape,
        "MASE, neuralforecast": their_mase,
        "MASE, Recurra": our_mase,
        "error ratio": f"{our_mase / their_mase:.2f}",
        "seconds, neuralforecast": their_seconds,
        "seconds, Recurra": our_seconds,
        "times as fast": f"{their_seconds / our_seconds:.2f}",
    }


def timed(work: Callable[[], Floats]) -> tuple[Floats, float]:
    """The result, and the seconds it took."""
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    parser.add_argument("--only", nargs="+", choices=["m4", *SINGLES], default=["m4", *SINGLES])
    given = parser.parse_args()
    folder = data_folder(given.data)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")  # the peer's, about its data loaders
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(given.only):
        rows.append(on_m4(folder) if name == "m4" else on_single(name, folder))
        print(f"{markdown(rows[-1:])}\n", flush=True)
    report("versus_neuralforecast", rows, given.out, max_steps=STEPS, origins=ORIGINS)


if __name__ == "__main__":
    main()
