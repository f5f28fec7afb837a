"""ETTh1 as the literature scores it: all 7 columns, each standardised by its training part, MSE and MAE at 4 horizons.

    python benchmarks/etth1.py                      # all four horizons
    python benchmarks/etth1.py --horizons 96 --every 4
    python benchmarks/etth1.py --horizons 192 336 --steps 0 --every 8    # the pretrained network as it is

The first 12 months are learnt from, the next 4 hold out (they end the training), the last 4 test, in windows that begin
at every row (`--every N`: at every Nth). Every column is a series, forecast from its last 1,024 rows at most.
Compared are the pretrained network as it is, the same fine-tuned on all 7 columns together, and the last day repeated;
the forecast is the mean of the quantiles (MSE) and the median (MAE), as the measures ask. Goals are SegRNN's figures
(Lin et al. 2023, look-back 720), beside PatchTST's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import ROOT, data_folder, markdown, report

from recurra.data import read_table, understand
from recurra.data.panel.panel import Panel
from recurra.data.panel.windows import training_origins
from recurra.evaluation.forecast.metrics import level_weights
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.combining import pretrained_quantiles
from recurra.tasks.forecast.fine_tuning import fine_tune
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.plan import Split, steps_of
from recurra.training import Run, TrainingOptions
from recurra.training.progress import ProgressBar

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


def errors(panel: Panel, horizon: int, every: int, network: Any) -> tuple[float, float]:
    """MSE and MAE over the test windows of all columns; `network` is None for the last day repeated."""
    first = TRAINING + HELD_OUT
    origins = np.arange(first, first + TEST - horizon + 1, every)
    series, ends = np.repeat(np.arange(len(panel)), len(origins)), np.tile(origins, len(panel))
    squares, sizes, steps = [], [], steps_of(panel, (DAY,))
    for at in range(0, len(series), AT_ONCE):
        pairs = series[at : at + AT_ONCE], ends[at : at + AT_ONCE]
        truth = truth_after(panel, *pairs, horizon).reshape(-1, horizon)
        if network is None:
            days = np.stack([panel.values(int(s))[end - DAY : end] for s, end in zip(*pairs, strict=True)])
            mean = median = np.tile(days, -(-horizon // DAY))[:, :horizon]
        else:
            quantiles = pretrained_quantiles(panel, *pairs, horizon, steps, network)
            mean, median = quantiles @ level_weights(QUANTILES), quantiles[..., MEDIAN]
        squares.append(((truth - mean) ** 2).mean(axis=1))
        sizes.append(np.abs(truth - median).mean(axis=1))
    return float(np.concatenate(squares).mean()), float(np.concatenate(sizes).mean())


def measured(panel: Panel, horizon: int, given: argparse.Namespace) -> dict[str, Any]:
    """A line of the table."""
    from recurra.nn.pretrained import load_network

    begin = time.process_time()
    compared: dict[str, Any] = {"last day": None, "zero shot": load_network()}
    if given.steps:
        settings = horizon, (DAY,), TrainingOptions()
        run = Run(progress=ProgressBar())
        split = split_of(panel, horizon)
        tuned = fine_tune(panel, split, *settings, seed=0, run=run, name="training", steps=given.steps)
        compared["fine-tuned"] = tuned.network
    trained = time.process_time() - begin
    row: dict[str, Any] = {"horizon": horizon}
    for name, network in compared.items():
        row[f"{name}: MSE / MAE"] = "{:.3f} / {:.3f}".format(*errors(panel, horizon, given.every, network))
    row["SegRNN"], row["PatchTST"] = ("{:.3f} / {:.3f}".format(*each[horizon]) for each in (GOALS, PATCHTST))
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
