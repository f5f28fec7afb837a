"""Newer rows behind older ones: the panel that a model remembers, carried on by a panel of newer data."""

from __future__ import annotations

import dataclasses

import numpy as np

from recurra.data.panel import Panel
from recurra.errors import InputError


def join_panels(older: Panel, newer: Panel) -> Panel:
    """The series of `newer`, each with the rows of `older` that come before its first row.

    Rows that both hold are taken from `newer`; rows between the two are missing. Both panels have the same schema.
    Where there is no time column, a series of `newer` that begins as the stored rows of `older` do at that row number
    is the same history made longer, and any other one continues behind the end of `older`. A series without a partner
    stays as it is. Raises `InputError` where the grids differ.
    """
    if older.grid.freq != newer.grid.freq:
        raise InputError(
            f"the data has the frequency {newer.grid.freq or 'none'}, "
            f"the model was fitted on {older.grid.freq or 'none'}: give data on the same grid, or name it with --freq"
        )
    place = {name: s for s, name in enumerate(older.series)}
    parts = [_join_one(older, place.get(name), newer, s) for s, name in enumerate(newer.series)]
    arrays = {
        name: np.concatenate([part[name] for part in parts])
        for name in ("target", "past", "past_codes", "known", "known_codes")
    }
    lengths = np.array([len(part["target"]) for part in parts])
    known_lengths = np.array([len(part["known"]) for part in parts])
    return dataclasses.replace(
        newer,
        start=np.array([int(part["start"]) for part in parts], dtype=np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        known_offsets=np.concatenate([[0], np.cumsum(known_lengths)]),
        **arrays,
    )


def _join_one(older: Panel, o: int | None, newer: Panel, s: int) -> dict[str, np.ndarray]:
    rows = slice(newer.offsets[s], newer.offsets[s + 1])
    known_rows = slice(newer.known_offsets[s], newer.known_offsets[s + 1])
    start = int(newer.start[s])
    after = {
        "target": newer.target[rows],
        "past": newer.past[rows],
        "past_codes": newer.past_codes[rows],
        "known": newer.known[known_rows],
        "known_codes": newer.known_codes[known_rows],
    }
    if o is None:
        return {**after, "start": np.array(start)}
    if newer.grid.freq is None and not newer.schema.time and not _same_history(older, o, newer.values(s), start):
        start += int(older.start[o] + older.lengths[o])
    # What the older panel holds before `start`, and missing rows where it ends earlier.
    first = int(older.start[o])
    count = start - first
    if count <= 0:
        return {**after, "start": np.array(start)}
    before = {
        "target": older.target[older.offsets[o] : older.offsets[o + 1]],
        "past": older.past[older.offsets[o] : older.offsets[o + 1]],
        "past_codes": older.past_codes[older.offsets[o] : older.offsets[o + 1]],
        "known": older.known[older.known_offsets[o] : older.known_offsets[o + 1]],
        "known_codes": older.known_codes[older.known_offsets[o] : older.known_offsets[o + 1]],
    }
    joined = {name: np.concatenate([_exactly(before[name], count), after[name]]) for name in before}
    return {**joined, "start": np.array(first)}


def _same_history(older: Panel, o: int, values: np.ndarray, start: int) -> bool:
    """Whether `values`, from row number `start` on, repeat the stored rows of series `o` of `older`."""
    stored = older.values(o)
    begin = int(older.start[o]) - start
    if begin < 0 or begin + len(stored) > len(values):
        return False
    return bool(np.allclose(values[begin : begin + len(stored)], stored, rtol=1e-6, atol=0, equal_nan=True))


def _exactly(array: np.ndarray, count: int) -> np.ndarray:
    """The first `count` rows; rows that are not there are missing."""
    if len(array) >= count:
        return array[:count]
    missing = np.full((count - len(array), *array.shape[1:]), -1 if array.dtype.kind == "i" else np.nan, array.dtype)
    return np.concatenate([array, missing])
