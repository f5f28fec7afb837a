"""ETTh1 as the literature scores it: all 7 columns, each standardised by its training part, MSE and MAE at 4 horizons.

    python benchmarks/etth1.py                      # all four horizons
    python benchmarks/etth1.py --horizons 96 --every 4
    python benchmarks/etth1.py --horizons 192 336 --steps 0 --every 8    # the pretrained network as it is

The first 12 months are learnt from, the next 4 hold out (they end the training, and weigh the forecasts that are
combined), the last 4 test, in windows that begin at every row (`--every N`: at every Nth). Every column is a series,
forecast from its last 1,024 rows at most. Compared are the last day repeated, a linear regression of each column,
learnt from what lies before the held-out months and, once weighed by them, anew from what lies before the test, as
baselines of a `Forecaster` are; the pretrained network as it is, the same fine-tuned on all 7 columns together, and the
combination of all these as a `Forecaster` weighs its members; the forecast is the mean of the quantiles (MSE) and the
median (MAE), as the measures ask. Goals are SegRNN's figures (Lin et al. 2023, look-back 720), beside PatchTST's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from common import ROOT, data_folder, markdown, report

from recurra.data import read_table, understand
from recurra.data.panel.panel import Panel
from recurra.data.panel.windows import training_origins
from recurra.evaluation.forecast.columns import PRETRAINED, TUNED
from recurra.evaluation.forecast.combination import Tried, fit_weights, weighted_mean
from recurra.evaluation.forecast.linear import choose, fit
from recurra.evaluation.forecast.metrics import level_weights, naive_scale
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.combining import EXPECTED, pretrained_quantiles
from recurra.tasks.forecast.fine_tuning import fine_tune
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.plan import Split, steps_of
from recurra.training import Run, TrainingOptions
from recurra.training.progress import ProgressBar

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

MONTH, DAY = 30 * 24, 24
TRAINING, HELD_OUT, TEST = 12 * MONTH, 4 * MONTH, 4 * MONTH
GOALS = {96: (0.351, 0.392), 192: (0.392, 0.414), 336: (0.423, 0.433), 720: (0.466, 0.472)}
PATCHTST = {96: (0.375, 0.404), 192: (0.414, 0.424), 336: (0.431, 0.437), 720: (0.449, 0.466)}
AT_ONCE = 512  # windows


def panel_of(folder: Path) -> Panel:
    """The 7 columns as series, standardised by what is learnt from."""
    frame = read_table(folder / "etth1.csv").frame.iloc[: TRAINING + HELD_OUT + TEST].copy()
    columns = [name for name in frame.columns if name != "date"]
    known = frame[columns].iloc[:TRAINING]
    frame[columns] = (frame[columns] - known.mean()) / known.std(ddof=0)
    return understand(frame, time="date", layout="wide-columns")[0]


def split_of(panel: Panel, horizon: int) -> Split:
    """Windows of the first 12 months, and some of the next 4."""
    training = training_origins(np.full(len(panel), TRAINING), horizon, 2 * DAY)
    origins = np.linspace(TRAINING, TRAINING + HELD_OUT - horizon, 64 // len(panel) + 1).astype(np.int64)
    series = np.repeat(np.arange(len(panel)), len(origins))
    held_out = torch.from_numpy(series), torch.from_numpy(np.tile(origins, len(panel)))
    return Split(training, *held_out, np.full(len(panel), TRAINING))


@dataclass(frozen=True)
class Windows:
    """Where forecasts begin: `series` [n] and `origins` [n], and what follows [n, H]."""

    series: Ints
    origins: Ints
    truth: Floats


def windows_of(panel: Panel, first: int, end: int, horizon: int, every: int) -> Windows:
    """Windows of all columns whose truths lie in rows `first` to `end`."""
    origins = np.arange(first, end - horizon + 1, every)
    series, ends = np.repeat(np.arange(len(panel)), len(origins)), np.tile(origins, len(panel))
    return Windows(series, ends, truth_after(panel, series, ends, horizon).reshape(-1, horizon))


def last_day(panel: Panel, windows: Windows) -> tuple[Floats, Floats]:
    """The last day again and again."""
    pairs = zip(windows.series, windows.origins, strict=True)
    days = np.stack([panel.values(int(s))[end - DAY : end] for s, end in pairs])
    repeated = np.tile(days, -(-windows.truth.shape[1] // DAY))[:, : windows.truth.shape[1]]
    return repeated, repeated


def regression(panel: Panel, windows: Windows) -> tuple[Floats, Floats]:
    """A linear regression of each column, which has learnt from all that lies before the first of the windows."""
    horizon, known = windows.truth.shape[1], windows.origins.min()
    found = np.empty(windows.truth.shape)
    for s in range(len(panel)):
        values = np.asarray(panel.values(s), dtype=np.float64)
        form = choose(values[:known], steps_of(panel, (DAY, 7 * DAY)), horizon)
        fitted = fit(values[:known], form, horizon)
        mine = np.flatnonzero(windows.series == s)
        pasts = [values[end - fitted.form.length : end] for end in windows.origins[mine]]
        found[mine] = fitted.forecast(np.stack(pasts))
    return found, found


def by_network(network: Any, panel: Panel, windows: Windows) -> tuple[Floats, Floats]:
    """Means and medians of a network's quantiles, some windows at a time."""
    means, medians, steps = [], [], steps_of(panel, (DAY,))
    for at in range(0, len(windows.series), AT_ONCE):
        pairs = windows.series[at : at + AT_ONCE], windows.origins[at : at + AT_ONCE]
        quantiles = pretrained_quantiles(panel, *pairs, windows.truth.shape[1], steps, network)
        means.append(quantiles @ level_weights(QUANTILES))
        medians.append(quantiles[..., MEDIAN])
    return np.concatenate(means), np.concatenate(medians)


