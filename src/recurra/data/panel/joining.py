"""Newer rows behind older ones: the panel that a model remembers, carried on by a panel of newer data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from recurra.data.panel.panel import Ints, Panel
from recurra.data.schema.names import shown
from recurra.errors import InputError
from recurra.language import _
from recurra.options import using

_PAST = ("target", "past", "past_codes")
_KNOWN = ("known", "known_codes")


@dataclass(frozen=True, eq=False)
class _Piece:
    """One series: `start` on the grid, and its rows of every array of a panel."""

    start: int
    past: dict[str, np.ndarray]
    known: dict[str, np.ndarray]

    @property
    def rows(self) -> int:
        return len(self.past["target"])


def join_panels(older: Panel, newer: Panel) -> Panel:
    """The series of `newer`, each with the rows of `older` that come before its first row.

    Rows that both hold are taken from `newer`; rows between the two are missing. What `older` knows of the time after
    the last row of `newer` stays known. A series of which `newer` holds only what is known in advance keeps its older
    rows. Both panels have the same schema; the result lies on the grid of `older`. Where there is no time column, a
    series of `newer` that begins as the stored rows of `older` do at that row number is the same history made longer,
    and any other one continues behind the end of `older`. A series without a partner stays as it is, if it has rows.
    Raises `InputError` where the grids differ, or where no row is left.
    """
    start = _starts(older, newer)
    place = {name: s for s, name in enumerate(older.series)}
    pieces = [
        _join(_piece(older, place[name], older.start), _piece(newer, s, start), dated=_dated(newer))
        if name in place
        else _piece(newer, s, start)
        for s, name in enumerate(newer.series)
    ]
    keep = [s for s, piece in enumerate(pieces) if piece.rows]
    if not keep:
        raise InputError(
            _(
                "the data holds no value of {target!r} and no series that the model was fitted on (such "
                "as {series}): give rows that have one",
                target=newer.schema.target,
                series=shown(list(older.series), 3),
            )
        )
    pieces = [pieces[s] for s in keep]
    return dataclasses.replace(
        newer,
        grid=older.grid,
        series=tuple(newer.series[s] for s in keep),
        start=np.array([piece.start for piece in pieces], dtype=np.int64),
        offsets=_offsets([piece.past["target"] for piece in pieces]),
        ends=None,
        known_offsets=_offsets([piece.known["known"] for piece in pieces]),
        known_ends=None,
        static=newer.static[keep],
        static_codes=newer.static_codes[keep],
        **{name: np.concatenate([piece.past[name] for piece in pieces]) for name in _PAST},
        **{name: np.concatenate([piece.known[name] for piece in pieces]) for name in _KNOWN},
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


def _piece(panel: Panel, s: int, start: Ints) -> _Piece:
    rows, known = panel.rows(s), panel.known_rows(s)
    return _Piece(
        int(start[s]),
        {name: getattr(panel, name)[rows] for name in _PAST},
        {name: getattr(panel, name)[known] for name in _KNOWN},
    )


def _join(old: _Piece, new: _Piece, *, dated: bool) -> _Piece:
    start = new.start
    if not dated and not _same_history(old, new):
        start += old.start + old.rows
    first = min(old.start, start)
    target_rows = start + new.rows - first if new.rows else old.start + old.rows - first
    past = {
        name: _laid(old.past[name], old.start - first, new.past[name], start - first, target_rows) for name in _PAST
    }
    known_rows = max(target_rows, old.start + len(old.known["known"]) - first, start + len(new.known["known"]) - first)
    known = {
        name: _laid(old.known[name], old.start - first, new.known[name], start - first, known_rows) for name in _KNOWN
    }
    return _Piece(first, past, known)


def _same_history(old: _Piece, new: _Piece) -> bool:
    """Whether the target of `new`, counted from row 0, repeats the stored rows of `old`."""
    stored, values = old.past["target"], new.past["target"]
    begin = old.start - new.start
    if begin < 0 or begin + len(stored) > len(values):
        return False
    return bool(np.allclose(values[begin : begin + len(stored)], stored, rtol=1e-6, atol=0, equal_nan=True))


def _laid(old: np.ndarray, old_at: int, new: np.ndarray, new_at: int, rows: int) -> np.ndarray:
    """`rows` rows, missing but for `old` from row `old_at` on and, over it, `new` from `new_at` on."""
    kind = np.result_type(old, new)
    laid = np.full((rows, *new.shape[1:]), -1 if kind.kind == "i" else np.nan, kind)
    for part, at in ((old, old_at), (new, new_at)):
        part = part[: max(0, rows - at)]
        laid[at : at + len(part)] = part
    return laid


def _offsets(parts: list[np.ndarray]) -> Ints:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
