"""Real models of other libraries, accelerated by one line: the same forecasts, and how many times as fast.

    pip install darts pytorch-lightning                 # or neuralforecast, beside recurra; each is left out if absent
    python benchmarks/recurrence_models.py --only darts

A Darts RNNModel and a neuralforecast LSTM, as they are and with `rc.accelerate` called when their training begins, in
turns: `fit` as a whole, then `predict`. Forecasts are compared twice: with the weights of one training, and after
trainings of their own from the same seed. Where they differ there is no ratio, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from common import ROOT, report

import recurra as rc
from recurra.bench import paired
from recurra.kernels import calls

Floats = npt.NDArray[np.floating]
SAME_WEIGHTS, TRAINED = 1e-5, 1e-3  # largest difference of forecasts, as a share of the largest
SERIES, LENGTH, HORIZON, SEED = 16, 240, 12, 0
QUIET = dict(accelerator="cpu", devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False)
QUIET |= dict(enable_model_summary=False)


@dataclass(frozen=True)
class Adapter:
    """A library's model: built with callbacks for its Lightning trainer, fitted, asked, and its torch module."""

    build: Callable[[list[Any]], Any]
    fit: Callable[[Any], Any]
    predict: Callable[[Any], Floats]
    module: Callable[[Any], torch.nn.Module]


def waves() -> Floats:
    """[series, time]: noisy seasons of twelve months."""
    draw, months = np.random.default_rng(SEED), np.arange(LENGTH)
    level, height = draw.uniform(5, 10, (SERIES, 1)), draw.uniform(1, 3, (SERIES, 1))
    return level + height * np.sin(2 * np.pi * months / 12) + 0.2 * draw.normal(size=(SERIES, LENGTH))


def darts(steps: int) -> Adapter:
    """RNNModel, LSTM(64), on windows of 60 steps; an epoch of `steps` batches of 32."""
    from darts import TimeSeries
    from darts.models import RNNModel

    series = [TimeSeries.from_values(values.astype(np.float32)) for values in waves()]

    def build(callbacks: list[Any]) -> Any:
        return RNNModel(
            input_chunk_length=36,
            training_length=60,
            model="LSTM",
            hidden_dim=64,
            batch_size=32,
            n_epochs=1,
            random_state=SEED,
            pl_trainer_kwargs={**QUIET, "callbacks": callbacks, "max_steps": steps},
        )

    def predict(model: Any) -> Floats:
        return np.stack([found.values().ravel() for found in model.predict(HORIZON, series, verbose=False)])

    return Adapter(build, lambda model: model.fit(series, verbose=False), predict, lambda model: model.model)


def neuralforecast(steps: int) -> Adapter:
    """LSTM with its default sizes on windows of 48 steps; `steps` optimiser steps."""
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    values = waves()
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{number:02}" for number in range(SERIES)], LENGTH),
            "ds": np.tile(np.arange(LENGTH), SERIES),
            "y": values.ravel(),
        }
    )

    def build(callbacks: list[Any]) -> Any:
        model = LSTM(h=HORIZON, input_size=48, max_steps=steps, random_seed=SEED, callbacks=callbacks, **QUIET)
        return NeuralForecast(models=[model], freq=1)

    def predict(model: Any) -> Floats:
        return model.predict()["LSTM"].to_numpy(float).reshape(SERIES, HORIZON)

    return Adapter(build, lambda model: model.fit(df=frame), predict, lambda model: model.models[0])


ADAPTERS = {"darts": darts, "neuralforecast": neuralforecast}


def accelerating() -> list[Any]:
    """A Lightning callback that accelerates the module when its training begins."""
    from pytorch_lightning import Callback

    class Accelerate(Callback):
        def on_fit_start(self, trainer: Any, pl_module: torch.nn.Module) -> None:
            rc.accelerate(pl_module)

    return [Accelerate()]


def measured(name: str, adapter: Adapter, rounds: int) -> list[dict[str, Any]]:
    """The lines of a model: training, then forecasting."""

    def train(callbacks: list[Any]) -> Any:
        model = adapter.build(callbacks)
        adapter.fit(model)
        return model

    plain = train([])
    expected = adapter.predict(plain)
    before = dict(calls())
    ours = train(accelerating())
    backends = "+".join(name for name, count in calls().items() if count > before.get(name, 0)) or "torch"
    trained = difference(adapter.predict(ours), expected)
    rc.accelerate(adapter.module(plain))
    same = difference(adapter.predict(plain), expected)
    rc.restore(adapter.module(plain))
    rows = []
    works = {
        "fit": (lambda: train(accelerating()), lambda: train([])),
        "predict": (lambda: adapter.predict(ours), lambda: adapter.predict(plain)),
    }
    for what, (with_ours, with_torch) in works.items():
        row: dict[str, Any] = {"model": name, "what": what, "backend": backends}
        row |= {"same weights": f"{same:.0e}", "own training": f"{trained:.0e}"}
        if not (same <= SAME_WEIGHTS and trained <= TRAINED):
            rows.append(row | {"plain, s": "-", "accelerated, s": "-", "ratio": "refused"})
            continue
        pairs = paired(with_ours, with_torch, seconds=0, least=rounds, warm_up=1)
        seconds = {"plain, s": statistics.median(pairs.theirs), "accelerated, s": statistics.median(pairs.ours)}
        rows.append(row | seconds | {"ratio": pairs.ratio})
    return rows


def difference(found: Floats, expected: Floats) -> float:
    """The largest difference, as a share of the largest expected value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main() -> None:
    """Measure the models whose library is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ADAPTERS, default=list(ADAPTERS))
    parser.add_argument("--steps", type=int, default=100, help="optimiser steps of a fit")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of fits, and of predictions")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    there = [name for name in dict.fromkeys(given.only) if importlib.util.find_spec(name)]
    if not there:
        raise SystemExit(f"none of {', '.join(given.only)} is installed here: pip install {given.only[0]}")
    warnings.filterwarnings("ignore")  # the peers', about their data loaders
    importlib.import_module("pytorch_lightning")  # which sets the levels of its loggers when it is imported
    for logger in ("pytorch_lightning", "pytorch_lightning.utilities.rank_zero", "lightning_fabric", "darts"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    rows = [row for name in there for row in measured(name, ADAPTERS[name](given.steps), given.rounds)]
    report("recurrence_models", rows, given.out, steps=given.steps, threads=given.threads)
    if any(row["ratio"] == "refused" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
