"""How good a network is: MASE over seasonal naive on whole sets that it has not seen, and their geometric mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from benchmarks.pretraining.corpus import evaluation_windows, read_series
from benchmarks.pretraining.sources import EvaluationSet

from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.series import zero_shot
from recurra.nn.quantiles import MEDIAN, QUANTILES

Sets = dict[str, dict[str, npt.NDArray[np.floating]]]


def windows_of(folder: Path, evaluated: tuple[EvaluationSet, ...], context: int, most: int) -> Sets:
    return {of.file: evaluation_windows(read_series(folder, of.file, of.only), of, context, most) for of in evaluated}


def save_sets(sets: Sets, path: Path) -> None:
    arrays: dict[str, Any] = {
        f"{name}/{part}": values.astype(np.float32) for name, of in sets.items() for part, values in of.items()
    }
    np.savez_compressed(path, **arrays)


def load_sets(path: Path) -> Sets:
    sets: Sets = {}
    with np.load(path) as stored:
        for key in stored.files:
            name, part = key.rsplit("/", 1)
            sets.setdefault(name, {})[part] = stored[key].astype(np.float64)
    return sets


def scores(network: Pretrained, sets: Sets, device: torch.device | str = "cpu") -> dict[str, dict[str, float]]:
    """For each set what `scores_of` says of the forecasts of `zero_shot`."""
    network.eval()
    out = {}
    for name, of in sets.items():
        known = np.isfinite(of["context"][:, -network.shape.context :]).any(1)  # of a network that sees less of it
        context, truth, naive, scale = (of[part][known] for part in ("context", "truth", "naive", "scale"))
        quantiles = zero_shot(context, truth.shape[1], network=network, device=device)
        out[name] = scores_of(quantiles, truth, naive, scale)
    network.train()
    return out


def scores_of(quantiles: npt.NDArray, truth: npt.NDArray, naive: npt.NDArray, scale: npt.NDArray) -> dict[str, float]:
    known = np.isfinite(truth)
    median = quantiles[:, :, MEDIAN]
    mase = np.nanmean(np.nanmean(np.abs(truth - median), axis=1) / scale)
    base = np.nanmean(np.nanmean(np.abs(truth - naive), axis=1) / scale)
    levels = np.array(QUANTILES)
    error = np.where(known, truth, 0)[:, :, None] - quantiles
    pinball = np.maximum(levels * error, (levels - 1) * error).mean(2) * known
    naive_loss = np.where(known, np.abs(np.where(known, truth, 0) - naive), 0) / 2
    low, high = QUANTILES.index(0.1), QUANTILES.index(0.9)
    inside = (truth >= quantiles[:, :, low]) & (truth <= quantiles[:, :, high])
    return {
        "mase": float(mase),
        "naive": float(base),
        "ratio": float(mase / base),
        "crps": float((pinball.sum(1) / scale).sum() / (naive_loss.sum(1) / scale).sum()),
        "cover80": float(inside[known].mean()),
    }


def geometric(of: dict[str, dict[str, float]], what: str = "ratio") -> float:
    return float(np.exp(np.mean([np.log(part[what]) for part in of.values()])))
