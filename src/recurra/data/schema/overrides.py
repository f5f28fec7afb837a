"""What the user says of columns: it stands, whatever is inferred of the others."""

from __future__ import annotations

from dataclasses import dataclass

from recurra.data.schema.names import shown
from recurra.errors import InputError
from recurra.language import _


@dataclass(frozen=True)
class ColumnOverrides:
    """The roles and readings of columns that the user gave; None and () where nothing was given."""

    time: tuple[str, ...] = ()
    target: str | None = None
    series: str | None = None
    layout: str | None = None
    freq: str | None = None
    tz: str | None = None
    day_first: bool | None = None
    time_format: str | None = None
    pivot_year: int | None = None
    all_hours: bool = False
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()


def column_overrides(**overrides: object) -> ColumnOverrides:
    """ColumnOverrides from keyword arguments; a single name may stand for a sequence of one."""
    names = ("time", "past", "known", "static", "ignore", "holidays")
    unknown = sorted(set(overrides) - set(ColumnOverrides.__dataclass_fields__))
    if unknown:
        raise InputError(
            _(
                "understanding a table takes no argument {unknown!r}: expected {known}",
                unknown=unknown[0],
                known=shown(list(ColumnOverrides.__dataclass_fields__)),
            )
        )
    values = {key: value for key, value in overrides.items() if value is not None}
    for name in names:
        if name in values:
            value = values[name]
            values[name] = (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
    return ColumnOverrides(**values)  # type: ignore[arg-type]
