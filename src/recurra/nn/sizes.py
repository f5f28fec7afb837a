"""What the options of networks hold in common, checked: whole numbers and shares."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from recurra.errors import InputError
from recurra.language import _


def check_whole(options: Any, **least: int) -> None:
    """Fields of a frozen dataclass as plain int; raises InputError where one is no whole number of at least that."""
    for name, smallest in least.items():
        value = getattr(options, name)
        if not isinstance(value, Integral) or isinstance(value, bool) or value < smallest:
            raise InputError(
                _("{name} is {value!r}: expected a whole number of at least {least}",
                  name=name, value=value, least=smallest)
            )  # fmt: skip
        object.__setattr__(options, name, int(value))


def check_shares(options: Any, *names: str) -> None:
    """Fields of a frozen dataclass as plain float; raises InputError where one is no share below 1."""
    for name in names:
        value = getattr(options, name)
        if not isinstance(value, Real) or not 0 <= float(value) < 1:
            raise InputError(
                _("{name} is {value!r}: expected a share of at least 0 and below 1", name=name, value=value)
            )
        object.__setattr__(options, name, float(value))
