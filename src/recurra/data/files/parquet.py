"""Read a Parquet file one column at a time."""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from recurra.data.files.columns import Columns
from recurra.data.files.sinks import fits_float32
from recurra.errors import InputError
from recurra.language import _

_EXACT = 1 << 53
_ROW_NUMBERS = "__index_level_0__"  # what pandas calls an index without a name


def read_parquet(path: Path, *, large: int, lists: bool = False) -> Columns:
    """The columns of a Parquet file with their own types; of one beyond `large` bytes, numbers as float32.

    Booleans become 0 and 1; integers with missing values float64 with NaN; a column that is neither number, text nor
    time (a list unless `lists`, a structure, bytes) is left out with a note, and so are row numbers.

    Errors: InputError for a damaged file, one without columns or rows, and repeated column names.
    """
    try:
        with pq.ParquetFile(path) as file:
            return _read(file, path.name, large, lists)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else _("unknown reason")
        raise InputError(
            _(
                "{path} is a Parquet file, but damaged or cut short: fetch it again ({reason})",
                path=path.name,
                reason=reason,
            )
        ) from error


def _read(file: pq.ParquetFile, name: str, large: int, lists: bool) -> Columns:
    schema = file.schema_arrow
    twice = sorted({column for column in schema.names if schema.names.count(column) > 1})
    if twice:
        raise InputError(
            _("{name} has more than one column called {twice!r}: rename one of them", name=name, twice=twice[0])
        )
    if not schema.names or not file.metadata.num_rows:
        raise InputError(
            _(
                "{name} has {n_names} columns and {num_rows} rows: expected a table with data",
                name=name,
                n_names=len(schema.names),
                num_rows=file.metadata.num_rows,
            )
        )
    stored = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    values: dict[str, np.ndarray | pd.Series] = {}
    notes = []
    for column in schema.names:
        cells = file.read(columns=[column], use_pandas_metadata=False).column(column)
        found = cells.to_pandas() if lists and _is_list(cells.type) else column_of(cells, small=stored > large)
        if isinstance(found, str):
            notes.append(
                _("column {column!r} was ignored: it is {found}, which cannot be used", column=column, found=found)
            )
        elif column == _ROW_NUMBERS and isinstance(found, np.ndarray) and len(schema.names) > 1:
            notes.append(_("the row numbers, an index without a name, were ignored"))
        else:
            values["index" if column == _ROW_NUMBERS and "index" not in schema.names else column] = found
    if not values:
        raise InputError(
            _("{name} has no column of numbers, text or times: {notes}", name=name, notes="; ".join(notes))
        )
    if stored > large:
        notes.append(_("numbers were read as float32, except integers beyond 2**24"))
    return Columns(values, (), tuple(notes))


def column_of(column: pa.ChunkedArray, *, small: bool = False) -> np.ndarray | pd.Series | str:
    """A finished column, or the name of its type where that is of no use."""
    kind = column.type
    if types.is_dictionary(kind) and types.is_string(kind.value_type):
        return column.to_pandas()
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif types.is_decimal(kind) or types.is_float16(kind):
        column = column.cast(pa.float64())
    if types.is_integer(column.type) or types.is_floating(column.type):
        return _number(column, small)
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    if types.is_date(kind):
        return column.cast(pa.timestamp("ms")).to_pandas()
    if types.is_time(kind):
        return column.cast(pa.string()).to_pandas()
    if types.is_timestamp(kind) or types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return column.to_pandas()
    return _("of type {kind}", kind=kind)


def _is_list(kind: pa.DataType) -> bool:
    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _number(column: pa.ChunkedArray, small: bool) -> np.ndarray | pd.Series:
    integer = types.is_integer(column.type)
    if integer and column.null_count:
        bounds = pc.min_max(column).as_py()
        if bounds["min"] is not None and max(abs(bounds["min"]), abs(bounds["max"])) > _EXACT:
            return column.cast(pa.string()).to_pandas()  # as float64, long identifiers would no longer differ
    values = column.to_numpy()
    if small and values.dtype.itemsize > 4 and fits_float32(values, integer):
        return values.astype(np.float32)
    if integer and not column.null_count and values.dtype != np.uint64:
        return values.astype(np.int64)
    return np.array(values, dtype=np.float64 if values.dtype.kind == "f" and not small else values.dtype)
