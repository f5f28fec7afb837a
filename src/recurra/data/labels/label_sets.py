"""Several labels at once: lists of labels, a matrix of 0 and 1, or texts such as "drama;comedy", to codes and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.steps import is_missing
from recurra.data.labels.label_values import (
    Name,
    Origin,
    Y,
    as_array,
    codes_among,
    flat_values,
    number_values,
    plain,
)
from recurra.errors import InputError
from recurra.language import _

_SEVERAL = (list, tuple, set, frozenset, dict, np.ndarray)


@dataclass(frozen=True)
class LabelSets:
    """K labels of which an example has any number, and the form they are given in: "matrix", "lists" or "text".

    A list without an item means that no label applies; None, NaN and an empty text mean that it is not known.

    >>> sets = LabelSets.of(["drama;war", "comedy", None], separator=";")
    >>> sets.names, sets.encode(["war", ""]).tolist(), sets.decode(np.array([[1, 1, 0]]))
    (('comedy', 'drama', 'war'), [[0, 0, 1], [-1, -1, -1]], ['comedy;drama'])
    """

    names: tuple[Name, ...]
    dtype: str = "object"
    form: str = "lists"
    separator: str = ";"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        if self.form not in ("matrix", "lists", "text"):
            raise InputError(
                _("form={form!r} of label sets is not known: expected 'matrix', 'lists' or 'text'", form=self.form)
            )
        if not self.names:
            raise InputError(_("the label sets hold no label: expected at least one label in some row"))

    @staticmethod
    def of(labels: Any, *, separator: str = ";", what: Origin = Y) -> LabelSets:
        """The labels that occur in N sets: lists or sets of labels, a matrix [N, K] of 0 and 1, or texts.

        Errors: InputError for other numbers in a matrix, mixed types and a cell that is no set, with the row.
        """
        matrix = _matrix(labels)
        if matrix is not None:
            _check_matrix(matrix, what)
            if isinstance(labels, pd.DataFrame):
                return LabelSets(tuple(map(str, labels.columns)), "str", "matrix")
            return LabelSets(tuple(range(matrix.shape[1])), "int64", "matrix")
        rows, form = _lists(labels, separator, what)
        items, owner = _items(rows)
        _unused, names, dtype = number_values(items, what.take(owner))
        return LabelSets(names, "object" if dtype == "str" else dtype, form, separator)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def values(self) -> npt.NDArray:
        """The labels [K] in their own dtype."""
        return as_array(self.names, self.dtype)

    def encode(self, labels: Any, *, what: Origin = Y) -> npt.NDArray[np.int8]:
        """A matrix [N, K]: 1 where an example has the label, 0 where not, a row of -1 where nothing is known."""
        matrix = _matrix(labels)
        if matrix is not None:
            if matrix.shape[1] != len(self.names):
                raise InputError(
                    _(
                        "{what} has {shape} columns of labels: expected {n_names}",
                        what=what,
                        shape=matrix.shape[1],
                        n_names=len(self.names),
                    )
                )
            return _check_matrix(matrix, what)
        rows, _unused = _lists(labels, self.separator, what)
        items, owner = _items(rows)
        found = np.zeros((len(rows), len(self.names)), dtype=np.int8)
        found[[k for k, row in enumerate(rows) if row is None]] = -1
        if len(items):
            codes = codes_among(items, self.names, what.take(owner))
            found[owner[codes >= 0], codes[codes >= 0]] = 1
        return found

    def decode(self, matrix: npt.NDArray[np.integer]) -> npt.NDArray | list[tuple[Name, ...] | None] | list[str | None]:
        """The sets of a matrix [N, K] of 0 and 1, in the form in which labels were given; None for a row of -1."""
        matrix = np.asarray(matrix)
        if self.form == "matrix":
            return matrix.astype(np.int64)
        owner, codes = np.nonzero(matrix > 0)
        offsets = np.searchsorted(owner, np.arange(len(matrix) + 1)).tolist()
        flat = [self.names[k] for k in codes.tolist()]
        unknown = np.any(matrix < 0, axis=1).tolist()
        sets = [tuple(flat[start:end]) for start, end in pairwise(offsets)]
        rows = [None if hidden else row for hidden, row in zip(unknown, sets, strict=True)]
        return (
            rows
            if self.form == "lists"
            else [None if row is None else self.separator.join(map(str, row)) for row in rows]
        )


def is_label_sets(labels: Any) -> bool:
    """Whether labels are sets: cells that are lists or sets, or a matrix of 0 and 1 of two columns or more."""
    if isinstance(labels, pd.DataFrame):
        return labels.shape[1] > 1
    if isinstance(labels, np.ndarray) and labels.ndim == 2:
        return labels.shape[1] > 1
    if isinstance(labels, pd.Series | list | tuple | np.ndarray) and len(labels):
        cells = labels.to_numpy(dtype=object) if isinstance(labels, pd.Series) else labels
        return any(isinstance(cell, list | tuple | set | frozenset | np.ndarray) for cell in cells[:1000])
    return False


def _matrix(labels: Any) -> npt.NDArray | None:
    """Labels as a matrix [N, K] where they are one: an array, a DataFrame, or lists of 0 and 1 of equal length."""
    if isinstance(labels, pd.DataFrame):
        return labels.to_numpy()
    if isinstance(labels, np.ndarray) and labels.ndim == 2:
        return labels
    if not isinstance(labels, list | tuple) or not len(labels) or not isinstance(labels[0], list | tuple | np.ndarray):
        return None
    if any(not isinstance(row, list | tuple | np.ndarray) for row in labels):
        return None
    width = len(labels[0])
    same = width > 1 and all(len(row) == width for row in labels)
    flat = same and not any(isinstance(item, _SEVERAL) for item in chain.from_iterable(labels))
    items = set(chain.from_iterable(labels)) if flat else {None}
    return np.array(labels) if items <= {0, 1} else None


def _check_matrix(matrix: npt.NDArray, what: Origin) -> npt.NDArray[np.int8]:
    missing = np.asarray(pd.isna(matrix))
    good = missing | (matrix == 0) | (matrix == 1)
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise InputError(
            _(
                "{what} holds {matrix!r} in row {row}, column {column}: expected a matrix [N, K] of 0 "
                "and 1, or lists of labels",
                what=what,
                matrix=plain(matrix[row, column]),
                row=what.row(row),
                column=column + 1,
            )
        )
    found = np.full(matrix.shape, -1, dtype=np.int8)
    found[~missing] = matrix[~missing].astype(np.int8)
    found[missing.any(axis=1)] = -1
    return found


def _lists(labels: Any, separator: str, what: Origin) -> tuple[list[Sequence[Name] | None], str]:
    """Every row's labels, None where not known, and the form in which they came."""
    values = np.fromiter(labels, dtype=object, count=len(labels)) if isinstance(labels, list | tuple) else None
    cells = flat_values(labels, what) if values is None else values
    if pd.api.types.infer_dtype(cells, skipna=True) == "string":
        codes, distinct = pd.factorize(cells)
        split = [split_set(text, separator) for text in distinct]
        return [None if code < 0 else split[code] for code in codes.tolist()], "text"
    rows: list[Sequence[Name] | None] = []
    for row, cell in enumerate(cells):
        if is_missing(cell) or (isinstance(cell, str) and not cell.strip()):
            rows.append(None)
        elif isinstance(cell, list | tuple | set | frozenset | np.ndarray):
            rows.append(_flat(cell, row, what))
        else:
            raise InputError(
                _(
                    "{what} holds {cell!r} in row {row}: expected a list or set of labels in every row, or a "
                    "text with labels separated by {separator!r}",
                    what=what,
                    cell=cell,
                    row=what.row(row),
                    separator=separator,
                )
            )
    return rows, "lists"


def split_set(text: str, separator: str) -> list[Name] | None:
    """The labels of a text; None where it is blank, which says nothing.

    >>> split_set("war; drama;", ";"), split_set(" ", ";")
    (['war', 'drama'], None)
    """
    if not text.strip():
        return None
    return [piece for part in text.split(separator) if (piece := part.strip())]


def _flat(cell: Any, row: int, what: Origin) -> list[Name]:
    """The labels of a list or set. Errors: InputError for a list within it."""
    nested = next((item for item in cell if isinstance(item, _SEVERAL)), None)
    if nested is not None:
        raise InputError(
            _(
                "{what} holds {nested!r} within the labels of row {row}: expected a list of words or "
                "whole numbers in every row; flatten it",
                what=what,
                nested=nested,
                row=what.row(row),
            )
        )
    return list(cell)


def _items(rows: list[Sequence[Name] | None]) -> tuple[npt.NDArray, npt.NDArray[np.int64]]:
    """All labels end to end, and the row of each."""
    lengths = np.fromiter((0 if row is None else len(row) for row in rows), np.int64, len(rows))
    items = list(chain.from_iterable(row for row in rows if row is not None))
    return flat_values(items, Y), np.repeat(np.arange(len(rows)), lengths)
