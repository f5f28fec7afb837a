"""Examples in JSON: a line for each (JSONL), or one array of objects, plain or compressed."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.surrogates import refuse_halves
from recurra.data.files.source import Source
from recurra.errors import InputError
from recurra.language import _

_EXACT = 1 << 53  # whole numbers up to here are exact in float64


def read_json(source: Source) -> pd.DataFrame:
    """A DataFrame of N rows, a column for every key; a key that a row lacks is missing there, lists stay lists.

    Errors: InputError for a line that is no JSON object or not UTF-8, an object as a value, and a file without a row.
    """
    with source.open() as stream:
        data = stream.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            _("{source} is not UTF-8 in line {line}: save it as UTF-8, as JSON must be", source=source.name, line=line)
        ) from error
    rows, lines = _array(text, source.name) if text.lstrip().startswith("[") else _lines(text, source.name)
    if not rows:
        raise InputError(
            _("{source} holds no example: expected a JSON object per line, or an array of them", source=source.name)
        )
    wrong = next((k for k, row in enumerate(rows) if not isinstance(row, dict)), None)
    if wrong is not None:
        where = _("line {line}", line=lines[wrong]) if lines else _("element {wrong}", wrong=wrong + 1)
        raise InputError(
            _(
                '{where} of {source} holds {row}: expected an object such as {{"text": "a fine film", "label": "pos"}}',
                where=where,
                source=source.name,
                row=_short(rows[wrong]),
            )
        )
    names = dict.fromkeys(chain.from_iterable(rows))
    for key in names:
        refuse_halves([key], _("a key of {source}", source=source.name))
    return pd.DataFrame({name: _column(rows, name, source.name) for name in names})


def _lines(text: str, name: str) -> tuple[list[Any], list[int]]:
    """The value of every line that is not blank, and its number from 1."""
    split = text.split("\n")
    numbers = [k for k, line in enumerate(split) if line and not line.isspace()]
    kept = split if len(numbers) == len(split) else [split[k] for k in numbers]
    try:
        rows = _parsed(f"[{','.join(kept)}]", name)  # one call for all lines; a broken one is looked for afterwards
    except json.JSONDecodeError as error:
        raise _broken(kept, numbers, name) from error
    if len(rows) != len(kept):
        raise _broken(kept, numbers, name)
    return rows, [k + 1 for k in numbers]


def _parsed(text: str, what: str) -> Any:
    """The value of a text. Errors: json.JSONDecodeError where it is no JSON, InputError for what Python cannot hold."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        raise InputError(
            _("{what} holds lists within a thousand others, or a number of thousands of digits: correct it", what=what)
        ) from error


def _broken(lines: list[str], numbers: list[int], name: str) -> InputError:
    for k, line in zip(numbers, lines, strict=True):
        try:
            _parsed(line, _("line {k} of {name}", k=k + 1, name=name))
        except json.JSONDecodeError as error:
            return InputError(
                _(
                    "line {k} of {name} is no JSON ({msg} at character {colno}): {line}; expected an object "
                    "per line, correct or remove the line",
                    k=k + 1,
                    name=name,
                    msg=error.msg,
                    colno=error.colno,
                    line=_short(line),
                )
            )
    return InputError(_("{name} is no JSON with an object per line", name=name))


def _array(text: str, name: str) -> tuple[list[Any], list[int]]:
    try:
        return _parsed(text, name), []
    except json.JSONDecodeError as error:
        raise InputError(
            _(
                "{name} is no JSON array: {msg} in line {lineno}, character {colno}; correct it, or "
                "write an object per line (JSONL)",
                name=name,
                msg=error.msg,
                lineno=error.lineno,
                colno=error.colno,
            )
        ) from error


def _column(rows: list[dict[str, Any]], name: str, source: str) -> npt.NDArray:
    """The values of a key [N]: numbers as int64, float64 or bool, all else as objects."""
    cells = np.fromiter((row.get(name) for row in rows), dtype=object, count=len(rows))
    refuse_halves(cells, _("key {name!r} of {source}", name=name, source=source))
    found = pd.api.types.infer_dtype(cells, skipna=True)
    if found in ("integer", "floating", "mixed-integer-float"):
        return _numbers(cells, whole=found == "integer")
    if found == "boolean" and not pd.isna(cells).any():
        return cells.astype(bool)
    if found not in ("string", "empty"):
        row = next((k for k, cell in enumerate(cells) if isinstance(cell, dict)), None)
        if row is not None:
            raise InputError(
                _(
                    "key {name!r} of {source} holds {cell} in row {row}: expected a text, a number or a "
                    "list; write the parts of an object as keys of their own",
                    name=name,
                    source=source,
                    cell=_short(cells[row]),
                    row=row + 1,
                )
            )
    return cells


def _numbers(cells: npt.NDArray[np.object_], *, whole: bool) -> npt.NDArray:
    """Numbers as int64 or, with NaN for missing, as float64; whole ones that neither can tell apart stay text."""
    missing = pd.isna(cells)
    largest = max((abs(cell) for cell in cells[~missing]), default=0)
    if whole and largest >= (_EXACT if missing.any() else 1 << 63):
        return np.array([None if gone else str(cell) for cell, gone in zip(cells, missing, strict=True)], dtype=object)
    if whole and not missing.any():
        return cells.astype(np.int64)
    cells[missing] = np.nan
    try:
        return cells.astype(np.float64)
    except OverflowError:  # a whole number beyond float64: infinite there, as 1e999 is
        return np.array([float(str(cell)) for cell in cells])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
