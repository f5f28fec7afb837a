"""Windows: the last W steps before an origin, made ready for a network, and the H steps after it.

Each window loses its own level and scale, so that one network serves series of any magnitude:

    u = log(y) or y;  level = mean of the last season of the window (its last value where there is no season)
    scale = mean |u_t - u_{t-season}| over the window, at least the floor of its series
    z = (u - level) / scale

Missing steps are zero beside a mask that says so. Of what comes after the origin only known-future covariates are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from recurra.checking import require, require_sizes
from recurra.data.panel.calendar import calendar_names, panel_calendar
from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.scaling import FLOOR, Scaling


@dataclass(frozen=True, eq=False)
class WindowShape:
    """Steps of the window and of the forecast, the block of steps that is one step of the recurrence, the seasons."""

    window: int
    horizon: int
    block: int
    seasons: tuple[int, ...]

    def check(self) -> None:
        """Refuse windows that are not made of blocks, or shorter than their seasons."""
        require_sizes(self, "window", "horizon", "block")
        require(self.window % self.block == 0, f"a window of {self.window} steps is not made of blocks of {self.block}")
        fits = all(1 <= season <= self.window for season in self.seasons)
        require(fits, f"seasons of {self.seasons} steps in windows of {self.window}")


@dataclass(frozen=True, eq=False)
class WindowBatch:
    """B windows of W steps with a horizon of H; shapes beside each name. All float32 but the codes."""

    target: Tensor  # [B, W] z, zero where missing
    observed: Tensor  # [B, W] 1 where the target was observed
    past: Tensor  # [B, W, P] standardised, zero where missing
    past_observed: Tensor  # [B, W, P'] for the columns that have gaps
    past_codes: Tensor  # [B, W, C], 0 for missing or unseen
    calendar: Tensor  # [B, W + H, K]
    known: Tensor  # [B, W + H, K'] standardised, zero where missing
    known_codes: Tensor  # [B, W + H, D]
    static: Tensor  # [B, A]
    static_codes: Tensor  # [B, E]
    series: Tensor  # [B] number in training, S for a stranger
    naive: Tensor  # [B, H, N] z of the last value, the seasonal naive forecasts, and the first of those with drift
    level: Tensor  # [B, 1] float64, in u
    scale: Tensor  # [B, 1] float64, in u
    importance: Tensor  # [B, 1] scale over the series' own typical change
    truth: Tensor  # [B, H] z, NaN where missing or not asked for

    def __len__(self) -> int:
        return len(self.target)

    def restored(self, z: Tensor) -> Tensor:
        """Values in z [B, H, ...] back in u, float64."""
        extra = (1,) * (z.ndim - 2)
        return z.double() * self.scale.view(-1, 1, *extra) + self.level.view(-1, 1, *extra)

    def to(self, device: torch.device | str) -> WindowBatch:
        """The batch on another device."""
        return WindowBatch(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


class WindowReader:
    """Reads windows of a panel at any (series, origin); an origin is the number of rows known by then."""

    def __init__(self, panel: Panel, shape: WindowShape, scaling: Scaling) -> None:
        self.panel, self.shape, self.scaling = panel, shape, scaling
        self._number = torch.from_numpy(scaling.number(panel.series))
        self._offsets = torch.from_numpy(panel.offsets.astype(np.int64))
        self._lengths = torch.from_numpy(panel.lengths.astype(np.int64))
        self._known_offsets = torch.from_numpy(panel.known_offsets.astype(np.int64))
        self._known_lengths = torch.from_numpy(panel.known_lengths.astype(np.int64))
        self._start = torch.from_numpy(panel.start.astype(np.int64))
        self._target = _tensor(panel.target)
        self._past, self._past_codes = _tensor(panel.past), _tensor(panel.past_codes)
        self._known, self._known_codes = _tensor(panel.known), _tensor(panel.known_codes)
        self._static = _standardise(_tensor(panel.static), scaling.static_mean, scaling.static_spread)
        self._static_codes = _tensor(panel.static_codes).long() + 1
        self._gaps = torch.from_numpy(np.flatnonzero(scaling.past_gaps))
        self._floor, self._typical = torch.from_numpy(scaling.floor), torch.from_numpy(scaling.typical)
        self._logs = torch.from_numpy(scaling.in_logarithms)
        self._typical_change = self._floor / FLOOR
        first, last = int(panel.start.min()), int((panel.start + panel.lengths).max()) + shape.horizon
        self._calendar_first = first - shape.window
        self.calendar_names = calendar_names(panel.schema, panel.grid)
        # The calendars of the groups lie end to end.
        calendar, every = panel_calendar(panel), np.arange(self._calendar_first, last)
        features = [calendar.features(group, every) for group in range(len(calendar.countries))]
        self._calendar = torch.from_numpy(np.ascontiguousarray(np.concatenate(features), dtype=np.float32))
        self._calendar_at = torch.from_numpy(calendar.groups * len(every))

    def read(self, series: Tensor, origins: Tensor, truth: bool = True) -> WindowBatch:
        """The windows before `origins` [B] (rows known) of `series` [B] (numbers in the panel)."""
        shape, scaling = self.shape, self.scaling
        steps = torch.arange(-shape.window, shape.horizon)
        rows = origins[:, None] + steps  # [B, W + H], row numbers in the series
        here, ahead = rows[:, : shape.window], rows[:, shape.window :]
        start = self._offsets[series][:, None]
        number = self._number[series]
        logs = self._logs[number][:, None]
        u = self._transformed(start, here, here >= 0, logs)
        seen = torch.isfinite(u)
        level, scale = _level_and_scale(u, seen, scaling.season, self._typical[number], self._floor[number])
        z = torch.where(seen, (u - level) / scale, 0.0)
        future = torch.full((len(series), shape.horizon), torch.nan, dtype=torch.float64)
        if truth:
            future = (self._transformed(start, ahead, ahead < self._lengths[series][:, None], logs) - level) / scale

        inside = (here >= 0).unsqueeze(-1)
        at = start + here.clamp(min=0)
        past = torch.where(inside, self._past[at], torch.nan)
        gaps = torch.isfinite(past[..., self._gaps]).float()
        known_ok = ((rows >= 0) & (rows < self._known_lengths[series][:, None])).unsqueeze(-1)
        known_at = self._known_offsets[series][:, None] + torch.minimum(
            rows.clamp(min=0), self._known_lengths[series][:, None] - 1
        )
        return WindowBatch(
            target=z.float(),
            observed=seen.float(),
            past=_standardise(past, scaling.past_mean, scaling.past_spread),
            past_observed=gaps,
            past_codes=torch.where(inside, self._past_codes[at].long() + 1, 0),
            calendar=self._calendar[(self._calendar_at + self._start)[series][:, None] + rows - self._calendar_first],
            known=_standardise(
                torch.where(known_ok, self._known[known_at], torch.nan), scaling.known_mean, scaling.known_spread
            ),
            known_codes=torch.where(known_ok, self._known_codes[known_at].long() + 1, 0),
            static=self._static[series],
            static_codes=self._static_codes[series],
            series=number,
            naive=naive_forecasts(z, seen, shape.seasons, shape.horizon).float(),
            level=level,
            scale=scale,
            importance=(scale / self._typical_change[number][:, None]).float(),
            truth=future.float(),
        )

    def _transformed(self, start: Tensor, rows: Tensor, valid: Tensor, logs: Tensor) -> Tensor:
        """The target [B, n] in u, NaN where it is missing or outside its series; `logs` [B, 1]: in logarithms."""
        last = len(self._target) - 1
        y = torch.where(valid, self._target[(start + rows.clamp(min=0)).clamp(max=last)].double(), torch.nan)
        return torch.where(logs, torch.where(y > 0, y, torch.nan).log(), y) if bool(logs.any()) else y


@dataclass(frozen=True, eq=False)
class Origins:
    """All origins of a training part, numbered: series s has `counts[s]` of them from `first[s]` on."""

    first: Tensor
    counts: Tensor

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    def locate(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Series and origins [n] of the given numbers [n]."""
        ends = self.counts.cumsum(0)
        series = torch.searchsorted(ends, numbers, right=True)
        return series, self.first[series] + numbers - (ends - self.counts)[series]


