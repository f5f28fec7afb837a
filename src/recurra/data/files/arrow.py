"""Tables and columns of other libraries (polars, pyarrow, DuckDB, ...) as those of pandas, by Arrow's C stream.

What has `__arrow_c_stream__` or `__arrow_c_array__` (the Arrow PyCapsule interface) or, failing these, `__dataframe__`
(the interchange protocol) comes as the same table from a Parquet file does: booleans as 0 and 1, integers with missing
values as float64 with NaN, dates as times, categories and text as text. pyarrow does the work.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import types
from pyarrow.interchange import from_dataframe

from recurra.data.files.parquet import column_of
from recurra.errors import InputError
from recurra.language import _

_PROTOCOLS = ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")


def in_pandas(data: Any) -> Any:
    """A table of another library as a DataFrame, a column as a Series, and anything else as it is.

    Raises `InputError` for a table that Arrow cannot read.

    >>> in_pandas(pa.table({"a": [1, 2], "b": ["x", None]})).dtypes["a"]
    dtype('int64')
    >>> in_pandas([1, 2])
    [1, 2]
    """
    if isinstance(data, pd.DataFrame | pd.Series | pd.Index | type):
        return data
    if not any(hasattr(data, protocol) for protocol in _PROTOCOLS):
        return data.to_pandas() if hasattr(data, "to_pandas") else data
    try:
        found = _arrow(data)
    except (pa.ArrowException, TypeError, NotImplementedError) as error:
        raise InputError(
            _(
                "a {module}.{type} cannot be read as a table of Arrow ({error}): give it as a pandas DataFrame",
                module=type(data).__module__,
                type=type(data).__name__,
                error=error,
            )
        ) from error
    if isinstance(found, pa.ChunkedArray):
        values = _values(found)
        name = getattr(data, "name", None)
        return pd.Series(values, name=name if isinstance(name, str) and name else None)
    twice = sorted({name for name in found.column_names if found.column_names.count(name) > 1})
    if twice:
        raise InputError(
            _("the table has several columns called {twice!r}: give each a name of its own", twice=twice[0])
        )
    return pd.DataFrame({name: _values(found.column(name)) for name in found.column_names})


def _arrow(data: Any) -> pa.Table | pa.ChunkedArray:
    if isinstance(data, pa.Table | pa.ChunkedArray):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.Array):
        return pa.chunked_array([data])
    if hasattr(data, "__arrow_c_stream__"):  # a column has a stream too, of no rows
        return pa.table(data) if hasattr(data, "columns") or _is_table(data) else pa.chunked_array(data)
    if hasattr(data, "__arrow_c_array__"):
        array = pa.array(data)
        return pa.Table.from_struct_array(array) if types.is_struct(array.type) else pa.chunked_array([array])
    return from_dataframe(data)


def _is_table(data: Any) -> bool:
    """Whether what comes in its stream are rows."""
    return getattr(data, "schema", None) is not None


def _values(column: pa.ChunkedArray) -> Any:
    """The values of a column as those of a Parquet file; lists and structures as pandas holds them."""
    kind = column.type
    if types.is_dictionary(kind) and types.is_string_view(kind.value_type):  # which Arrow does not cast as a whole
        text = pa.large_string()
        chunks = [chunk.dictionary.cast(text).take(chunk.indices) for chunk in column.chunks]
        column = pa.chunked_array(chunks, type=text)
    elif types.is_string_view(kind):
        column = column.cast(pa.large_string())
    found = column_of(column)
    if not isinstance(found, str):
        return found
    try:
        return column.to_pandas()
    except pa.ArrowNotImplementedError:  # such as lists of views of text
        return pd.Series(column.to_pylist(), dtype=object)
