"""The raw column of an input of each kind, checked: strings, lists of events, a table of constants, arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.surrogates import refuse_halves
from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.data.examples.steps import is_missing, refuse_long
from recurra.data.schema.column_kinds import kind_of, numbers_of
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing

Cells = npt.NDArray | Sequence[Any]


def object_array(cells: Cells) -> npt.NDArray[np.object_]:
    """The cells as objects [N], lists and arrays among them left whole."""
    if isinstance(cells, np.ndarray) and cells.dtype == object and cells.ndim == 1:
        return cells
    if isinstance(cells, np.ndarray) and cells.ndim == 1:
        return cells.astype(object)
    return np.fromiter(cells, dtype=object, count=len(cells))


def read_texts(cells: Cells, name: str) -> npt.NDArray[np.object_]:
    """Strings [N], None where missing.

    Errors: InputError for what is no text or holds half of a letter, with its row, and a text too long.
    """
    texts = object_array(cells)
    wrong = None
    if pd.api.types.infer_dtype(texts, skipna=True) not in ("string", "empty"):
        wrong = next(
            (row for row, text in enumerate(texts) if not isinstance(text, str) and not is_missing(text)), None
        )
    if wrong is not None:
        raise InputError(
            _(
                "{name!r} holds {text!r} ({type}) in row {wrong}, which is no text: convert the column "
                "to str, or declare what it is with inputs=",
                name=name,
                text=texts[wrong],
                type=type(texts[wrong]).__name__,
                wrong=wrong + 1,
            )
        )
    refuse_halves(texts, repr(name))
    missing = pd.isna(texts)
    if missing.any():
        texts = texts.copy()
        texts[missing] = None
    if (~missing).any():
        lengths = np.zeros(len(texts), dtype=np.int64)
        lengths[~missing] = np.fromiter(map(len, texts[~missing]), np.int64, int((~missing).sum()))
        refuse_long(lengths, name, "letter")
    return texts


def read_events(cells: Cells, name: str) -> Ragged:
    """Lists of categorical values as objects [N_total], all str or all int; None where an item is missing.

    Errors: InputError for a cell that is no list, an item that is neither, and a mixture; with row and step.
    """
    rows = object_array(list(cells) if isinstance(cells, np.ndarray) and cells.ndim > 1 else cells)
    alone = [row for row, cell in enumerate(rows) if not isinstance(cell, list | tuple | np.ndarray | pd.Series)]
    wrong = next((row for row in alone if not is_missing(rows[row])), None)
    if wrong is not None:
        raise InputError(
            _(
                "{name!r} holds {row!r} in row {wrong}: expected a list of events; split a text first, "
                "for example [text.split() for text in texts], or declare it as Text() or Symbols()",
                name=name,
                row=rows[wrong],
                wrong=wrong + 1,
            )
        )
    if alone:
        rows = rows.copy()
        for row in alone:
            rows[row] = ()
    offsets = offsets_of(np.fromiter(map(len, rows), np.int64, len(rows)))
    refuse_long(np.diff(offsets), name)
    values = np.fromiter(chain.from_iterable(rows), dtype=object, count=int(offsets[-1]))
    missing = pd.isna(values)
    values[missing] = None
    found = pd.api.types.infer_dtype(values, skipna=True)
    if found not in ("string", "integer", "empty"):
        kinds = (str,) if isinstance(values[(~missing).argmax()], str) else (int, np.integer)
        step = next(k for k, v in enumerate(values) if v is not None and not (isinstance(v, kinds) and v is not True))
        row = int(np.searchsorted(offsets, step, side="right")) - 1
        raise InputError(
            _(
                "{name!r} holds {value!r} ({type}) in row {row} at step {step}: expected events that are "
                "all str or all int; convert them to one type",
                name=name,
                value=values[step],
                type=type(values[step]).__name__,
                row=row + 1,
                step=step - offsets[row] + 1,
            )
        )
    if found == "string":
        refuse_halves(("".join(event for event in cell if isinstance(event, str)) for cell in rows), repr(name))
    return Ragged(values, offsets)


def read_static(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Numbers as float64 with NaN, categories as str with None; refuses times, mixtures and infinite numbers."""
    read = {column: _static_column(frame[column], name) for column in frame.columns}
    return pd.DataFrame({column: pd.Series(values, dtype=values.dtype) for column, values in read.items()})


def read_arrays(cells: Cells, name: str) -> list[npt.NDArray[np.float32] | None]:
    """Images or sounds as float32, None where missing; all with as many axes, and channels, as the first."""
    read: list[npt.NDArray[np.float32] | None] = []
    first: tuple[int, npt.NDArray[np.float32]] | None = None
    for row, cell in enumerate(cells):
        if is_missing(cell):
            read.append(None)
            continue
        array = np.asarray(cell)
        if array.dtype.kind not in "biuf" or not 1 <= array.ndim <= 3 or not array.size:
            raise InputError(
                _(
                    "{name!r} holds a value of shape {shape} and type {dtype} in row {row}: expected an "
                    "array of numbers, [T], [H, W] or [H, W, C]; give None if it is missing",
                    name=name,
                    shape=array.shape,
                    dtype=array.dtype,
                    row=row + 1,
                )
            )
        with np.errstate(over="ignore"):
            array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise InputError(
                _(
                    "{name!r} holds a number that is not finite in row {row}, or is too large for float32: "
                    "correct it, or give None",
                    name=name,
                    row=row + 1,
                )
            )
        first = first or (row, array)
        if array.ndim != first[1].ndim or (array.ndim == 3 and array.shape[2] != first[1].shape[2]):
            raise InputError(
                _(
                    "{name!r} has shape {shape} in row {row} and {expected} in row {first}: expected as many "
                    "axes and channels everywhere",
                    name=name,
                    shape=array.shape,
                    row=row + 1,
                    expected=first[1].shape,
                    first=first[0] + 1,
                )
            )
        read.append(array)
    if first is None:
        raise InputError(_("{name!r} holds no array: expected [T], [H, W] or [H, W, C] in every row", name=name))
    return read


def _static_column(column: pd.Series, name: str) -> npt.NDArray:
    kind = "text" if isinstance(column.dtype, pd.CategoricalDtype) else kind_of(column)
    if kind == "empty":
        return np.full(len(column), np.nan)
    if kind == "number":
        return numbers_of(column, _("input {name!r}", name=name)).astype(np.float64)
    values = column.to_numpy(dtype=object)
    found = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "time" or found not in ("string", "integer", "boolean", "floating"):
        row = int(column.notna().to_numpy().argmax())
        first = type(values[row])
        row = next((k for k, v in enumerate(values) if not is_missing(v) and not isinstance(v, first)), row)
        raise InputError(
            _(
                "column {column!r} of input {name!r} holds {value!r} in row {row} ({found}): expected "
                "numbers or categories; convert the column, or leave it out with inputs=",
                column=column.name,
                name=name,
                value=values[row],
                row=row + 1,
                found=found,
            )
        )
    missing = column.isna().to_numpy()
    refuse_halves(values, _("column {column!r} of input {name!r}", column=column.name, name=name))
    texts = values if found == "string" else column.astype(str).to_numpy(dtype=object)
    if missing.any():
        texts = texts.copy()
        texts[missing] = None
    return texts


def describe(values: Sequence[int], noun: str = "row") -> str:
    """Numbers of rows (from 0) for a message: "3 rows: 1, 2, 5"."""
    rest = ", ..." if len(values) > 5 else ""
    return f"{counted(len(values), noun)}: {listing(str(value + 1) for value in values[:5])}{rest}"
