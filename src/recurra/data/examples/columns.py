"""What the user hands over, as columns by name: whether it is a table of numbers, and the cells of each column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from recurra.data.examples.cells import object_array
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _

_NUMBER = int | float | complex | np.number


def is_table(X: Any) -> bool:
    """Whether X is what scikit-learn calls a table: numbers [N, T], as an array, sparse, lists or a DataFrame.

    Such an X should go through `sklearn.utils.validation.validate_data`, which keeps its number of features.
    """
    if sparse.issparse(X):
        return True
    if isinstance(X, pd.DataFrame):
        return X.shape[1] > 0 and all(pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes)
    if isinstance(X, list | tuple):
        rows: list[Any] = list(X)
        first = rows[0] if rows else ""
        if not isinstance(first, list | tuple):
            return isinstance(first, _NUMBER)
        numbers = bool(len(first)) and isinstance(first[0], _NUMBER)
        return numbers and all(isinstance(row, list | tuple) for row in rows) and len({len(row) for row in rows}) == 1
    if isinstance(X, Mapping | pd.Series) or not hasattr(X, "__array__"):
        return False
    array = np.asarray(X)
    if array.dtype == object:
        texts = array.size > 0 and isinstance(array.flat[0], str)
        return array.ndim == 2 and not texts
    return array.ndim < 3 and array.dtype.kind not in "US"


def named_columns(X: pd.DataFrame | Mapping[str, Any]) -> dict[str, Any]:
    """The columns by name, as Series of a DataFrame and as cells of a mapping; all of the same number of rows."""
    names = [str(name) for name in X]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise InputError(_("X has several columns called {twice!r}: give each a name of its own", twice=twice))
    if not names:
        raise InputError(_("X has no column: expected at least one input"))
    if isinstance(X, pd.DataFrame):
        return {name: X.iloc[:, k] for k, name in enumerate(names)}
    columns = {str(name): _column(column, str(name)) for name, column in X.items()}
    counts = {name: len(column) for name, column in columns.items()}
    first = names[0]
    other = next((name for name in names if counts[name] != counts[first]), None)
    if other is not None:
        raise InputError(
            _(
                "column {first!r} has {rows} and {other!r} {count:,}: expected as many",
                first=first,
                rows=counted(counts[first], "row"),
                other=other,
                count=counts[other],
            )
        )
    return columns


def _column(column: Any, name: str) -> Any:
    if isinstance(column, pd.DataFrame | pd.Series):
        return column
    return column_cells(column.to_pandas() if hasattr(column, "to_pandas") else column, name)


def column_cells(column: Any, name: str) -> npt.NDArray | list[Any]:
    """A column as an array of numbers or of texts with all its axes, or as a list of cells."""
    if isinstance(column, str | bytes) or not (hasattr(column, "__len__") or hasattr(column, "__array__")):
        raise InputError(
            _(
                "{name} is {type} {column!r}: expected a list, array, Series or DataFrame with a value "
                "per example{value}",
                name=name,
                type=type(column).__name__,
                column=str(column)[:40],
                value=_(", such as [X]") if isinstance(column, str) else "",
            )
        )
    if isinstance(column, set | frozenset):
        raise InputError(_("{name} is a set, which has no order: give a list", name=name))
    if isinstance(column, pd.Series):
        return column.to_numpy(dtype=object) if column.dtype.kind not in "biuf" else column.to_numpy()
    if isinstance(column, list | tuple):
        return list(column)
    return np.asarray(column)


def cells_array(cells: npt.NDArray | list[Any]) -> npt.NDArray:
    return cells if isinstance(cells, np.ndarray) else object_array(cells)
