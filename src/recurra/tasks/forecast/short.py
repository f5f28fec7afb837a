"""Intervals of series of a few rows: as wide as forecasts from as few rows of the longer series were wrong.

A window of a few rows says nothing about its own spread, and what calibrates the intervals is measured on series that
have all their rows. So the longer series are cut to 1, 2, 3, ... rows before origins whose truths are known, and
forecast from those: the errors, in units of the mean size of the rows that were left, are what a series of so few rows
has to expect, as far as it is like the others (split conformal prediction; Vovk et al. (2005), "Algorithmic learning in
a random world", on groups). Where the longer series are too few for that, it is the errors of the plainest forecast
from as few rows, at moments all over what the model remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats
from recurra.data.panel.panel import Ints, Panel
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.frames import truth_after

Floats = npt.NDArray[np.floating]
Forecasts = Callable[[Panel, Ints, Ints], Floats]  # panel, series and origins [n] -> medians [n, H]

LEAST_KNOWN = 8  # rows: a series of fewer says nothing of its own spread
_ROWS = (1, 2, 3, 4, 5, 6, 7)
_MORE = (8, 12)  # where a series of the data needs them: methods are fitted to so many
_UNTIL = 16
FEW = 4 * _UNTIL  # rows beyond which no series is short
_LEAST_SERIES, _LEAST_PAIRS, _PAIRS = 5, 10, 80
_MOST_ASKED, _MOMENTS = 16, 4096  # series, and of each as many moments, evenly spaced


@dataclass(frozen=True, eq=False)
class ShortSeries:
    """For series of at least `rows` [K] rows: how far each quantile lies from the median, `offsets` [K, Q].

    In units of the mean size of the known values; it serves series of up to `until` rows.
    """

    rows: Ints
    offsets: Floats
    until: int

    def check(self) -> None:
        """Refuse parts out of a file that do not belong together."""
        require(self.rows.ndim == 1 and len(self.rows) > 0 and self.rows.dtype.kind == "i", "no rows of short series")
        require(bool((np.diff(self.rows) > 0).all()) and self.rows[0] == 1, f"short series of {self.rows} rows")
        require(self.until >= self.rows[-1], f"short series until {self.until} rows")
        require_floats("offsets", self.offsets, (len(self.rows), len(QUANTILES)))

    def apply(
        self, quantiles: Floats, panel: Panel, series: Ints, origins: Ints, *, but: npt.NDArray[np.bool_]
    ) -> Floats:
        """Quantiles [n, H, Q] with those of short series replaced; not of the pairs `but` [n]."""
        found = quantiles
        for row, (s, end) in enumerate(zip(series, origins, strict=True)):
            if end > 4 * self.until or but[row]:  # gaps do not make a long series short
                continue
            known = _known(panel, int(s), int(end))
            if 0 < len(known) <= self.until:
                if found is quantiles:
                    found = quantiles.copy()
                k = int(np.searchsorted(self.rows, len(known), side="right")) - 1
                found[row] = found[row, :, MEDIAN, None] + _size(known) * self.offsets[k]
        return found


def fit_short(panel: Panel, series: Ints, origins: Ints, horizon: int, medians: Forecasts) -> ShortSeries | None:
    """What the longer series say at pairs of `series` and `origins` [n], held out; None: too few."""
    rows = [*_ROWS, *_MORE] if bool(((panel.lengths >= _MORE[0]) & (panel.lengths <= _UNTIL)).any()) else [*_ROWS]
    truth = truth_after(panel, series, origins, horizon).reshape(-1, horizon)
    usable = np.flatnonzero((origins > _UNTIL) & np.isfinite(truth).any(axis=1))
    latest = [usable[series[usable] == s][-2:] for s in np.unique(series[usable])]
    if len(latest) < _LEAST_SERIES:
        return None
    picked = [np.array([part[-k] for part in latest if len(part) >= k]) for k in (1, 2)]
    picked = [part[np.unique(np.linspace(0, len(part) - 1, _PAIRS // 2).astype(int))] for part in picked if len(part)]
    if sum(map(len, picked)) < _LEAST_PAIRS:
        return None
    offsets = np.empty((len(rows), len(QUANTILES)))
    for k, count in enumerate(rows):
        errors = [_errors(panel, series[part], origins[part], truth[part], count, medians) for part in picked]
        together = np.concatenate(errors)
        if len(together) < _LEAST_PAIRS:
            return None
        offsets[k] = np.quantile(together, QUANTILES)
    until = _UNTIL if len(rows) > len(_ROWS) else rows[-1] + 1
    return ShortSeries(np.array(rows, dtype=np.int64), _around_median(offsets), until)


def plain_short(panel: Panel, horizon: int) -> ShortSeries | None:
    """What the mean or the last value of a few rows missed, whichever missed less, anywhere in `panel`; None: too few.

    Cruder than what `fit_short` measures and rather too wide: for panels of fewer series than that needs.
    """
    asked = np.unique(np.linspace(0, len(panel) - 1, min(len(panel), _MOST_ASKED)).astype(int))
    offsets = np.empty((len(_ROWS), len(QUANTILES)))
    for k, count in enumerate(_ROWS):
        parts = [_plain_errors(np.asarray(panel.values(s), dtype=np.float64), count, horizon) for s in asked]
        errors = np.concatenate(parts, axis=1)
        if errors.shape[1] < _LEAST_PAIRS:
            return None
        sizes = [float(np.nanmean(np.abs(each))) for each in errors]
        offsets[k] = np.nanquantile(errors[int(np.argmin(sizes))], QUANTILES)
    return ShortSeries(np.array(_ROWS, dtype=np.int64), _around_median(offsets), _ROWS[-1] + 1)


def _plain_errors(values: Floats, rows: int, horizon: int) -> Floats:
    """Errors [2, n, H] of the mean and of the last of `rows` values, in units of their mean size, NaN where unknown."""
    if len(values) <= rows:
        return np.empty((2, 0, horizon))
    beyond = np.concatenate([values, np.full(horizon, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(beyond, rows + horizon)
    if len(windows) > _MOMENTS:
        windows = windows[np.linspace(0, len(windows) - 1, _MOMENTS).astype(int)]
    known, truth = windows[:, :rows], windows[:, rows:]
    size = np.abs(known).mean(axis=1)
    usable = np.isfinite(known).all(axis=1) & (size > 0) & np.isfinite(truth).any(axis=1)
    known, truth, size = known[usable], truth[usable], size[usable]
    return np.stack([(truth - plain[:, None]) / size[:, None] for plain in (known.mean(axis=1), known[:, -1])])


def _around_median(offsets: Floats) -> Floats:
    """Quantiles [..., Q] of errors as distances from a median that stays where it is."""
    found = np.array(offsets)
    found[..., MEDIAN] = 0.0
    found[..., :MEDIAN] = np.minimum(found[..., :MEDIAN], 0.0)
    found[..., MEDIAN + 1 :] = np.maximum(found[..., MEDIAN + 1 :], 0.0)
    return found


def _errors(panel: Panel, series: Ints, origins: Ints, truth: Floats, rows: int, medians: Forecasts) -> Floats:
    """Errors from `rows` rows before one origin of each of `series` [n], in units of their mean size, flat."""
    ends = np.zeros(len(panel), dtype=np.int64)
    ends[series] = origins
    cut = panel.cut(ends).tail(rows)
    place = {name: s for s, name in enumerate(cut.series)}
    numbers = np.array([place[panel.series[int(s)]] for s in series])
    known = [_known(cut, int(s), int(cut.lengths[s])) for s in numbers]
    there = np.array([len(part) > 0 and _size(part) > 0 for part in known])
    found = medians(cut, numbers[there], cut.lengths[numbers[there]])
    size = np.array([_size(part) for part, fits in zip(known, there, strict=True) if fits])
    errors = (truth[there] - found) / size[:, None]
    return errors[np.isfinite(errors)]


def _known(panel: Panel, s: int, end: int) -> Floats:
    values = np.asarray(panel.values(s)[:end], dtype=np.float64)
    return values[np.isfinite(values)]


def _size(known: Floats) -> float:
    return float(np.abs(known).mean())
