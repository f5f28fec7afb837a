"""From a table and the parts of its columns to examples and labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import Reader
from recurra.data.encoders.standardising import ColumnEncoder
from recurra.data.examples.audio import in_folder
from recurra.data.examples.examples import Examples, as_examples
from recurra.data.examples.inputs import Audio, Events, Series, Static, Symbols, Text
from recurra.data.examples.long_format import SEQUENCE, group_series, seconds_of
from recurra.data.examples.understanding import Roles, fill_series, read_label_cells
from recurra.data.labels.label_sets import split_set
from recurra.data.schema.names import require_columns
from recurra.data.schema.roles import tidy
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import flag, option, using, ways

_EXACT = 1 << 53  # whole numbers up to here are exact in float64


@dataclass(frozen=True, eq=False)
class Gathered:
    """N examples of a table and, where it has them: labels [N] (or [N, M]), groups, times in seconds, split words.

    `names` [N] are those of the series of a table in long format.
    """

    examples: Examples
    labels: pd.Series | pd.DataFrame | None = None
    groups: npt.NDArray[Any] | None = None
    times: npt.NDArray[np.float64] | None = None
    split: npt.NDArray[Any] | None = None
    names: npt.NDArray[np.object_] | None = None


def gather_examples(
    frame: pd.DataFrame,
    roles: Roles,
    *,
    tags: bool = False,
    labelled: bool = True,
    optional: Collection[str] = (),
    source: str = "the table",
    folder: Path | None = None,
) -> Gathered:
    """The examples of a table by the `roles` of its columns; later tables are read by the same.

    With `tags`, labels of a table in long format are one per step. Without `labelled`, a table may lack the label, the
    group, the split and the time of its examples. Relative paths of recordings count from `folder`. Errors: InputError
    for columns that are missing or hold something else.

    >>> frame = pd.DataFrame({"p1": [0.1, 0.2], "p2": [0.3, 0.4], "kind": ["a", "b"]})
    >>> found = gather_examples(frame, Roles({}, label=("kind",), features=("p1", "p2")))
    >>> len(found.examples), found.labels.tolist()
    (2, ['a', 'b'])
    """
    frame = _with_words(fill_series(tidy(frame, source), roles), roles, tags)
    sounds = [name for name, kind in roles.inputs.items() if isinstance(kind, Audio) and name in frame]
    if folder is not None and sounds:
        frame = frame.assign(**{name: in_folder(frame[name], folder) for name in sounds})
    columns = list(frame.columns)
    extra = {"group": roles.group, "split": roles.split}
    dated = labelled and roles.series is None and roles.time is not None  # beside whole examples a time only splits
    if labelled:
        require_columns(roles.label, columns, source, flag("label"))
        for part, name in extra.items():
            require_columns((name,) if name is not None else (), columns, source, flag(part))
    if dated:
        require_columns((str(roles.time),), columns, source, flag("time"))
    for name, kind in roles.inputs.items():
        if name not in optional and name != SEQUENCE:
            require_columns(kind.columns if isinstance(kind, Static) else (name,), columns, source, "")
    have = {part: name for part, name in extra.items() if name is not None and name in columns}
    label = roles.label if set(roles.label) <= set(columns) else ()
    if roles.series is not None:
        return _long(frame, roles, label, have, tags, source)
    if roles.features:
        require_columns(roles.features, columns, source, flag("features"))
        values = _wide(frame, roles.features, source)
        statics = {name: frame[name] for name in roles.static if name in columns}
        inputs = {SEQUENCE: Series(), **roles.inputs}
        examples = as_examples({SEQUENCE: values, **statics}, inputs=inputs, optional=optional)
    else:
        examples = as_examples(frame, inputs=roles.inputs, optional=optional)
    times = seconds_of(frame, str(roles.time), source, roles.time_format) if dated else None
    parts = {part: frame[name].to_numpy() for part, name in have.items()}
    labels = _labels(frame, label, roles)
    return Gathered(examples, labels, times=times, groups=parts.get("group"), split=parts.get("split"))


def text_columns(roles: Roles, reader: Reader, *, words: bool) -> frozenset[str]:
    """The columns of a file that held text when a model was fitted to it; a later file may hold only numbers there.

    `words`: labels are words.
    """
    names = {name for name, kind in reader.kinds.items() if isinstance(kind, Text | Symbols | Events)}
    if SEQUENCE in names:
        names |= set(roles.features)
    for encoder in reader.encoders.values():
        names |= set(encoder.categories) if isinstance(encoder, ColumnEncoder) else set()
    if words and len(roles.label) == 1:
        names |= set(roles.label)
    return frozenset(names)


def _long(
    frame: pd.DataFrame, roles: Roles, label: tuple[str, ...], have: dict[str, str], tags: bool, source: str
) -> Gathered:
    if len(label) > 1:
        raise InputError(
            _(
                "series in long format have one label, and {label} are named: name one with {label_option}",
                label=listing(label),
                label_option=option("label"),
            )
        )
    assert roles.series is not None
    grouped = group_series(
        frame.drop(columns=[name for name in roles.ignore if name in frame]),
        series=roles.series,
        time=roles.time,
        time_format=roles.time_format,
        label=label[0] if label else None,
        features=roles.features or None,
        static=tuple(dict.fromkeys((*roles.static, *have.values()))),
        tags=tags,
        source=source,
    )
    inputs = {SEQUENCE: grouped.inputs[SEQUENCE], **{k: v for k, v in roles.inputs.items() if k != SEQUENCE}}
    examples = as_examples(grouped.frame, inputs=inputs)
    times = None if roles.time is None else np.array([moments[-1] for moments in grouped.frame["times"]])
    parts = {part: grouped.frame[name].to_numpy() for part, name in have.items()}
    return Gathered(examples, grouped.labels, parts.get("group"), times, parts.get("split"), grouped.names)


def _wide(frame: pd.DataFrame, features: tuple[str, ...], source: str) -> npt.NDArray[np.floating]:
    wrong = next((name for name in features if not pd.api.types.is_numeric_dtype(frame[name].dtype)), None)
    if wrong is not None:
        raise InputError(
            _(
                "column {wrong!r} of {source} is no column of numbers: {remedy}",
                wrong=wrong,
                source=source,
                remedy=ways(using("leave it out of {}", "features"), _("convert it")),
            )
        )
    return frame[list(features)].to_numpy(dtype=np.float64, na_value=np.nan)


def _with_words(frame: pd.DataFrame, roles: Roles, tags: bool) -> pd.DataFrame:
    """Texts that are read as lists are cut at their blanks, and with them the tags of their words."""
    words = [name for name, kind in roles.inputs.items() if isinstance(kind, Events) and name in frame]
    beside = [name for name in roles.label if name in frame] if tags and words else []
    cut = {name: _cut(frame[name]) for name in (*words, *beside) if frame[name].map(_is_text).any()}
    return frame.assign(**cut) if cut else frame


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _cut(cells: pd.Series) -> pd.Series:
    return cells.map(lambda cell: cell.split() if isinstance(cell, str) else cell)


def _labels(frame: pd.DataFrame, label: tuple[str, ...], roles: Roles) -> pd.Series | pd.DataFrame | None:
    if not label:
        return None
    if len(label) > 1:
        return frame[list(label)]
    separator, cells = roles.label_separator, frame[next(iter(label))]
    if separator is None:
        return read_label_cells(_whole(cells), roles)
    pieces = cells.map(lambda cell: _pieces(cell, separator), na_action="ignore")
    if not roles.spellings:
        return pieces
    one = {piece: read_label_cells(pd.Series([piece]), roles).iloc[0] for piece in _distinct(pieces)}
    return pieces.map(lambda cell: list(dict.fromkeys(one[p] for p in cell)) if isinstance(cell, list) else cell)


def _distinct(pieces: pd.Series) -> set[Any]:
    return {piece for cell in pieces if isinstance(cell, list) for piece in cell}


def _whole(labels: pd.Series) -> pd.Series:
    """Whole numbers that became 1.0 and 2.0 because some are missing, as whole numbers again."""
    if labels.dtype.kind != "f" or not labels.isna().any():
        return labels
    present = labels.dropna()
    return labels.astype("Int64") if bool((present.abs() < _EXACT).all() and (present % 1 == 0).all()) else labels


def _pieces(cell: Any, separator: str) -> Any:
    """The labels of a cell; what is no text stands as it is."""
    return split_set(cell, separator) if isinstance(cell, str) else cell
