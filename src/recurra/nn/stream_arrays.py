"""What a stream is handed, read with care: steps, rows, outputs and states, in whatever form they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recurra.errors import InputError, ShapeError


def as_array(x: Any, rows: int, features: int, dtype: np.dtype, *, flat: bool) -> np.ndarray:
    """x [rows, features], or [features] where `flat`, in memory as a kernel reads it."""
    found = numbers("x", x, dtype)
    if found.shape != (rows, features) and not (flat and found.shape == (features,)):
        raise ShapeError(
            f"x has shape {found.shape}: expected ({rows}, {features}), rows and input_size"
            + (f", or ({features},)" if flat else "")
        )
    return found


def numbers(name: str, given: Any, dtype: np.dtype) -> np.ndarray:
    """An array or tensor of real numbers, without gaps, in `dtype`."""
    if isinstance(given, Tensor):
        if given.is_complex():
            raise ShapeError(f"{name} has dtype {given.dtype}: expected real numbers")
        given = given.detach().cpu().double().numpy() if dtype == np.float64 else given.detach().cpu().float().numpy()
    found = np.asarray(given)
    if found.dtype.kind not in "fiub":
        raise ShapeError(f"{name} has dtype {found.dtype}: expected real numbers, such as {dtype}")
    return np.require(found, dtype, ["C", "A"])


def row_numbers(rows: Any, batch: int) -> np.ndarray:
    """int64 [k] of `rows`, which are numbers, or a mask of `batch` truth values."""
    given = np.asarray(rows.detach().cpu() if isinstance(rows, Tensor) else rows)
    if given.ndim != 1:
        raise ShapeError(f"rows has shape {given.shape}: expected one dimension, a number for each row")
    if given.dtype == bool:
        if len(given) != batch:
            raise ShapeError(f"rows is a mask of {len(given)} values: expected {batch}, one for each row of the stream")
        return np.flatnonzero(given).astype(np.int64, copy=False)
    if not given.size:
        return np.empty(0, np.int64)
    if given.dtype.kind not in "iu":
        raise InputError(f"rows has dtype {given.dtype}: expected whole numbers from 0 to {batch - 1}")
    beyond = given[(given < 0) | (given >= batch)]
    if beyond.size:
        raise InputError(
            f"rows holds {beyond[0]}: expected numbers from 0 to {batch - 1}, as the stream has {batch} rows"
        )
    found, counts = np.unique(given, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"rows holds {found[counts > 1][0]} twice: expected each row once a step")
    return np.ascontiguousarray(given, np.int64)


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse what a step cannot be written to."""
    if not isinstance(out, np.ndarray):
        raise ShapeError(f"out is of type {type(out).__name__}: expected a NumPy array of {dtype} {shape}")
    if out.dtype != dtype or out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        state = "" if out.flags.c_contiguous and out.flags.writeable else ", with gaps or read-only"
        raise ShapeError(f"out is {out.dtype} {out.shape}{state}: expected {dtype} {shape}, without gaps and writable")


def stacked(states: Sequence[tuple[np.ndarray, ...]]) -> Any:
    """The states of the layers of one module, in the form of its `hx`."""
    found = tuple(np.stack(parts) for parts in zip(*states, strict=True))
    return found[0] if len(found) == 1 else found


def fill(
    given: Any, states: Sequence[tuple[np.ndarray, ...]], names: Sequence[str], name: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Which values go to which of the arrays, for a state in the form of `hx`."""
    parts = (given,) if len(names) == 1 else given
    if not isinstance(parts, tuple | list) or len(parts) != len(names):
        raise ShapeError(f"{name} is a {type(given).__name__}: expected a tuple, ({', '.join(names)})")
    found = []
    for s, part in enumerate(parts):
        first = states[0][s]
        called = f"{name} ({names[s]})" if len(names) > 1 else name
        values = numbers(called, part, first.dtype)
        if values.shape != (len(states), *first.shape):
            raise ShapeError(
                f"{called} has shape {values.shape}: expected {(len(states), *first.shape)}, layers, rows, units"
            )
        found += [(arrays[s], value) for arrays, value in zip(states, values, strict=True)]
    return found
