"""The levels of intervals: per cents, never shares, so that 0.8 is not taken for an interval of 0.8 %."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

from recurra.errors import InputError
from recurra.language import _


def checked_levels(levels: object) -> tuple[float, ...]:
    """Levels in per cent, as they were given.

    Raises InputError for what is no list of different numbers above 1 and below 100.

    >>> checked_levels([80, 97.5])
    (80.0, 97.5)
    """
    if not isinstance(levels, Iterable) or isinstance(levels, str):
        raise InputError(_("levels is {levels!r}: expected a list of per cents, such as [80]", levels=levels))
    found = []
    for level in levels:
        if not isinstance(level, Real) or isinstance(level, bool) or not 1 < float(level) < 100:
            raise InputError(
                _(
                    "levels holds {level!r}: expected per cents above 1 and below 100{meant}",
                    level=level,
                    meant=meant(level),
                )
            )
        if float(level) in found:
            raise InputError(_("levels holds {level!r} twice: expected each level once", level=level))
        found.append(float(level))
    return tuple(found)


def meant(level: object) -> str:
    """A question where a share was given in place of per cents.

    >>> meant(0.8), meant(120)
    (': did you mean 80?', ', such as 80')
    """
    if isinstance(level, Real) and 0 < float(level) < 1:
        return _(": did you mean {level:g}?", level=100 * float(level))
    return _(", such as 80")