def weights_of(panel: Panel, windows: Windows, medians: dict[str, Floats]) -> tuple[tuple[str, ...], Floats]:
    """What each forecast counts, by the held-out windows: names [M] and weights [S + 1, M]."""
    scale = np.array([naive_scale(panel.values(s)[:TRAINING], DAY) for s in range(len(panel))])
    return fit_weights(Tried(medians, windows.truth, windows.series, windows.origins, scale), EXPECTED)


def measured(panel: Panel, horizon: int, given: argparse.Namespace) -> dict[str, Any]:
    """A line of the table."""
    from recurra.nn.pretrained import load_network

    begin = time.process_time()
    compared: dict[str, Callable[[Panel, Windows], tuple[Floats, Floats]]] = {
        "last day": last_day,
        "linear regression": regression,
        PRETRAINED: partial(by_network, load_network()),
    }
    if given.steps:
        settings = horizon, (DAY,), TrainingOptions()
        run = Run(progress=ProgressBar())
        split = split_of(panel, horizon)
        tuned = fine_tune(panel, split, *settings, seed=0, run=run, name="training", steps=given.steps)
        compared[TUNED] = partial(by_network, tuned.network)
    trained = time.process_time() - begin
    held_out = windows_of(panel, TRAINING, TRAINING + HELD_OUT, horizon, max(given.every, DAY + 1))
    names, weights = weights_of(panel, held_out, {name: make(panel, held_out)[1] for name, make in compared.items()})
    test = windows_of(panel, TRAINING + HELD_OUT, TRAINING + HELD_OUT + TEST, horizon, given.every)
    found = {name: make(panel, test) for name, make in compared.items()}
    mean, median = (weighted_mean([found[name][k] for name in names], weights[test.series]) for k in (0, 1))
    found["combination"] = mean, median
    row: dict[str, Any] = {"horizon": horizon}
    for name, (mean, median) in found.items():
        square, size = ((test.truth - mean) ** 2).mean(), np.abs(test.truth - median).mean()
        row[f"{name}: MSE / MAE"] = f"{square:.3f} / {size:.3f}"
    row["SegRNN"], row["PatchTST"] = ("{:.3f} / {:.3f}".format(*each[horizon]) for each in (GOALS, PATCHTST))
    row["weights, mean of columns"] = ", ".join(
        f"{name} {weight:.2f}" for name, weight in zip(names, weights[:-1].mean(axis=0), strict=True)
    )
    return row | {"training, CPU s": trained, "all, CPU s": time.process_time() - begin}


def main() -> None:
    """Score the horizons that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for etth1.json")
    parser.add_argument("--horizons", type=int, nargs="+", choices=sorted(GOALS), default=sorted(GOALS))
    parser.add_argument("--every", type=int, default=1, help="take every Nth test window")
    parser.add_argument("--steps", type=int, default=240, help="of fine-tuning; 0: none")
    given = parser.parse_args()
    panel = panel_of(data_folder(given.data))
    rows = []
    for horizon in given.horizons:
        rows.append(measured(panel, horizon, given))
        print(markdown(rows[-1:]), flush=True)
    print()
    report("etth1", rows, given.out, every=given.every, steps=given.steps)


if __name__ == "__main__":
    main()
