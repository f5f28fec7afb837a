"""Labelled sequences as they come from the user: N examples, one raw column per input, checked, not yet encoded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.audio import read_audio
from recurra.data.examples.cells import describe, read_arrays, read_events, read_static, read_texts
from recurra.data.examples.columns import cells_array, column_cells, is_table, named_columns
from recurra.data.examples.declaring import guess_kinds, with_static_columns
from recurra.data.examples.guessing import guess_kind
from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.raw import RawColumn, join_columns, missing_column, take_rows
from recurra.data.examples.steps import Steps, is_missing, read_steps
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.names import require_columns
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import offered, option, ways

_FLOATS: Any = (np.float64, np.float32)
SEQUENCE = "sequence"  # the name of an input that has none


@dataclass(frozen=True, eq=False)
class Examples:
    """N examples: by the name of each input, its raw column and its kind.

    Text and Symbols are objects [N] of str, None where missing; Events a `Ragged` of objects; Series and Audio a
    `Steps`; Static a DataFrame of N rows; Array a list of N float32 arrays, None where missing. A missing list of
    events or series has length 0.
    """

    columns: dict[str, RawColumn]
    kinds: dict[str, Kind]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def take(self, numbers: npt.ArrayLike) -> Examples:
        """The examples of these numbers, in this order."""
        numbers = np.asarray(numbers, dtype=np.int64)
        return Examples({name: take_rows(column, numbers) for name, column in self.columns.items()}, self.kinds)

    def absent(self, name: str) -> npt.NDArray[np.bool_]:
        """Where an input is missing or has no step [N]: None, no letter but blanks, an empty list or array."""
        column = self.columns[name]
        if isinstance(column, Ragged):
            return column.lengths == 0
        if isinstance(column, Steps):
            return column.values.lengths == 0
        if isinstance(column, pd.DataFrame):
            return column.isna().all(axis=1).to_numpy()
        if isinstance(column, list):
            return np.array([array is None for array in column], dtype=bool)
        blank = (lambda text: not text) if isinstance(self.kinds[name], Symbols) else _is_blank
        return np.fromiter(map(blank, column), np.bool_, len(column))


def as_examples(X: Any, *, inputs: Mapping[str, Kind] | None = None, optional: Collection[str] = ()) -> Examples:
    """The examples in whatever holds them; `inputs` names the inputs and says what each is.

    One input: N strings (a list, Series or array), N lists of events, N arrays [T] or [T, F], an array [N, T] of T
    steps of one feature, or [N, T, F]; a Series gives the input its name. A DataFrame whose columns are all numbers is
    such an array [N, T]. Several inputs: any other DataFrame (also of polars or Arrow), or a
    mapping of names to columns; numbers and categories together are one Static input called "static".

    Without `inputs` the kinds are inferred; with it, exactly the named columns are read. An input in `optional` may be
    absent as a whole, and is then missing in every row. `kinds` of the result, given as `inputs`, reads later data in
    the same way. `Examples` pass through.

    Errors: InputError naming the input, the row and the remedy; for tables of numbers, scikit-learn's own errors.

    >>> examples = as_examples(["MKVLAAGIVGLL", "MSTNPKPQRKTKRNTN"])
    >>> len(examples), examples.kinds
    (2, {'sequence': Symbols()})
    >>> frame = pd.DataFrame({"review": ["a fine film", "dull , dull , dull"], "stars": [4, 1]})
    >>> as_examples(frame).kinds
    {'review': Text(...), 'static': Static(columns=('stars',))}
    """
    _refuse_kinds(inputs)
    if isinstance(X, Examples):
        return X if inputs is None else _chosen(X, inputs)
    X = in_pandas(X)
    if isinstance(X, Mapping) or (isinstance(X, pd.DataFrame) and not is_one_series(X, inputs)):
        examples = _several(named_columns(X), inputs, optional)
    else:
        examples = _one(X, inputs)
    if not len(examples):
        raise InputError(_("X holds no example: expected at least 1"))
    return examples


def is_one_series(X: Any, inputs: Mapping[str, Kind] | None) -> bool:
    """Whether X is only a table of numbers [N, T], and read as T steps of one feature."""
    if not is_table(X):
        return False
    if inputs is None:
        return True
    named = X.columns if isinstance(X, pd.DataFrame) else ()
    return len(inputs) == 1 and all(isinstance(kind, Series) and name not in named for name, kind in inputs.items())


def keep_rows(
    examples: Examples, *, empty: str = "refuse", optional: Collection[str] = (), most: int | None = None
) -> npt.NDArray[np.int64]:
    """The numbers of the examples that can be used: all, or with `empty="drop"` those that have a step in each input.

    Inputs in `optional` may be missing, as long as one input of the example is there; Static inputs always may.
    `most` is the greatest number of examples that may be dropped. Errors: InputError where there are rows without a
    step and `empty` is "refuse", or where none is left.
    """
    if empty not in ("refuse", "drop"):
        raise InputError(_("empty={empty!r} is not known: expected 'refuse' or 'drop'", empty=empty))
    sequences = [name for name, kind in examples.kinds.items() if not isinstance(kind, Static)]
    absent = {name: examples.absent(name) for name in examples.kinds}
    bad = np.zeros(len(examples), dtype=bool)
    for name in sequences:
        if name not in optional:
            bad |= absent[name]
    if sequences:
        bad |= np.logical_and.reduce(list(absent.values()))
    given = [name for name in sequences if name not in optional]
    rows = np.flatnonzero(bad)
    if len(rows) and (empty == "refuse" or len(rows) == len(examples) or (most is not None and len(rows) > most)):
        names = [name for name in given or sequences if absent[name][rows].any()]
        others = offered("optional") and len(examples.kinds) > 1 and bool(given)
        dropping = offered("empty") and empty == "refuse" and len(rows) < len(examples)
        remedies = [
            _("fill or remove these rows"),
            _("allow it with {optional_option}", optional_option=option("optional", [names[0]])) if others else "",
            _("drop them with {empty_option}", empty_option=option("empty", "drop")) if dropping else "",
        ]
        raise InputError(
            _(
                "{names} is empty or missing in {rows}: an example needs at least one step; {remedy}",
                names=listing(map(repr, names)),
                rows=describe(rows.tolist()),
                remedy=ways(*remedies),
            )
        )
    return np.flatnonzero(~bad)


def concatenate(parts: Sequence[Examples]) -> Examples:
    """The examples of all parts, one after the other; the inputs must be the same."""
    first = parts[0]
    for part in parts[1:]:
        if part.kinds != first.kinds:
            raise InputError(
                _(
                    "examples of different inputs cannot be joined: {kinds} and {others}",
                    kinds=first.kinds,
                    others=part.kinds,
                )
            )
    return Examples({name: join_columns([part.columns[name] for part in parts]) for name in first.columns}, first.kinds)


def _refuse_kinds(inputs: Mapping[str, Kind] | None) -> None:
    if inputs is None:
        return
    if not isinstance(inputs, Mapping) or not inputs:
        raise InputError(
            _("inputs={inputs!r}: expected a mapping of names to kinds, such as {{'review': Text()}}", inputs=inputs)
        )
    for name, kind in inputs.items():
        if not isinstance(kind, Kind):
            raise InputError(
                _(
                    "inputs[{name!r}] is {kind!r}: expected Text(), Symbols(), Events(), Series(), Static(), "
                    "Array() or Audio()",
                    name=name,
                    kind=kind,
                )
            )


def _chosen(examples: Examples, inputs: Mapping[str, Kind]) -> Examples:
    require_columns(inputs, list(examples.columns), _("the examples"), "inputs=")
    for name, kind in inputs.items():
        if type(kind) is not type(examples.kinds[name]):
            raise InputError(
                _(
                    "input {name!r} was read as {kind}, and is declared as {declared}: read X again",
                    name=name,
                    kind=examples.kinds[name],
                    declared=kind,
                )
            )
    return Examples({name: examples.columns[name] for name in inputs}, dict(inputs))


def _one(X: Any, inputs: Mapping[str, Kind] | None) -> Examples:
    own = X.name if isinstance(X, pd.Series) and isinstance(X.name, str) and X.name else SEQUENCE
    name, kind = (own, None) if inputs is None else next(iter(inputs.items()))
    if inputs is not None and len(inputs) > 1:
        raise InputError(
            _(
                "X has one input, and inputs= names {n_inputs}: give a DataFrame or a mapping of columns",
                n_inputs=len(inputs),
            )
        )
    cells: npt.NDArray | list[Any]
    if is_table(X) and (kind is None or isinstance(kind, Series)):
        from sklearn.utils.validation import check_array  # scikit-learn takes a second to import

        cells = check_array(X, dtype=_FLOATS)
    else:
        cells = column_cells(X, "X")
    if not len(cells):
        raise InputError(_("X holds no example: expected at least 1"))
    kind = kind or guess_kind(cells_array(cells), name, alone=True)
    if isinstance(kind, Static):
        raise InputError(_("X has one input, declared as Static(): give a DataFrame with the columns of the constants"))
    if isinstance(kind, Audio):
        sounds, kind = read_audio(cells, kind, name)
        return Examples({name: sounds}, {name: kind})
    return Examples({name: _read(cells, kind, name, None)}, {name: kind})


def _several(columns: dict[str, Any], inputs: Mapping[str, Kind] | None, optional: Collection[str]) -> Examples:
    rows = len(next(iter(columns.values())))
    kinds: dict[str, Kind] = dict(inputs) if inputs is not None else guess_kinds(columns)
    kinds = with_static_columns(columns, kinds)
    read: dict[str, RawColumn] = {}
    for name, kind in kinds.items():
        needed = kind.columns if isinstance(kind, Static) else (name,)
        if name in optional and not set(needed) <= set(columns):
            read[name] = missing_column(kind, rows)
            continue
        times = (kind.time,) if isinstance(kind, Series) and kind.time is not None else ()
        require_columns((*needed, *times), list(columns), "X", "inputs=")
        if isinstance(kind, Static):
            read[name] = _static(columns, kind, name)
        else:
            when = column_cells(columns[times[0]], times[0]) if times else None
            cells = column_cells(columns[name], name)
            if name in optional and all(map(is_missing, cells)):
                read[name] = missing_column(kind, rows)
            elif isinstance(kind, Audio):
                read[name], kinds[name] = read_audio(cells, kind, name)
            else:
                read[name] = _read(cells, kind, name, when)
    return Examples(read, kinds)


def _static(columns: dict[str, Any], kind: Static, name: str) -> pd.DataFrame:
    parts: dict[str, pd.Series] = {}
    for column in kind.columns:
        cells = columns[column]
        if isinstance(cells, pd.DataFrame):
            parts |= {str(part): cells[part].reset_index(drop=True) for part in cells.columns}
        else:
            parts[column] = cells.reset_index(drop=True) if isinstance(cells, pd.Series) else pd.Series(cells)
    return read_static(pd.DataFrame(parts), name)


def _read(cells: npt.NDArray | list[Any], kind: Kind, name: str, times: Any) -> RawColumn:
    """The one place that chooses the reader of a kind."""
    match kind:
        case Text() | Symbols():
            return read_texts(cells, name)
        case Events():
            return read_events(cells, name)
        case Series():
            return read_steps(cells, name, times, kind.features)
        case Array():
            return read_arrays(cells, name)
        case Audio():
            return read_audio(cells, kind, name)[0]
        case Static():
            raise InputError(
                _("input {name!r} is Static(): its columns are read from a DataFrame or a mapping", name=name)
            )


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()
