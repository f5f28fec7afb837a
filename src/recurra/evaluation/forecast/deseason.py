"""The repeating part of a series, as one index per phase: what ETS (long seasons) and Theta take out and put back.

Sources: the classical decomposition (Hyndman, Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., 3.4), by
statsmodels; the test for a season that M4 used for its Theta benchmark (Makridakis et al. 2020).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from statsmodels.tsa.seasonal import seasonal_decompose

Floats = npt.NDArray[np.floating]
CRITICAL = 1.645  # two-sided 90 %


def seasonal_indices(y: Floats, season: int, *, multiplicative: bool = False) -> Floats:
    """Indices [season] of a gapless series [n] of at least two seasons; index p belongs to rows p, p + season, ...

    Additive indices have mean zero, multiplicative ones mean one.
    """
    model = "multiplicative" if multiplicative else "additive"
    return np.asarray(seasonal_decompose(y, model=model, period=season).seasonal)[:season]


def smooth_indices(indices: Floats, y: Floats) -> Floats:
    """Additive indices [season] of a series [n], rid of the noise of averaging a few seasons only.

    Of the harmonics of the season those stay that explain more than noise would (Schwarz's criterion: log n times the
    variance for each of the two coefficients); the noise is judged by what the indices leave of the series' changes.
    """
    season = len(indices)
    cycles = len(y) / season
    rest = np.diff(y - np.resize(indices, len(y)))
    noise = rest.var() / 2.0 / cycles  # of one index, as if the rest were white
    waves = np.fft.rfft(indices)
    gain = 2.0 * np.abs(waves) ** 2 / season
    keep = gain > 2.0 * np.log(len(y)) * noise
    return np.fft.irfft(np.where(keep, waves, 0.0), n=season)


def is_seasonal(y: Floats, season: int) -> bool:
    """Whether the autocorrelation of y [n] at the season is significant at 10 %, by the test of M4's Theta benchmark.

    |r_m| > 1.645 sqrt((1 + 2 (r_1^2 + ... + r_(m-1)^2)) / n); a series of fewer than three seasons has none.
    """
    n = len(y)
    if season < 2 or n < 3 * season:
        return False
    centred = y - y.mean()
    size = 1 << (2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    covariance = np.fft.irfft(power, size)[: season + 1]
    if covariance[0] <= 0:
        return False
    r = covariance / covariance[0]
    return bool(abs(r[season]) > CRITICAL * np.sqrt((1.0 + 2.0 * (r[1:season] ** 2).sum()) / n))
