"""Beside models of neuralforecast on the same data in one process: errors, seconds, and their ratios.

    pip install neuralforecast                          # beside recurra; nothing else needs it
    python benchmarks/versus_neuralforecast.py
    python benchmarks/versus_neuralforecast.py --only m4 --models DeepAR TFT PatchTST
    python benchmarks/versus_neuralforecast.py --only m4 --models DeepAR --scaler standard --steps 300

Theirs have their defaults (the number of steps, too, unless --steps names one, and how a window is scaled, unless
--scaler does: DeepAR's default is not at all) and read three horizons, as their recurrent models do by default; Recurra
has all of its own. Both see the target alone. M4 Weekly: 13 weeks after the training file. taxi and etth1: trained once
on what lies before the last ten horizons, then a forecast from each of the ten origins. Seconds are those of the
processors, worker processes included, of fit and predict together on one thread, imports left out. MASE divides by the
in-sample naive error of the season (M4: 1, taxi: 48 half hours, etth1: 24 hours).
"""

from __future__ import annotations

import argparse
import logging
import resource
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from common import ROOT, data_folder, markdown, report
from competitions import HORIZON, read_competition
from neuralforecast import NeuralForecast
from neuralforecast.models import LSTM, TFT, DeepAR, PatchTST

from recurra import Forecaster
from recurra.evaluation.forecast.metrics import mase, naive_scale, smape

Floats = npt.NDArray[np.floating]
ORIGINS = 10
MODELS = {model.__name__: model for model in (LSTM, DeepAR, TFT, PatchTST)}
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


@dataclass(frozen=True)
class Peers:
    """Which models of theirs, the steps of each, and how each scales a window; None: its own default."""

    models: tuple[str, ...]
    steps: int | None
    scaler: str | None

    def made(self, model: str, horizon: int, freq: str | int) -> NeuralForecast:
        """One of them with its defaults, reading three horizons."""
        chosen = {"max_steps": self.steps, "scaler_type": self.scaler}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        found = MODELS[model](h=horizon, input_size=3 * horizon, **chosen, **QUIET)
        return NeuralForecast(models=[found], freq=freq)


def on_m4(folder: Path, peers: Peers) -> Iterator[dict[str, Any]]:
    """All on M4 Weekly."""
    m4 = read_competition(folder)
    train = m4.long()

    def theirs(name: str) -> Floats:
        model = peers.made(name, HORIZON, 1)
        model.fit(df=train)
        return m4.aligned(model.predict(), name)

    def ours() -> Floats:
        model = Forecaster(HORIZON).fit(train, time="ds", target="y", series="unique_id")
        return m4.aligned(model.predict(), "forecast")

    return compared("M4 Weekly", peers.models, theirs, ours, m4.score)


def on_single(name: str, folder: Path, peers: Peers) -> Iterator[dict[str, Any]]:
    """All on one long series, from the last ten origins."""
    part = SINGLES[name]
    table = pd.read_csv(folder / part.file)
    frame = pd.DataFrame({"unique_id": name, "ds": pd.to_datetime(table.iloc[:, 0]), "y": table[part.target]})
    h, first = part.horizon, len(frame) - ORIGINS * part.horizon
    truth = frame["y"].to_numpy(float)[first:].reshape(ORIGINS, h)
    scale = naive_scale(frame["y"].to_numpy(float)[:first], part.season)

    def theirs(model: str) -> Floats:
        made = peers.made(model, h, part.freq)
        found = made.cross_validation(df=frame, n_windows=ORIGINS, step_size=h, refit=False)
        return found.sort_values(["cutoff", "ds"])[model].to_numpy(float).reshape(ORIGINS, h)

    def ours() -> Floats:
        model = Forecaster(h).fit(frame[:first], time="ds", target="y", series="unique_id")
        newer = [model.predict(frame[:origin]) for origin in range(first, len(frame), h)]
        return np.array([forecast["forecast"].to_numpy(float) for forecast in newer])

    def score(point: Floats) -> tuple[float, float]:
        return float(smape(truth, point).mean()), float(mase(truth, point, scale).mean())

    return compared(f"{name}, h={h}", peers.models, theirs, ours, score)


def compared(
    name: str,
    models: Sequence[str],
    theirs: Callable[[str], Floats],
    ours: Callable[[], Floats],
    score: Callable[[Floats], tuple[float, float]],
) -> Iterator[dict[str, Any]]:
    """A line of the table for each model of theirs. Raises ValueError where a forecast is not finite."""
    our_point, our_seconds = timed(ours)
    print(f"{name}: Recurra {our_seconds:.1f} s", flush=True)
    for model in models:
        their_point, their_seconds = timed(lambda model=model: theirs(model))
        if not (np.isfinite(their_point).all() and np.isfinite(our_point).all()):
            raise ValueError(f"{name}: a forecast is not finite")
        (their_smape, their_mase), (our_smape, our_mase) = score(their_point), score(our_point)
        yield {
            "set": name,
            "model": model,
            "sMAPE": their_smape,
            "sMAPE, Recurra": our_smape,
            "MASE": their_mase,
            "MASE, Recurra": our_mase,
            "error ratio": f"{our_mase / their_mase:.2f}",
            "seconds": their_seconds,
            "seconds, Recurra": our_seconds,
            "times as fast": f"{their_seconds / our_seconds:.2f}",
        }


def timed(work: Callable[[], Floats]) -> tuple[Floats, float]:
    """The result, and the seconds of the processors that it took."""
    begin = seconds()
    result = work()
    return result, seconds() - begin


def seconds() -> float:
    """Of the processors, until now: this process and those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    parser.add_argument("--only", nargs="+", choices=["m4", *SINGLES], default=["m4", *SINGLES])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--steps", type=int, help="of each model of theirs; its own default unless given")
    parser.add_argument("--scaler", help="of each model of theirs, such as standard; its own default unless given")
    given = parser.parse_args()
    folder = data_folder(given.data)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")  # the peer's, about its data loaders
    torch.set_num_threads(1)
    peers = Peers(tuple(given.models), given.steps, given.scaler)
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(given.only):
        for row in on_m4(folder, peers) if name == "m4" else on_single(name, folder, peers):
            rows.append(row)
            print(f"{markdown(rows[-1:])}\n", flush=True)
    report("versus_neuralforecast", rows, given.out, max_steps=given.steps, scaler=given.scaler, origins=ORIGINS)


if __name__ == "__main__":
    main()