def training_origins(lengths: Ints, horizon: int, least: int) -> Origins:
    """Every origin with at least `least` rows before it and `horizon` rows after it."""
    counts = torch.from_numpy(np.maximum(np.asarray(lengths, dtype=np.int64) - horizon - least + 1, 0))
    return Origins(torch.full_like(counts, least), counts)


def batches(series: Tensor, origins: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs in order, `size` at a time."""
    for begin in range(0, len(series), size):
        yield series[begin : begin + size], origins[begin : begin + size]


def naive_forecasts(z: Tensor, seen: Tensor, seasons: tuple[int, ...], horizon: int) -> Tensor:
    """The naive forecasts from windows z [B, W] -> [B, H, `naive_count`].

    The last value; the last season, for each season; and the first season's once more with drift, the change of level
    from the season before. A missing step is looked for one season earlier, and so on; where the window has none, the
    level (0) stands in.
    """
    found = [_last_season(z, seen, season, horizon) for season in (1, *seasons)]
    if seasons:
        season = seasons[0]
        drift = torch.zeros(len(z), 1, dtype=z.dtype)
        if z.shape[1] >= 2 * season:
            now, before = slice(-season, None), slice(-2 * season, -season)
            counts = seen[:, now].sum(1), seen[:, before].sum(1)
            change = z[:, now].sum(1) / counts[0].clamp(min=1) - z[:, before].sum(1) / counts[1].clamp(min=1)
            drift = torch.where((counts[0] > 0) & (counts[1] > 0), change, 0.0).unsqueeze(1)
        found.append(found[1] + drift * (torch.arange(horizon) // season + 1))
    return torch.stack(found, dim=-1)


def naive_count(seasons: tuple[int, ...]) -> int:
    """How many naive forecasts there are."""
    return 2 + len(seasons) if seasons else 1


def _last_season(z: Tensor, seen: Tensor, season: int, horizon: int) -> Tensor:
    periods = z.shape[1] // season
    if periods == 0:
        return torch.zeros(len(z), horizon, dtype=z.dtype)
    folded = z[:, -periods * season :].view(len(z), periods, season)
    known = seen[:, -periods * season :].view(len(z), periods, season)
    latest = (known * torch.arange(1, periods + 1)[:, None]).amax(dim=1, keepdim=True)
    value = folded.gather(1, (latest - 1).clamp(min=0)).squeeze(1)
    return value.repeat(1, -(-horizon // season))[:, :horizon]


def _level_and_scale(u: Tensor, seen: Tensor, season: int, typical: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Level [B, 1] and scale [B, 1] of windows u [B, W]."""
    filled = torch.where(seen, u, 0.0)
    if season > 1:
        recent = seen[:, -season:].sum(1, keepdim=True)
        level = filled[:, -season:].sum(1, keepdim=True) / recent
    else:
        recent = seen.sum(1, keepdim=True)
        last = (seen * torch.arange(1, u.shape[1] + 1)).amax(dim=1, keepdim=True)
        level = filled.gather(1, (last - 1).clamp(min=0))
    anywhere = seen.sum(1, keepdim=True)
    mean = torch.where(anywhere > 0, filled.sum(1, keepdim=True) / anywhere.clamp(min=1), typical[:, None])
    level = torch.where(recent > 0, level, mean)
    lag = min(season, u.shape[1] - 1)
    if lag < 1:
        return level, floor[:, None].clone()
    both = seen[:, lag:] & seen[:, :-lag]
    change = torch.where(both, (filled[:, lag:] - filled[:, :-lag]).abs(), 0.0).sum(1, keepdim=True)
    scale = change / both.sum(1, keepdim=True).clamp(min=1)
    return level, torch.maximum(scale, floor[:, None])


def _standardise(values: Tensor, mean: np.ndarray, spread: np.ndarray) -> Tensor:
    """(x - mean) / spread over the last axis, zero where missing; float32."""
    centre, width = torch.from_numpy(mean).float(), torch.from_numpy(spread).float()
    return torch.nan_to_num((values.float() - centre) / width, nan=0.0)


def _tensor(array: np.ndarray) -> Tensor:
    """The array as a tensor that shares its memory; of at least one row, so that an index always finds something."""
    if len(array) == 0:
        array = np.zeros((1, *array.shape[1:]), dtype=array.dtype)
    return torch.from_numpy(np.ascontiguousarray(array))
