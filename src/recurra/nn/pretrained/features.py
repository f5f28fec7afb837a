"""What the recurrence sees of a series: patches in causal units, and plain forecasts to start from.

Every number at a patch is computed from the values up to the end of that patch and no later ones, so that one pass over
a long window is a forecast from each of its patches. Units there are

    m, s   mean and standard deviation of all values so far
    l      the last known value
    d      mean absolute change, from one value to the next or over a season, whichever is less: all of the past and
           the recent past in one geometric mean. It is the unit of errors too (as in MASE).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SCALARS = 15
CHANNELS = 5
# Forecasts to start from, and how much each counts before training (logarithms of weights).
START = (2.0, 1.0, 0.5, 0.0, 1.5, 0.5, -2.0, 0.0, 0.5, 1.0, 1.0)
PLAIN = len(START)
SLOPES = (4, 16)  # steps back
STEP = PLAIN + 1
RECENT = 64
SEASONS = 4
TINY = 1e-6


@dataclass(frozen=True)
class Described:
    """A window in the units of its patches. K patches, B rows."""

    inputs: Tensor  # [K, B, features]
    last: Tensor  # [B, K]
    unit: Tensor  # [B, K]: d
    mean: Tensor  # [B, K]
    recent: Tensor  # [B, K]: mean of the last RECENT/4 values
    end: Tensor  # [B, K]: index of the last known value, -1 where there is none
    count: Tensor  # [B, K]: known values so far
    filled: Tensor  # [B, L]: gaps filled from the season before
    sums: Tensor  # [B, L + 1]: running sum of `filled`
    start: Tensor  # [B, 1]: index of the first known value


def inputs_size(patch: int) -> int:
    return CHANNELS * patch + SCALARS


def describe(x: Tensor, zero: Tensor, lags: Tensor, scores: Tensor, patch: int) -> Described:
    """Window x [B, L], NaN where missing, of about unit scale -> its patches.

    zero [B]: where nought of the series' own units lies; lags and scores [B, 2] as `seasons.detect` gives them.
    """
    batch, length = x.shape
    patches = length // patch
    known = torch.isfinite(x)
    value = torch.where(known, x, 0.0)
    index = torch.arange(length, device=x.device).expand(batch, length)
    ends = torch.arange(patch - 1, length, patch, device=x.device)
    latest = torch.where(known, index, -1).cummax(1).values
    start = torch.where(known, index, length).amin(1, keepdim=True)
    forward = value.gather(1, latest.clamp(min=0))
    filled = _fill(value, known, forward, lags[:, :1], index)

    count = known.cumsum(1).to(x.dtype)
    n = count.clamp(min=1)
    mean, second = (value.cumsum(1) / n)[:, ends], ((value * value).cumsum(1) / n)[:, ends]
    last, count = forward[:, ends], count[:, ends]
    spread = (second - mean * mean).clamp(min=0).sqrt() + TINY
    lagged, had_lag = zip(*(_lag(filled, lags[:, k : k + 1], index, start) for k in (0, 1)), strict=True)
    before = functional.pad(forward[:, :-1], (1, 0)), functional.pad(latest[:, :-1] >= 0, (1, 0))
    change, lately = _changes(value, known, [before, *zip(lagged, had_lag, strict=True)], ends, max(RECENT // patch, 1))
    all_past = torch.maximum(change.amin(0), 0.02 * spread)
    unit = (all_past * torch.minimum(torch.maximum(lately.amin(0), all_past / 4), all_past * 4)).sqrt()

    def cut(part: Tensor) -> Tensor:
        return part.view(batch, patches, patch)

    here = cut(known)
    coarse = (cut(value) - mean.unsqueeze(2)) / spread.unsqueeze(2)
    fine = (cut(value) - last.unsqueeze(2)) / unit.unsqueeze(2)
    seasonal = [(cut(value) - cut(lagged[k])) / unit.unsqueeze(2) * cut(had_lag[k]) for k in (0, 1)]
    channels = torch.stack([coarse, fine, *seasonal], 2).asinh() * here.unsqueeze(2)
    channels = torch.cat([channels, here.unsqueeze(2).to(x.dtype)], 2)

    had = functional.pad(count[:, :-1] > 0, (1, 0))
    earlier_mean = torch.where(had, functional.pad(mean[:, :-1], (1, 0)), mean)
    earlier_spread = torch.where(had, functional.pad(spread[:, :-1], (1, 0)), spread)
    gap = (ends - latest[:, ends]).to(x.dtype)
    scalars = torch.stack(
        [
            (unit / spread).log(),
            ((mean - earlier_mean) / spread).asinh(),
            (earlier_spread / spread).log().clamp(-5, 5),
            ((last - mean) / spread).asinh(),
            ((last - zero.unsqueeze(1)) / spread).asinh(),
            ((change[0] + TINY) / (change[1] + TINY)).log(),
            ((change[0] + TINY) / (change[2] + TINY)).log(),
            ((lately.amin(0) + TINY) / (change.amin(0) + TINY)).log(),
            *(score.unsqueeze(1).expand(batch, patches) for score in scores.unbind(1)),
            *((lag.to(x.dtype) + 1).log().unsqueeze(1).expand(batch, patches) / 5 for lag in lags.unbind(1)),
            (count + 1).log() / 5,
            (gap + 1).log() / 3,
            here.to(x.dtype).mean(2),
        ],
        2,
    )
    scalars = scalars.clamp(-8, 8) * (count > 0).unsqueeze(2)
    inputs = torch.cat([channels.flatten(2), scalars], 2).transpose(0, 1)
    # the mean of the last few values, gaps filled
    sums = functional.pad(filled.cumsum(1), (1, 0))
    end = latest[:, ends]
    width = (end - start + 1).clamp(min=1, max=RECENT // 4)
    recent = _mean_of(sums, end, width)
    return Described(inputs, last, unit, mean, recent, end, count, filled, sums, start)


def plain_forecasts(of: Described, lags: Tensor, at: Tensor, patch: int, horizon: int) -> Tensor:
    """Forecasts [B, A, H, PLAIN] from the patches `at` [A], relative to the last value, in the unit there.

    The last value; the season before; the mean of the last seasons; the season before of the second lag; the means of
    seasons moved to the present level, of both lags; the mean of everything; the mean of the last few values; straight
    on with the slope of the last 4 and of the last 16 steps; the fifth with the growth from season to season.
    """
    batch = of.last.shape[0]
    end, last, unit = of.end[:, at], of.last[:, at], of.unit[:, at]
    ahead = torch.arange(1, horizon + 1, device=end.device)
    steps = ((at + 1) * patch - 1 - end).unsqueeze(2) + ahead  # from the last known value [B, A, H]
    flat = last.unsqueeze(2).expand(batch, len(at), horizon)
    parts = [flat]
    moved = []
    growth = torch.zeros_like(flat)
    for k in (0, 1):
        lag = lags[:, k].view(batch, 1, 1)
        has = lag > 0
        lag = lag.clamp(min=1)
        first = end.unsqueeze(2) - lag + 1 + (steps - 1) % lag
        level_now = _mean_of(of.sums, end, lag.squeeze(2)).unsqueeze(2)
        value_sum, moved_sum, seen = torch.zeros_like(flat), torch.zeros_like(flat), torch.zeros_like(flat)
        for season in range(SEASONS if k == 0 else 2):
            index = first - season * lag
            whole = end.unsqueeze(2) - (season + 1) * lag + 1 >= of.start.unsqueeze(2)
            good = has & whole
            value = of.filled.gather(1, index.clamp(min=0).flatten(1)).view_as(flat)
            level = _mean_of(of.sums, end - season * lag.squeeze(2), lag.squeeze(2)).unsqueeze(2)
            if season == 0:
                parts.append(torch.where(good, value, flat))
            value_sum = value_sum + value * good
            moved_sum = moved_sum + (value - level + level_now) * good
            seen = seen + good
            if k == 0 and season == 1:
                growth = (level_now - level) * good * ((steps + lag - 1) // lag)
        if k == 0:
            parts.append(torch.where(seen > 0, value_sum / seen.clamp(min=1), flat))
        moved.append(torch.where(seen > 0, moved_sum / seen.clamp(min=1), flat))
    parts += moved
    parts += [of.mean[:, at].unsqueeze(2).expand_as(flat), of.recent[:, at].unsqueeze(2).expand_as(flat)]
    for back in SLOPES:
        begin = torch.minimum(torch.maximum(end - back, of.start), end).clamp(min=0)
        slope = (last - of.filled.gather(1, begin)) / (end - begin).clamp(min=1)
        parts.append(flat + slope.unsqueeze(2) * steps)
    parts.append(moved[0] + growth)
    return (torch.stack(parts, 3) - last.view(batch, -1, 1, 1)) / unit.view(batch, -1, 1, 1)


def _changes(
    value: Tensor, known: Tensor, earlier: list[tuple[Tensor, Tensor]], ends: Tensor, back: int
) -> tuple[Tensor, Tensor]:
    """Mean absolute changes up to each of `ends` [E, B, K], in all of the past and in the last `back` patches.

    `earlier`: E times the values [B, L] to compare with, and where there are any; the first stands in for the others
    where these have none.
    """
    hits = [has & known for _, has in earlier]
    moves = [(value - other).abs() * hit for (other, _), hit in zip(earlier, hits, strict=True)]
    total = torch.stack(moves).cumsum(2)[:, :, ends]
    hit = torch.stack(hits).cumsum(2).to(value.dtype)[:, :, ends]
    patches = len(ends)
    change = torch.where(hit > 0, total / hit.clamp(min=1), total[:1] / hit[:1].clamp(min=1))
    recent_total, recent_hit = (
        part - functional.pad(part[:, :, :-back], (min(back, patches), 0))[:, :, :patches] for part in (total, hit)
    )
    return change, torch.where(recent_hit > 4, recent_total / recent_hit.clamp(min=1), change)


def _fill(value: Tensor, known: Tensor, forward: Tensor, lag: Tensor, index: Tensor) -> Tensor:
    """Missing values from the same place in an earlier season, up to three back, else the last known value."""
    filled = forward
    for season in (3, 2, 1):
        there = index - season * lag
        good = (lag > 0) & (there >= 0)
        there = there.clamp(min=0)
        filled = torch.where(good & known.gather(1, there), value.gather(1, there), filled)
    return torch.where(known, value, filled)


def _lag(filled: Tensor, lag: Tensor, index: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    there = index - lag
    return filled.gather(1, there.clamp(min=0)), (lag > 0) & (there >= start)


def _mean_of(sums: Tensor, end: Tensor, width: Tensor) -> Tensor:
    """Mean of the `width` values that end at `end` (indices that leave the window are cut)."""
    stop = (end + 1).clamp(min=1)
    begin = (stop - width).clamp(min=0)
    return (sums.gather(1, stop) - sums.gather(1, begin)) / (stop - begin).clamp(min=1)
