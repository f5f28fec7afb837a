"""Time zones: from the wall clock to absolute time and back, and which zone a file's offsets belong to."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.language import _
from recurra.options import offered, option, using, ways

Stamps = npt.NDArray[np.datetime64]

# One of each rule in use, tried first, so that the name that is said is one that people know.
_USUAL = (
    "Europe/Berlin Europe/London Europe/Lisbon Europe/Athens America/New_York America/Chicago America/Denver "
    "America/Los_Angeles America/Halifax America/St_Johns America/Anchorage Australia/Sydney Australia/Adelaide "
    "Australia/Lord_Howe Pacific/Auckland America/Santiago Asia/Jerusalem Africa/Cairo Europe/Chisinau America/Havana"
).split()
_SAMPLE = 500


def wall_clock(values: Stamps, tz: str) -> Stamps:
    """The wall clock of a zone at absolute times [n]."""
    local = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(tz).tz_localize(None)
    return local.to_numpy().astype("datetime64[us]")


def utc_of(clock: Stamps, tz: str, codes: npt.NDArray[np.integer]) -> Stamps:
    """Absolute times of wall-clock times [n]; an hour shown twice is the first time, then the second, in each series.

    Raises `InputError` for a time that the clock of `tz` skipped.
    """
    row, distinct = pd.factorize(clock)
    index = pd.DatetimeIndex(distinct)
    first = index.tz_localize(tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="NaT")
    second = index.tz_localize(tz, ambiguous=np.zeros(len(index), dtype=bool), nonexistent="NaT")
    if first.hasnans:
        wrong = index[first.isna()][0]
        remedies = [
            using("pass the zone that the times are in with {}", "tz"),
            using("leave {} out to count hours as written", "tz"),
            "" if offered("tz") else _("correct it"),
        ]
        raise InputError(
            _(
                "time {wrong} does not exist in {tz}: its clock was put forward over it; {remedy}",
                wrong=wrong,
                tz=tz,
                remedy=ways(*remedies),
            )
        )
    earlier, later = (_naive_utc(zoned) for zoned in (first, second))
    result = earlier[row]
    twice = (earlier != later)[row]
    if twice.any():
        rows = np.flatnonzero(twice)
        rank = pd.DataFrame({"series": codes[rows], "time": row[rows]}).groupby(["series", "time"]).cumcount()
        again = rows[rank.to_numpy() % 2 == 1]
        result[again] = later[row[again]]
    return result


def first_of(wall: Stamps, tz: str) -> Stamps:
    """The absolute times at which a clock first shows `wall` [n]; of times that it skips, when it goes on."""
    row, distinct = pd.factorize(wall)
    index = pd.DatetimeIndex(distinct)
    ambiguous = np.ones(len(index), dtype=bool)
    return _naive_utc(index.tz_localize(tz, ambiguous=ambiguous, nonexistent="shift_forward"))[row]


def _naive_utc(index: pd.DatetimeIndex) -> Stamps:
    return index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def check_zone(tz: str) -> None:
    """Raise `InputError` unless `tz` is a name of the zone database or an offset such as "+02:00"."""
    try:
        pd.Timestamp(0, tz=tz) if tz[:1] in "+-" else ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise InputError(
            _(
                "time zone {tz!r} is not known: expected a name such as Europe/Berlin ({tz_option})",
                tz=tz,
                tz_option=option("tz"),
            )
        ) from error


def zone_of(wall: Stamps, absolute: Stamps) -> str | None:
    """A zone whose clock shows `wall` [n] at `absolute` [n], one that many people use if there are several, or None."""
    order = np.argsort(absolute, kind="stable")
    offsets = (wall - absolute).astype(np.int64)[order]
    changes = np.flatnonzero(np.diff(offsets))[:_SAMPLE]
    picked = np.unique(np.concatenate([order[changes], order[changes + 1], order[:: max(1, len(order) // _SAMPLE)]]))
    shown, moments = wall[picked], pd.DatetimeIndex(absolute[picked]).tz_localize("UTC")
    for zone in (*_USUAL, *sorted(available_timezones() - set(_USUAL))):
        local = moments.tz_convert(ZoneInfo(zone)).tz_localize(None).to_numpy().astype("datetime64[us]")
        if (local == shown).all():
            return zone
    return None


def skipped_days(tz: str, first: np.datetime64, last: np.datetime64) -> npt.NDArray[np.datetime64]:
    """The days from `first` to `last` on which the clock of `tz` was put forward."""
    days = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]") + 2)
    midnights = pd.DatetimeIndex(days.astype("datetime64[us]"))
    zoned = midnights.tz_localize(tz, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward")
    lengths = np.diff(_naive_utc(zoned).astype(np.int64))
    short = np.flatnonzero(lengths < 86_400_000_000)
    return days[np.unique(np.concatenate([short, short - 1]).clip(min=0))]  # midnight itself may be skipped
