"""The real corpus: read from Parquet, packed into a few arrays, cut into windows at random."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from benchmarks.pretraining.sources import TRAINING, EvaluationSet
from benchmarks.pretraining.synthetic.draw import Draw
from torch import Tensor

from recurra.nn.pretrained.constants import constant

Floats = npt.NDArray[np.floating]
DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "data" / "corpus"
SHORTEST = 24  # points of a series after aggregation


def corpus_folder(given: str | Path | None = None) -> Path:
    """The folder given, else RECURRA_CORPUS, else ../shared/data/corpus beside the repository."""
    folder = Path(given or os.environ.get("RECURRA_CORPUS") or DEFAULT)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no corpus at {folder}: pass --corpus or set RECURRA_CORPUS to the folder of Parquet files"
        )
    return folder


def read_series(folder: Path, file: str, only: str = "") -> dict[str, Floats]:
    """Name -> values of every series of one file, NaN where missing."""
    import pyarrow.parquet as parquet  # not needed where windows come from a pack

    table = parquet.read_table(folder / f"{file}.parquet", columns=["series", "y"]).to_pandas()
    groups = table.groupby("series", sort=False)["y"]
    return {str(name): part.to_numpy(np.float64) for name, part in groups if not only or re.search(only, str(name))}


@dataclass(frozen=True)
class Pack:
    """Series one after the other: values [N], their bounds [S + 1] and the set each belongs to [S]."""

    values: npt.NDArray[np.float32]
    bounds: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]

    def save(self, path: Path) -> None:
        np.savez_compressed(path, values=self.values, bounds=self.bounds, group=self.group)

    @staticmethod
    def load(path: Path) -> Pack:
        with np.load(path) as stored:
            return Pack(stored["values"], stored["bounds"], stored["group"])


def pack_training(folder: Path, files: tuple[str, ...] = tuple(TRAINING)) -> Pack:
    """All series that may teach, each divided by its largest magnitude."""
    values, lengths, groups = [], [], []
    for number, file in enumerate(files):
        for series in read_series(folder, file).values():
            largest = float(np.nanmax(np.abs(series)))
            values.append((series / (largest or 1.0)).astype(np.float32))
            lengths.append(len(series))
            groups.append(number)
    return Pack(np.concatenate(values), np.concatenate([[0], np.cumsum(lengths)]), np.array(groups))


class Real:
    """Random windows of a pack on one device; every other value, or the mean of a few, in some of them."""

    def __init__(self, pack: Pack, device: str | torch.device = "cpu") -> None:
        values = torch.from_numpy(pack.values).to(device).double()
        known = torch.isfinite(values)
        zero = torch.zeros(1, device=device, dtype=torch.float64)
        self.sums = torch.cat([zero, torch.where(known, values, 0.0).cumsum(0)])
        self.counts = torch.cat([zero, known.double().cumsum(0)])
        bounds = torch.from_numpy(pack.bounds).to(device)
        self.begin, self.size = bounds[:-1], bounds.diff()
        group = torch.from_numpy(pack.group).to(device)
        # a set weighs as the square root of its values, at most as one of 300,000; a series as the root of its own
        totals = torch.zeros(int(group.max()) + 1, device=device).index_add_(0, group, self.size.float())
        roots = self.size.float().sqrt()
        within = torch.zeros_like(totals).index_add_(0, group, roots)
        weights = (roots * (totals.clamp(max=3e5).sqrt() / within)[group]).double()
        self.shares = (weights / weights.sum()).cumsum(0)[:-1].float()

    def make(self, draw: Draw, rows: int, length: int) -> Tensor:
        """[rows, length], NaN before the beginning of a series."""
        at = torch.searchsorted(self.shares, draw.uniform(rows), right=True)
        begin, size = self.begin[at], self.size[at]
        steps = constant((1, 2, 3, 4, 6, 12), at.device, torch.long)
        step = steps[draw.pick(rows, [14, 2, 1, 2, 1, 1]).squeeze(1)]
        step = torch.where(size >= step * 4 * SHORTEST, step, 1)
        usable = size // step
        shortest = torch.minimum(usable, torch.full_like(usable, SHORTEST))
        least = torch.minimum(usable, torch.full_like(usable, length))
        least = torch.where(draw.uniform(rows) < 0.7, least, shortest)  # most windows are full where they can be
        stop = (least + (draw.uniform(rows) * (usable - least + 1)).floor().long()).clamp(max=usable)
        index = stop.unsqueeze(1) - length + torch.arange(length, device=at.device)
        inside = index >= 0
        low = begin.unsqueeze(1) + index.clamp(min=0) * step.unsqueeze(1)
        high = low + step.unsqueeze(1)
        count = self.counts[high] - self.counts[low]
        mean = (self.sums[high] - self.sums[low]) / count.clamp(min=1)
        return torch.where(inside & (count > 0), mean, torch.nan).float()


def evaluation_windows(
    series: dict[str, Floats], of: EvaluationSet, context: int, most: int, seed: int = 7
) -> dict[str, Floats]:
    """At most `most` windows of one set: rolling ones of `horizon` values from the end of each series, 3 to 20 of it.

    context [N, context] (NaN before the beginning), truth [N, horizon], naive [N, horizon] (the last season again),
    scale [N] (mean seasonal change of the whole history, the measure of MASE). A window needs a history of two seasons
    and of 16 values, and a scale above 0.
    """
    rows = []
    windows = min(max(most // max(len(series), 1), 3), 20)
    for values in series.values():
        for window in range(windows):
            stop = len(values) - window * of.horizon
            origin = stop - of.horizon
            if origin < max(2 * of.season + 1, 16):
                break
            past, truth = values[:origin], values[origin:stop]
            change = np.abs(past[of.season :] - past[: -of.season])
            scale = float(np.nanmean(change)) if np.isfinite(change).any() else 0.0
            if (
                not scale > 1e-3 * np.nanstd(past)
                or np.isfinite(truth).sum() < 0.5 * of.horizon
                or np.isfinite(past[-context:]).sum() < 8
            ):
                continue
            rows.append((past, truth, scale))
    chosen = np.random.default_rng(seed).permutation(len(rows))[:most]
    contexts = np.full((len(chosen), context), np.nan)
    for at, row in enumerate(chosen):
        past = rows[row][0][-context:]
        contexts[at, context - len(past) :] = past
    truth = np.array([rows[row][1] for row in chosen])
    naive = np.array([seasonal_naive(rows[row][0], of.season, of.horizon) for row in chosen])
    return {"context": contexts, "truth": truth, "naive": naive, "scale": np.array([rows[row][2] for row in chosen])}


def seasonal_naive(past: Floats, season: int, horizon: int) -> Floats:
    """The last season again; a missing value is the one a season earlier, at last the last known one."""
    filled = past.copy()
    for at in np.flatnonzero(~np.isfinite(filled)):
        filled[at] = filled[at - season] if at >= season else np.nan
    last = past[np.isfinite(past)][-1]
    filled = np.where(np.isfinite(filled), filled, last)
    return filled[len(filled) - season + np.arange(horizon) % season]
