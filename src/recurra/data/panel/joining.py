"""Newer rows behind older ones: the panel that a model remembers, carried on by a panel of newer data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Floats, Ints, Panel
from recurra.data.schema.names import shown
from recurra.errors import InputError
from recurra.language import _
from recurra.options import using

_PAST = ("target", "past", "past_codes")
_KNOWN = ("known", "known_codes")


@dataclass(frozen=True, eq=False)
class _Place:
    """Where the rows of a series lie: `start` on the grid, `rows` from there on, and `known` of what is known ahead.

    Series `old` of the older panel (None: it has none) begins at `old_at` of the grid, that of the newer at `new_at`.
    """

    start: int
    rows: int
    known: int
    new: int
    new_at: int
    old: int | None = None
    old_at: int = 0


def join_panels(older: Panel, newer: Panel, last: int | None = None) -> Panel:
    """The series of `newer`, each with the rows of `older` that come before its first row; only the `last` of them.

    Rows that both hold are taken from `newer`; rows between the two are missing. What `older` knows of the time after
    the last row of `newer` stays known. A series of which `newer` holds only what is known in advance keeps its older
    rows. Both panels have the same schema; the result lies on the grid of `older`. Where there is no time column, a
    series of `newer` that begins as the stored rows of `older` do at that row number is the same history made longer,
    and any other one continues behind the end of `older`. A series without a partner stays as it is, if it has rows.
    Where `newer` alone holds all of it, the result is a part of it and shares its arrays.
    Raises `InputError` where the grids differ, or where no row is left.
    """
    start = _starts(older, newer)
    number = {name: s for s, name in enumerate(older.series)}
    places = [_place(older, number.get(name), newer, s, int(start[s])) for s, name in enumerate(newer.series)]
    places = [place if last is None else _ending(place, last) for place in places if place.rows]
    if not places:
        raise InputError(
            _(
                "the data holds no value of {target!r} and no series that the model was fitted on (such "
                "as {series}): give rows that have one",
                target=newer.schema.target,
                series=shown(list(older.series), 3),
            )
        )
    if len(places) == len(newer) and all(_inside(newer, place) for place in places):
        part = newer if last is None else newer.tail(last)
        return dataclasses.replace(part, grid=older.grid, start=np.array([place.start for place in places]))
    rows, known = _offsets([place.rows for place in places]), _offsets([place.known for place in places])
    keep = [place.new for place in places]
    return dataclasses.replace(
        newer,
        grid=older.grid,
        series=tuple(newer.series[s] for s in keep),
        start=np.array([place.start for place in places], dtype=np.int64),
        offsets=rows,
        ends=None,
        known_offsets=known,
        known_ends=None,
        static=newer.static[keep],
        static_codes=newer.static_codes[keep],
        **{name: _laid(older, newer, name, Panel.rows, places, rows) for name in _PAST},
        **{name: _laid(older, newer, name, Panel.known_rows, places, known) for name in _KNOWN},
    )


def _starts(older: Panel, newer: Panel) -> Ints:
    """The first rows of `newer` as positions on the grid of `older` [S]."""
    ours, theirs = older.grid, newer.grid
    for what, name, mine, given in (
        ("frequency", "freq", ours.freq, theirs.freq),
        ("step", "freq", ours.step, theirs.step),
        (_("time zone"), "tz", ours.tz, theirs.tz),
        (_("way of counting hours"), "all_hours", ours.counting, theirs.counting),
    ):
        if mine != given:
            raise InputError(
                _(
                    "the data has the {what} {given}, the model was fitted on {trained}: give data on the same "
                    "grid, or train again{hint}",
                    what=what,
                    given=given or _("none"),
                    trained=mine or _("none"),
                    hint=using(" (what is found can be overridden there with {})", name),
                )
            )
    # A few rows at an unusual time of day make a displaced grid of their own.
    if ours.phase == theirs.phase:
        return newer.start
    return (
        ours.place(theirs.counted(newer.start)) if ours.freq else ours.positions(np.asarray(theirs.times(newer.start)))
    )


def _dated(panel: Panel) -> bool:
    return panel.grid.freq is not None or bool(panel.schema.time)


def _place(older: Panel, old: int | None, newer: Panel, new: int, new_at: int) -> _Place:
    """Where the rows of series `new` of the newer panel lie, which is `old` of the older, and begins at `new_at`."""
    rows, known = _count(newer.rows(new)), _count(newer.known_rows(new))
    if old is None:
        return _Place(new_at, rows, known, new, new_at)
    old_at, old_rows = int(older.start[old]), _count(older.rows(old))
    if not _dated(newer) and not _same_history(older.values(old), old_at, newer.values(new), new_at):
        new_at += old_at + old_rows
    start = min(old_at, new_at)
    end = new_at + rows if rows else old_at + old_rows
    known_end = max(end, old_at + _count(older.known_rows(old)), new_at + known)
    return _Place(start, end - start, known_end - start, new, new_at, old, old_at)


def _ending(place: _Place, last: int) -> _Place:
    """The `last` of the rows of a place."""
    first = max(0, place.rows - last)
    return dataclasses.replace(place, start=place.start + first, rows=place.rows - first, known=place.known - first)


def _inside(newer: Panel, place: _Place) -> bool:
    """Whether the newer panel holds all that lies there."""
    end, known_end = _count(newer.rows(place.new)), _count(newer.known_rows(place.new))
    before = place.start - place.new_at
    return before >= 0 and before + place.rows == end and before + place.known == known_end


def _same_history(stored: Floats, begin: int, values: Floats, first: int) -> bool:
    """Whether the target `values`, counted from row `first`, repeat the `stored` rows, which begin at row `begin`."""
    begin -= first
    if begin < 0 or begin + len(stored) > len(values):
        return False
    return bool(np.allclose(values[begin : begin + len(stored)], stored, rtol=1e-6, atol=0, equal_nan=True))


def _laid(
    older: Panel,
    newer: Panel,
    name: str,
    rows_of: Callable[[Panel, int], slice],
    places: list[_Place],
    offsets: Ints,
) -> npt.NDArray:
    """An array of the result: missing but for the rows of `older` and, over them, those of `newer`."""
    ours, theirs = getattr(older, name), getattr(newer, name)
    kind = np.result_type(ours, theirs)
    laid = np.full((offsets[-1], *theirs.shape[1:]), -1 if kind.kind == "i" else np.nan, kind)
    for place, begin, end in zip(places, offsets[:-1], offsets[1:], strict=True):
        if place.old is not None:
            _lay(laid[begin:end], ours[rows_of(older, place.old)], place.old_at - place.start)
        _lay(laid[begin:end], theirs[rows_of(newer, place.new)], place.new_at - place.start)
    return laid


def _lay(laid: npt.NDArray, part: npt.NDArray, at: int) -> None:
    """Write `part` over `laid` from row `at` on, as far as there is one."""
    part = part[max(0, -at) : max(0, len(laid) - at)]
    at = max(0, at)
    laid[at : at + len(part)] = part


def _count(rows: slice) -> int:
    return rows.stop - rows.start


def _offsets(counts: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
