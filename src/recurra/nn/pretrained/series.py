"""Forecasts of series that no network was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np
import numpy.typing as npt
import torch

from recurra.errors import InputError
from recurra.nn.pretrained.batches import for_each
from recurra.nn.pretrained.forecasting import forecast
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.weights import shipped
from recurra.nn.quantiles import QUANTILES

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
ROWS = 48  # series that go through the network at once: its layers stay in a nearer cache (64 take 4 % more, 24 15 %)
NEAR_NOUGHT = 0.01  # of the median: below it a value is as good as nought


def zero_shot(
    values: npt.ArrayLike | Sequence[npt.ArrayLike],
    horizon: int,
    *,
    season: int | None = None,
    logarithms: bool = True,
    network: Pretrained | None = None,
    device: torch.device | str = "cpu",
) -> Floats:
    """Quantiles of the next `horizon` values of one or many series, by the pretrained forecaster, without training.

    values      one series [T], or many of any lengths: a list of arrays or an array [S, T]; regular in time, oldest
                first, NaN where missing; the last 1,024 values count
    horizon     how many values after the last one of each series, a missing one included
    season      the length of the season in rows where it is known (24 of hourly data), 1: none; detected unless given
    logarithms  where all values are clearly positive, the mean of two forecasts: of the values, and of their logarithms
    network     of `load_network`; the one in the package unless given
    device      where the network is

    Returns the quantiles at the levels `recurra.nn.quantiles.QUANTILES` in the units of the series, [horizon, 13] of
    one series, [S, horizon, 13] of many; increasing along the levels, never negative where no value of the series is.
    A series of one value only (or one known value) is forecast to go on as it is, with intervals of no width: it says
    nothing about its changes. A series is forecast the same alone and among others.

    Raises InputError where a series has no known value (among its last 1,024) or an infinite one, or `horizon` or
    `season` is not positive.

    >>> import numpy as np
    >>> from recurra.nn.pretrained import zero_shot
    >>> t = np.arange(120)
    >>> quantiles = zero_shot(100 + t + 20 * np.sin(2 * np.pi * t / 12), horizon=24)
    >>> quantiles.shape
    (24, 13)
    """
    if not isinstance(horizon, Integral) or horizon < 1:
        raise InputError(f"horizon={horizon!r}: expected a whole number of at least 1")
    if season is not None and (not isinstance(season, Integral) or season < 1):
        raise InputError(f"season={season!r}: expected a whole number of at least 1, or None to detect it")
    single, series = _as_series(values)
    network = shipped() if network is None else network
    cut = [_known_part(part[-network.shape.context :], single, number) for number, part in enumerate(series)]
    rows = [row for row, part in enumerate(cut) if logarithms and is_positive(part)]
    logs = [np.log(cut[row]) for row in rows]
    out = _forecasts(network, [*cut, *logs], horizon, season, device)
    out, found = out[: len(cut)], out[len(cut) :]
    if rows:
        # beyond what was seen by more than its own range an exponential says nothing
        above = np.array([2 * np.nanmax(part) - np.nanmin(part) + 1 for part in logs])
        out[rows] = (out[rows] + np.exp(np.minimum(found, above[:, None, None]))) / 2
    for row, part in enumerate(cut):
        lowest, highest = np.nanmin(part), np.nanmax(part)
        if lowest == highest:
            out[row] = highest
        elif lowest >= 0:
            out[row] = out[row].clip(min=0)
    return out[0] if single else out


def _forecasts(
    network: Pretrained, series: list[Floats], horizon: int, season: int | None, device: torch.device | str
) -> Floats:
    """Quantiles [S, horizon, Q] of series [T], which begin with a known value."""
    patch = network.shape.patch
    out = np.empty((len(series), horizon, len(QUANTILES)))
    patches = np.array([-(-len(part) // patch) for part in series])

    def run(chosen: Ints) -> None:
        window = np.full((len(chosen), int(patches[chosen[0]]) * patch), np.nan)
        for place, row in enumerate(chosen):
            window[place, window.shape[1] - len(series[row]) :] = series[row]
        found = forecast(network, torch.from_numpy(window).to(device), horizon, season=season)
        out[chosen] = found.cpu().numpy()

    # rows of as many patches go together: no row's result depends on the length of another
    batches = [
        rows[at : at + ROWS]
        for rows in (np.flatnonzero(patches == count) for count in np.unique(patches))
        for at in range(0, len(rows), ROWS)
    ]
    for_each(run, batches)
    return out


def is_positive(part: Floats) -> bool:
    """Whether the logarithm is one of sizes, not of how near to nought a few values come."""
    known = part[np.isfinite(part)]
    return bool(known.min() > NEAR_NOUGHT * np.median(known))


def _as_series(values: npt.ArrayLike | Sequence[npt.ArrayLike]) -> tuple[bool, list[Floats]]:
    """Whether it is one series, and all of them as float64 [T]."""
    table = isinstance(values, np.ndarray) and values.ndim == 2
    listed = isinstance(values, (list, tuple)) and len(values) > 0 and np.ndim(values[0]) == 1
    single = not (table or listed)
    parts = [values] if single else list(values)  # type: ignore[arg-type] # a table or a list
    series = []
    for number, part in enumerate(parts):
        where = "values" if single else f"series {number} of values"
        try:
            array = np.asarray(part, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"{where} must be numbers, NaN where missing: {error}") from error
        if array.ndim != 1:
            raise InputError(f"{where} has {array.ndim} dimensions, expected one: the values of a series, oldest first")
        if np.isinf(array).any():
            raise InputError(
                f"{where} holds an infinite value at row {int(np.isinf(array).argmax())}: replace it or set NaN"
            )
        if not len(array):
            raise InputError(f"{where} is empty: at least one known value is needed")
        series.append(array)
    return single, series


def _known_part(part: Floats, single: bool, number: int) -> Floats:
    """Without what is missing before the first known value."""
    known = np.isfinite(part)
    if not known.any():
        where = "values" if single else f"series {number} of values"
        raise InputError(
            f"{where} has no known value among its last {len(part):,}: leave out what is missing at its end"
        )
    return part[int(known.argmax()) :]
