"""Where a backtest stands to look ahead: the origins of each series, in the last part of its data.

An origin is the number of rows that are known when a forecast is made; the forecast is for the `horizon` rows after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.language import _, counted
from recurra.options import option, options

MOST_WINDOWS = 200  # of one series
MOST_FORECASTS = 500  # series x windows
TEST_SHARE = 0.2  # of a series, unless the user asks for more windows
LEAST_HISTORY = 2  # horizons of data that must be known before the first origin

Ints = npt.NDArray[np.integer]


def choose_origins(lengths: Sequence[int] | Ints, horizon: int, windows: int | None = None) -> list[Ints]:
    """The origins of each series, increasing: windows of `horizon` rows side by side, the last one at the end.

    Windows never overlap, so that their errors are as independent as rolling origins can make them. Without `windows`
    there are as many as fit the last 20 % of a series, at least one, at most 200, and fewer for many series (about 500
    forecasts in all). A given `windows` holds for every series long enough; a shorter one gets as many as fit. Before
    its first origin a series keeps at least two horizons of data; a series too short even for one window gets no
    origin.

    Shapes: `lengths` [S] in rows; the result has S arrays of origins. Raises InputError where no series can be tested.

    >>> [o.tolist() for o in choose_origins([100, 40], horizon=10, windows=2)]
    [[80, 90], [20, 30]]
    """
    if horizon < 1:
        raise InputError(
            _(
                "horizon={horizon} must be at least 1 step ({horizon_option})",
                horizon=horizon,
                horizon_option=option("horizon"),
            )
        )
    if windows is not None and windows < 1:
        raise InputError(
            _(
                "windows={windows} must be at least 1 ({windows_option})",
                windows=windows,
                windows_option=option("windows"),
            )
        )
    length = np.asarray(lengths, dtype=np.int64)
    if not len(length):
        raise InputError(_("there is no series to test on: the table holds no observed target"))
    most = length // horizon - LEAST_HISTORY
    if windows is None:
        share = (length * TEST_SHARE).astype(np.int64) // horizon
        cap = min(MOST_WINDOWS, max(1, MOST_FORECASTS // len(length)))
        count = np.clip(share, 1, cap)
    else:
        count = np.full(len(length), windows)
        if most.max() < windows:
            raise _too_short(int(length.max()), horizon, windows)
    count = np.clip(np.minimum(count, most), 0, None)
    if not count.any():
        raise _too_short(int(length.max()), horizon, 1)
    return [n - horizon * np.arange(k, 0, -1) for n, k in zip(length, count, strict=True)]


def choose_calendar_origins(
    start: Ints, lengths: Ints, horizon: int, windows: int | None = None
) -> tuple[list[Ints], int]:
    """Origins at the same moments for every series, and the first of those moments: what a tester would have known.

    `start` [S] are the positions of the series on a common grid. The windows lie side by side and end with the last
    series; a series takes part in those before which it has at least two horizons of data, and has no origin if it
    ended before them. How many there are is decided by the series that reach the end, as in `choose_origins`.
    """
    ends = start + lengths
    present = ends > ends.max() - horizon
    counts = [len(o) for o in choose_origins(lengths[present], horizon, windows)]
    most = max(1, int(np.median([count for count in counts if count])))
    moments = ends.max() - horizon * np.arange(most, 0, -1)
    origins = [
        (moments - s)[(moments - s >= LEAST_HISTORY * horizon) & (moments < end)]
        for s, end in zip(start, ends, strict=True)
    ]
    return origins, int(moments[0])


def _too_short(longest: int, horizon: int, windows: int) -> InputError:
    need = horizon * (windows + LEAST_HISTORY)
    advice = (
        _("use a shorter horizon ({horizon_option}) or add data", horizon_option=option("horizon"))
        if windows == 1
        else _("use fewer windows or a shorter horizon ({options})", options=options("windows", "horizon"))
    )
    return InputError(
        _(
            "the longest series has {longest} rows, but horizon {horizon} with {tested} needs at least {need} "
            "({horizons} horizons to learn from and {windows} to test on): {advice}",
            longest=longest,
            horizon=horizon,
            windows=windows,
            tested=counted(windows, "test window"),
            need=need,
            horizons=LEAST_HISTORY,
            advice=advice,
        )
    )
