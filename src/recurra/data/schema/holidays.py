"""Whose holidays count: countries that the user names, or a column that names one for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from recurra.data.panel.panel import Schema
from recurra.data.schema.facts import Fact
from recurra.data.time.frequency import shows_days
from recurra.data.time.holidays import parse_country
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option


def with_holidays(schema: Schema, frame: pd.DataFrame, given: Sequence[str], source: str) -> tuple[Schema, list[Fact]]:
    """The schema with the holidays of what is `given`, countries or columns, several of them separated by commas.

    Raises InputError for what is neither, for a column that changes within a series, and for steps that show no days.
    """
    names = [name for part in given for name in _split(part, frame)]
    if not names:
        return schema, []
    if not shows_days(schema.freq):
        raise InputError(
            _(
                "holidays say nothing of the steps of {source} ({freq}): expected times of days, or shorter ones; "
                "leave {holidays_option} out, or give the sampling interval with {freq_option}",
                source=source,
                freq=schema.freq or _("without times"),
                holidays_option=option("holidays"),
                freq_option=option("freq"),
            )
        )
    countries: list[str] = []
    by: str | None = None
    for name in names:
        if schema.layout != "long" or name not in frame:
            countries.append(parse_country(name))
            continue
        values = [str(value) for value in frame[name].dropna().unique()]
        found = [_read(value, name, source) for value in values]
        if len(set(found)) == 1:
            countries.append(found[0])
        elif name not in (schema.series, *schema.static_categorical) or by is not None:
            raise InputError(
                _(
                    "{name!r} of {source} names several countries, and is not one constant column of each series: "
                    "expected one such column, or countries such as DE ({holidays_option})",
                    name=name,
                    source=source,
                    holidays_option=option("holidays"),
                )
            )
        else:
            by = name
    countries = list(dict.fromkeys(countries))
    words = [*countries, *([_("those of column {name}", name=by)] if by else [])]
    said = _("{countries}, with the day before and the day after", countries=listing(words))
    return replace(schema, holidays=tuple(countries), holidays_by=by), [Fact("holidays", said, option("holidays"))]


def _split(text: str, frame: pd.DataFrame) -> list[str]:
    return [text] if text in frame else [part.strip() for part in text.split(",") if part.strip()]


def _read(value: str, column: str, source: str) -> str:
    try:
        return parse_country(value)
    except InputError as error:
        raise InputError(
            _("column {column!r} of {source}: {error}", column=column, source=source, error=error)
        ) from None
