"""Forecasts under other values of what is known in advance: `price=+10%`, `price=12.5`, `promotion=poster`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Panel
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import NETWORK
from recurra.formatting import percent, significant
from recurra.language import _, listing
from recurra.options import option

if TYPE_CHECKING:
    from recurra.tasks.forecast.model import ForecastModel

Floats = npt.NDArray[np.floating]

_CHANGE = re.compile(r"(?P<sign>[+-])?(?P<number>(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?)(?P<percent>\s*%)?")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")  # a thousand and more, or a number with three decimals


@dataclass(frozen=True)
class Change:
    """What becomes of a column after the end of the data: `factor` times its value plus `shift`, or a category."""

    column: str
    said: str
    factor: float = 1.0
    shift: float = 0.0
    category: str | None = None

    @property
    def replaces(self) -> bool:
        """Whether the present values do not matter."""
        return self.factor == 0.0 or self.category is not None


def parse_changes(given: Sequence[str]) -> dict[str, str]:
    """Names and changes of texts such as "price=+10%".

    >>> parse_changes(["price=+10%", "promotion=poster"])
    {'price': '+10%', 'promotion': 'poster'}
    """
    found = {}
    for text in given:
        name, sign, change = text.partition("=")
        if not sign or not name.strip() or not change.strip():
            raise InputError(
                _("{text!r} is no change of a column: expected NAME=+10%, NAME=-2 or NAME=12.5", text=text)
            )
        if name.strip() in found:
            raise InputError(_("{name!r} is changed twice: give one change for each column", name=name.strip()))
        found[name.strip()] = change.strip()
    return found


def changes_for(model: ForecastModel, what_if: Mapping[str, object]) -> list[Change]:
    """The changes of columns that are known in advance; raises InputError for other columns and other texts."""
    schema = model.panel.schema
    known = (*schema.known, *schema.known_categorical)
    found = []
    for name, value in what_if.items():
        if name not in known:
            raise InputError(_why_not(name, model, known))
        said = str(value).strip()
        if name in schema.known_categorical:
            categories = schema.categories[name]
            if said not in categories:
                listed = listing(map(repr, categories[:8]))
                raise InputError(_("{name} is {said!r}: expected one of {listed}", name=name, said=said, listed=listed))
            found.append(Change(name, said, category=said))
            continue
        parts = _CHANGE.fullmatch(said)
        if isinstance(value, bool) or parts is None:
            raise InputError(
                _(
                    "{name} is {said!r}: expected a change such as +10%, -2, or a value such as 12.5",
                    name=name,
                    said=said,
                )
            )
        if _AMBIGUOUS.fullmatch(parts["number"]):
            plain = parts["number"].replace(",", "")
            raise InputError(
                _(
                    "{name} is {said!r}, which may be {one} or {other}: write one of the two",
                    name=name,
                    said=said,
                    one=plain,
                    other=parts["number"].replace(",", "."),
                )
            )
        number = float(parts["number"].replace(",", ".")) * (-1.0 if parts["sign"] == "-" else 1.0)
        if parts["percent"]:
            found.append(Change(name, said, factor=1.0 + number / 100.0))
        elif parts["sign"] and isinstance(value, str):
            found.append(Change(name, said, shift=number))
        else:
            found.append(Change(name, said, factor=0.0, shift=number))
    _refuse_deaf(model)
    return found


def changed(model: ForecastModel, panel: Panel, changes: Sequence[Change]) -> tuple[Panel, list[str]]:
    """The panel with the changes after the end of every series, and what is to be said of them."""
    horizon, schema = model.recipe.horizon, panel.schema
    panel = _reaching(panel.recoded(model.panel.schema.categories), horizon)
    known, codes = panel.known.astype(np.float64), panel.known_codes.copy()
    first = panel.known_offsets[:-1] + panel.lengths
    rows = (first[:, None] + np.arange(horizon)).ravel()
    said = [_weight(model)]
    for change in changes:
        if change.category is not None:
            j = schema.known_categorical.index(change.column)
            codes[rows, j] = model.panel.schema.categories[change.column].index(change.category)
            continue
        j = schema.known.index(change.column)
        before = known[rows, j]
        missing = int(np.isnan(before).sum())
        if missing and not change.replaces:
            raise InputError(
                _(
                    "{name} is not known for {missing} of the {all} steps ahead, so there is nothing that {said} would "
                    "change: give rows that hold it, or a value, as {name}=12.5",
                    name=change.column,
                    missing=missing,
                    all=len(rows),
                    said=change.said,
                )
            )
        after = np.full_like(before, change.shift) if change.replaces else change.factor * before + change.shift
        known[rows, j] = after
        said += _beyond(model, change.column, j, after)
    return replace(panel, known=known, known_codes=codes), said


def _reaching(panel: Panel, horizon: int) -> Panel:
    """The panel with known rows, missing ones where there are none, as far as the horizon of every series."""
    have = panel.known_lengths
    want = np.maximum(have, panel.lengths + horizon)
    offsets = np.concatenate([[0], np.cumsum(want)])
    known = np.full((offsets[-1], panel.known.shape[1]), np.nan)
    codes = np.full((offsets[-1], panel.known_codes.shape[1]), -1, dtype=panel.known_codes.dtype)
    for s, (begin, count) in enumerate(zip(panel.known_offsets[:-1], have, strict=True)):
        known[offsets[s] : offsets[s] + count] = panel.known[begin : begin + count]
        codes[offsets[s] : offsets[s] + count] = panel.known_codes[begin : begin + count]
    return replace(panel, known_offsets=offsets, known_ends=None, known=known, known_codes=codes)


def _beyond(model: ForecastModel, name: str, j: int, values: Floats) -> list[str]:
    seen = model.scaling.known_range
    if seen is None:
        return []
    low, high = seen[:, j]
    outside = int(((values < low) | (values > high)).sum())
    if not outside:
        return []
    negative = int((values < 0).sum()) if low >= 0 else 0
    below = [
        _("{name} is negative at {n} of {all} steps, which it never was in training", name=name, n=negative,
          all=len(values))
    ]  # fmt: skip
    return [
        *(below if negative else []),
        _(
            "{name} was between {low} and {high} in training, and {outside} of {all} values are not: the network has "
            "seen nothing like that, and what it says is a guess",
            name=name,
            low=significant(low),
            high=significant(high),
            outside=outside,
            all=len(values),
        ),
    ]


def _refuse_deaf(model: ForecastModel) -> None:
    """Raise InputError where nothing in the forecast reads covariates."""
    if not model.members:
        raise InputError(
            _(
                "nothing in this forecast reads covariates: only a trained network does, and none was trained; fit "
                "again with {method}",
                method=option("method", "network"),
            )
        )
    if not model.reads_covariates:
        raise InputError(
            _(
                "nothing in this forecast reads covariates: only the trained network does, and "
                "held-out forecasts gave it no weight; train with method 'network' to see its "
                "forecast alone"
            )
        )


def _weight(model: ForecastModel) -> str:
    combination = model.combination
    weight = 1.0 if combination is None else combination.overall.get(NETWORK, 0.0)
    return _(
        "Only the trained network reads the changed columns: it is {weight} of the forecast, and "
        "{trust} of its correction is used.",
        weight=percent(weight, 0),
        trust=percent(model.calibration.trust, 0),
    )


def _why_not(name: str, model: ForecastModel, known: Sequence[str]) -> str:
    schema = model.panel.schema
    listed = listing(known) or _("none")
    if name in (*schema.past, *schema.past_categorical):
        return _(
            "{name} is known only up to the end of the data, so no forecast reads its future; columns that are known "
            "in advance: {listed}",
            name=name,
            listed=listed,
        )
    return _("{name} is no column that is known in advance; those of this model: {listed}", name=name, listed=listed)
