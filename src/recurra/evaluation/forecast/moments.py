"""How many independent windows held-out forecasts are worth, when several series are forecast from the same moments.

    worth = N / (1 + (N / M - 1) SHARED)

N is how many windows that do not overlap lie in the series, added up; M how many lie in the moments of all of them
together. A strike, a holiday or a recession hits many series at once: a hundred series forecast from one moment say
less than one series forecast from a hundred moments. SHARED is how far what two series say of the same moment goes
together: with 0 every series counts, with 1 only moments do. With one series N = M, and nothing changes.

Source: the design effect of Kish (1965), "Survey sampling"; Moulton (1990), "An illustration of a pitfall in
estimating the effects of aggregate variables on micro units".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]

SHARED = 0.3  # chosen on sets of the corpus (docs/log.md)


def windows_apart(series: Ints, origins: Ints, horizon: int) -> float:
    """How many windows that do not overlap the windows from `origins` [n] of `series` [n] are worth, all series alone.

    >>> windows_apart(np.array([0, 0, 1]), np.array([10, 12, 10]), 4)
    2.5
    """
    return sum(_covered(origins[series == s], horizon) for s in np.unique(series))


def independent_windows(series: Ints, moments: Ints, horizon: int) -> float:
    """The same, of series that share `moments` [n]: places of the origins in a time that is common to all series.

    >>> independent_windows(np.array([0, 0]), np.array([10, 14]), 4)
    2.0
    >>> round(independent_windows(np.arange(100), np.full(100, 10), 4), 2)
    3.26
    """
    windows, together = windows_apart(series, moments, horizon), _covered(moments, horizon)
    return windows / (1.0 + (windows / together - 1.0) * SHARED) if together else 0.0


def _covered(ends: Ints, horizon: int) -> float:
    """Rows in any window from `ends`, over the length of one."""
    if not len(ends):
        return 0.0
    return (float(np.minimum(np.diff(np.unique(ends)), horizon).sum()) + horizon) / horizon
