"""The lags at which a series repeats itself, found in its own past.

The structure function of a series is the mean squared difference at a lag,

    D(m) = mean of (x_t - x_{t-m})^2 over the t where both are known.

At a season's length it dips: D(m) is small where D(m/2) and D(3m/2) are large. A random walk has D(m) proportional to
m, of which nothing is left in

    score(m) = 1 - 2 D(m) / (D(m - m/2) + D(m + m/2)),

nor of an even multiple of the season. All D come out of three correlations, by fast Fourier transforms.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.nn.pretrained.constants import constant

# Lengths that clocks and calendars give: a lag that is one of them needs a little less evidence.
CALENDAR = (4, 5, 7, 10, 12, 13, 24, 26, 28, 30, 48, 52, 60, 96, 144, 168, 288, 336, 365)
BONUS = 0.08
LEAST = 0.2
DOUBT = 0.7, 1.6  # for one season in all that is known: of a calendar's length, of any other
NEAR = 0.1  # a calendar's length this close to the lag found takes its place ...
AS_GOOD = 1.08  # ... unless it repeats the series clearly worse
ROUNDING = 1e-6  # of D, about 2 where nothing repeats: what is below is the rounding of float32, not the series
SMOOTH = 1e-3  # spread, of the series' own, below which what a straight line leaves is not enlarged any more


def detect(x: Tensor) -> tuple[Tensor, Tensor]:
    """Series x [B, T], NaN where missing -> lags [B, 2] (0: none found) and their scores [B, 2] in 0..1.

    The first lag is the shortest whose score comes near the best, the second a longer one that repeats the series
    better still (the week beside the day).
    """
    batch, length = x.shape
    none = torch.zeros(batch, 2, dtype=torch.long, device=x.device), x.new_zeros(batch, 2)
    longest = min((2 * length) // 5, 1024)
    if longest < 2:
        return none
    reach = longest + longest // 2 + 2
    d, pairs = _structure(_flat(x), min(reach, length - 1))
    lags = torch.arange(2, longest + 1, device=x.device)
    half = lags // 2
    last = d.shape[1] - 1
    before, at, after = d[:, lags - half], d[:, lags], d[:, (lags + half).clamp(max=last)]
    after = torch.where(pairs[:, (lags + half).clamp(max=last)] < 3, before, after)
    score = 1 - (2 * at + ROUNDING) / (before + after + ROUNDING)
    dip = at <= torch.minimum(d[:, lags - 1], d[:, (lags + 1).clamp(max=last)])
    # an arch is no season: what changes smoothly must come back much closer than it goes away (a sine has
    # D(1) = 2 (pi / m)^2 times its mean square)
    dip &= at <= d[:, 1:2] * (0.5 * (lags / 4) ** 2).clamp(min=1)
    known = pairs[:, 0:1].clamp(min=1)
    start = torch.where(torch.isfinite(x), torch.arange(length, device=x.device), length).amin(1, keepdim=True)
    dip &= 5 * lags <= 2 * (length - start)
    score = score - _doubt(longest, x.device) * (lags / known).clamp(max=1)
    score = torch.where(dip & (pairs[:, lags] >= 4), score + _bonus(longest, x.device), -1.0)
    best = score.amax(1, keepdim=True)
    good = (score >= 0.75 * best) & (score > LEAST)
    first = good.to(torch.int8).argmax(1)
    found = good.any(1)
    rows = torch.arange(batch, device=x.device)
    first_lag = lags[first]
    better = at + ROUNDING < 0.85 * (at[rows, first].unsqueeze(1) + ROUNDING)
    longer = torch.where(better & (lags >= 1.5 * first_lag.unsqueeze(1)), score, -1.0)
    second_score, second = longer.max(1)
    also = found & (second_score > LEAST)
    zero = torch.zeros_like(first_lag)
    first_lag = torch.where(found, _snap(first_lag, d, longest), zero)
    second_lag = torch.where(also, _snap(lags[second], d, longest), zero)
    # a day has a week, whether or not it shows
    week = 7 * first_lag
    second_lag = torch.where((second_lag == 0) & (first_lag >= 24) & (week < known[:, 0] - first_lag), week, second_lag)
    scores = torch.stack([score[rows, first] * found, second_score * also], 1)
    return torch.stack([first_lag, second_lag], 1), scores.clamp(0, 1)


def _bonus(longest: int, device: torch.device) -> Tensor:
    """What each lag from 2 to `longest` gains for being a calendar's length."""
    return constant(tuple(BONUS * (lag in CALENDAR) for lag in range(2, longest + 1)), device)


def _doubt(longest: int, device: torch.device) -> Tensor:
    return constant(tuple(DOUBT[lag not in CALENDAR] for lag in range(2, longest + 1)), device)


def _snap(lag: Tensor, d: Tensor, longest: int) -> Tensor:
    """The best calendar length near each lag [B] where the structure function d [B, R] is about as low there."""
    lengths = constant(tuple(n for n in CALENDAR if n <= longest) or (2,), d.device, torch.long)
    at = d[:, lengths]
    near = (lengths - lag.unsqueeze(1)).abs() <= (NEAR * lag.unsqueeze(1)).clamp(min=0.5)
    at = torch.where(near, at, torch.inf)
    best, which = at.min(1)
    here = d.gather(1, lag.clamp(max=d.shape[1] - 1).unsqueeze(1)).squeeze(1)
    return torch.where(best <= AS_GOOD * here, lengths[which], lag)


def _flat(x: Tensor) -> Tensor:
    """Without its straight line, in units of its own spread, extremes cut: one outlier is no season."""
    known = torch.isfinite(x)
    count = known.sum(1, keepdim=True).clamp(min=1)
    time = torch.linspace(-1, 1, x.shape[1], device=x.device, dtype=x.dtype) * known
    value = torch.where(known, x, 0.0)
    time = (time - time.sum(1, keepdim=True) / count) * known
    value = (value - value.sum(1, keepdim=True) / count) * known
    slope = (time * value).sum(1, keepdim=True) / (time * time).sum(1, keepdim=True).clamp(min=1e-9)
    value = value - slope * time
    spread = ((value * value).sum(1, keepdim=True) / count).sqrt().clamp(min=SMOOTH)
    return torch.where(known, (value / spread).clamp(-3, 3), torch.nan)


def _structure(x: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """D [B, reach + 1] of x [B, T] and how many pairs stand behind each lag."""
    known = torch.isfinite(x)
    mask = known.to(x.dtype)
    value = torch.where(known, x, 0.0)
    size = 1 << (x.shape[1] + reach).bit_length()
    f_mask, f_value, f_square = (torch.fft.rfft(part, size) for part in (mask, value, value * value))
    products = torch.stack([f_mask * f_mask.conj(), f_value * f_value.conj(), f_square * f_mask.conj()])
    correlation = torch.fft.irfft(products, size)
    pairs = correlation[0, :, : reach + 1].round()
    crossed = correlation[2, :, : reach + 1]
    # the same with the roles exchanged stands at negative lags
    turned = torch.cat([correlation[2, :, :1], correlation[2, :, -reach:].flip(1)], 1)
    squares = crossed + turned - 2 * correlation[1, :, : reach + 1]
    return squares.clamp(min=0) / pairs.clamp(min=1), pairs
