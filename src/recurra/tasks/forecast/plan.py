"""What a forecaster decides before it trains: seasons, block, window, and which origins are held out.

A step of the recurrence is a block of time steps: one season where there is one, so that the 24 hours of a day are 24
features of one step. The held-out origins (for early stopping and for the intervals) are the last of every series;
the truths that training sees end before the first of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.windows import Origins, WindowShape, training_origins
from recurra.data.time.frequency import DAY, parse_frequency
from recurra.errors import InputError
from recurra.evaluation.forecast.steps import Steps
from recurra.language import _
from recurra.options import option

LONGEST_BLOCK = 60
NEVER = np.iinfo(np.int64).max
BLOCKS = 5
_HELD_OUT_SHARE = 0.1
_HELD_OUT_WINDOWS = 1024
_HELD_OUT_HORIZONS = 3  # of each of many series, where a tenth of it has so many


@dataclass(frozen=True, eq=False)
class Split:
    """Origins to train on, and held-out ones as two arrays [n] of series numbers and origins.

    No truth from `unseen` [S] on is trained on, of a series that is trained on; those held out may be some of the rest.
    """

    training: Origins
    held_out_series: Tensor
    held_out_origins: Tensor
    unseen: Ints


def window_shapes(
    panel: Panel, horizon: int, seasons: tuple[int, ...], block: int | None, members: int
) -> tuple[WindowShape, ...]:
    """A window for each member of the ensemble: they differ in how far they look back, and so in their errors.

    The block is `block`, or the shortest season of at most 60 steps, and then the first window spans five of them (or
    the longer season, such as the week of hourly data), the second eight, the third three. Without a season the block
    is twice the horizon in a window of four, or the horizon in a window of five, or of eight. No window is longer than
    the longest series can fill before the first truth that training sees.
    """
    season = _short_season(seasons)
    usual = block or season or min(max(horizon, 7), LONGEST_BLOCK)
    longer = [season for season in seasons if usual < season <= 14 * usual]
    blocks = max([BLOCKS, *(math.ceil(season / usual) for season in longer)])
    plans = [(usual, blocks), (usual, math.ceil(1.6 * blocks)), (usual, math.ceil(0.6 * blocks))]
    if block is None and season is None:
        plans = [(min(2 * usual, LONGEST_BLOCK), 4), (usual, 5), (usual, 8)]
    longest = int(panel.lengths.max())
    room = longest - 2 * horizon - max(1, int(longest * _HELD_OUT_SHARE)) + 1
    shapes = []
    for k in range(members):
        size, count = plans[k % len(plans)]
        size = size if size <= room else usual
        window = max(1, min(count, room // size)) * size
        shapes.append(WindowShape(window, horizon, size, tuple(season for season in seasons if season <= window)))
    return tuple(shapes)


def steps_of(panel: Panel, seasons: tuple[int, ...]) -> Steps:
    """What the baselines are told of the grid: these seasons, and how many steps a year and a day have."""
    grid = panel.grid
    if grid.freq is None or grid.counting.opening:
        return Steps(seasons)
    frequency = parse_frequency(grid.freq)
    if frequency.months is not None:
        return Steps(seasons, 12 / frequency.months)
    if frequency.microseconds is None:
        return Steps(seasons, 261 / frequency.count)  # business days
    if not frequency.below_day:
        return Steps(seasons, 365.25 * DAY / frequency.microseconds)
    day = DAY // frequency.microseconds if DAY % frequency.microseconds == 0 else 0
    return Steps(seasons, 365.25 * day, day)


def nothing_held_out(panel: Panel, horizon: int, least: int) -> Split:
    """Train on every origin there is."""
    none = torch.zeros(0, dtype=torch.int64)
    return Split(training_origins(panel.lengths, horizon, least), none, none, np.full(len(panel), NEVER))


def split(panel: Panel, horizon: int, least: int) -> Split:
    """Hold out the last tenth of every series (about 1,000 origins in all); train on what ends before it.

    `least` rows must lie before an origin. Raises `InputError` where nothing is left to train on, saying how many
    rows are needed.
    """
    lengths = panel.lengths
    span = held_out_span(lengths, horizon)
    last = lengths - horizon
    first = last - span + 1
    training = training_origins(np.maximum(first, 0), horizon, least)
    if not training.total:
        raise InputError(
            _(
                "the longest series has {max} rows to learn from: a forecast of {horizon} steps needs at "
                "least {rows_needed} of them; give more data, or a shorter horizon ({horizon_option})",
                max=int(lengths.max()),
                horizon=horizon,
                rows_needed=_rows_needed(horizon, least),
                horizon_option=option("horizon"),
            )
        )
    usable = np.flatnonzero(first >= least)
    stride = max(1, int(span[usable].sum()) // _HELD_OUT_WINDOWS)
    pairs = [(s, np.arange(last[s], first[s] - 1, -stride)[::-1]) for s in usable]
    series = np.concatenate([np.full(len(origins), s) for s, origins in pairs])
    origins = np.concatenate([origins for _, origins in pairs])
    if len(series) > 2 * _HELD_OUT_WINDOWS:
        keep = np.linspace(0, len(series) - 1, 2 * _HELD_OUT_WINDOWS).astype(np.int64)
        series, origins = series[keep], origins[keep]
    unseen = np.where(first >= least, first, NEVER)
    return Split(training, torch.from_numpy(series), torch.from_numpy(origins), unseen)


def held_out_span(lengths: Ints, horizon: int) -> Ints:
    """How many of the last origins of each series [S] are held out: a tenth of its rows, of several series fewer.

    They are 1,024 of all series then, but not fewer than three that lie a horizon apart: many series at one moment
    would say what holds of that moment.
    """
    span = np.maximum(1, (np.asarray(lengths) * _HELD_OUT_SHARE).astype(np.int64))
    if len(span) < 2:
        return span
    return np.minimum(span, max(math.ceil(_HELD_OUT_WINDOWS / len(span)), (_HELD_OUT_HORIZONS - 1) * horizon + 1))


def least_history(shapes: tuple[WindowShape, ...]) -> int:
    """Rows before an origin for it to be trained on: two seasons, or the shortest block where there is no season."""
    block = min(shape.block for shape in shapes)
    return max(1, min(shapes[0].window, 2 * block if block in shapes[0].seasons else block))


def rows_to_learn(horizon: int, seasons: tuple[int, ...], block: int | None) -> int:
    """Rows of the longest series that a training needs at least: its shortest window, and two horizons beside it."""
    return _rows_needed(horizon, block or _short_season(seasons) or min(max(horizon, 7), LONGEST_BLOCK))


def _short_season(seasons: tuple[int, ...]) -> int | None:
    return next((season for season in sorted(seasons) if 1 < season <= LONGEST_BLOCK), None)


def _rows_needed(horizon: int, least: int) -> int:
    need = least + 2 * horizon
    while need - horizon - max(1, int(need * _HELD_OUT_SHARE)) + 1 < least + horizon:
        need += 1
    return need
