"""How far to forecast unless the user says so."""

from __future__ import annotations

from collections.abc import Sequence

from recurra.language import _

SHORTEST, LONGEST, USUAL = 12, 60, 28
SHARE = 10  # at most a tenth of the rows, so that a backtest has something to learn from


def default_horizon(seasons: Sequence[int], length: int) -> tuple[int, str]:
    """Steps to forecast, and the reason in words, for series of `length` rows (their median) with these seasons.

    One season; a short one is repeated until there are at least 12 steps. Without a season of 60 steps or fewer it is
    28 steps. Never more than a tenth of the rows, never less than 1.

    Example:
        >>> default_horizon([24, 168], 17_420)
        (24, 'one season')
        >>> default_horizon([7], 1461)
        (14, '2 seasons')
    """
    usable = [season for season in seasons if 1 < season <= LONGEST]
    if usable:
        times = -(-SHORTEST // usable[0])
        steps, reason = usable[0] * times, _("one season") if times == 1 else _("{n} seasons", n=times)
    else:
        steps, reason = USUAL, _("no short season was found")
    most = max(length // SHARE, 1)
    if steps > most:
        return most, _("a tenth of the rows")
    return steps, reason
