"""Label values whatever holds them: read into one array, told apart, numbered, and given back in their own type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.surrogates import refuse_halves
from recurra.data.schema.names import counted, shown
from recurra.errors import InputError
from recurra.language import _

Name = str | int | float | bool
_KINDS = {
    **{"string": "text", "integer": "integer", "boolean": "boolean", "floating": "number"},
    **{"mixed-integer-float": "number", "empty": "empty"},
}


@dataclass(frozen=True, eq=False)
class Origin:
    """What a message calls labels, and the row, from 0, that each has in what was given; None where all of it is there.

    >>> str(Origin("mood")), Origin(rows=np.array([4, 7])).row(1)
    ('mood', 8)
    """

    name: str = "y"
    rows: npt.NDArray[np.integer] | None = None

    def __str__(self) -> str:
        return self.name

    def row(self, place: int | np.integer) -> int:
        """The row, from 1, of the label at a place."""
        return int(place if self.rows is None else self.rows[place]) + 1

    def take(self, places: npt.NDArray[np.integer]) -> Origin:
        """That of the labels at these places."""
        return Origin(self.name, places if self.rows is None else self.rows[places])


Y = Origin()


def called(labels: Any, rows: npt.NDArray[np.integer] | None = None) -> Origin:
    """What a message calls labels: their column, or y; `rows` of what was given are there.

    >>> str(called(pd.Series([1], name="mood"))), str(called([1]))
    ("column 'mood'", 'y')
    """
    if isinstance(labels, pd.DataFrame):
        return Origin(f"y ({shown(list(map(str, labels.columns)))})", rows)
    named = isinstance(labels, pd.Series) and labels.name is not None
    return Origin(_("column {labels!r}", labels=str(labels.name)) if named else "y", rows)


def flat_values(values: Any, what: str | Origin) -> npt.NDArray:
    """Labels [N] as an array with their own dtype; of a list, object where it holds texts or missing values."""
    if isinstance(values, str | bytes) or not (hasattr(values, "__len__") or hasattr(values, "__array__")):
        raise InputError(
            _(
                "{what} is {values!r}: expected a list, array or Series with a label per example",
                what=what,
                values=values,
            )
        )
    if isinstance(values, pd.Series):
        if isinstance(values.dtype, pd.CategoricalDtype):
            return values.astype(values.cat.categories.dtype if not values.isna().any() else object).to_numpy()
        return values.to_numpy() if isinstance(values.dtype, np.dtype) else _from_extension(values)
    if isinstance(values, list | tuple):
        cells = np.fromiter(values, dtype=object, count=len(values))
        found = pd.api.types.infer_dtype(cells, skipna=False)
        return np.asarray(values) if found in ("integer", "floating", "boolean", "mixed-integer-float") else cells
    return np.asarray(values)


def _from_extension(values: pd.Series) -> npt.NDArray:
    if values.dtype.kind in "biuf" and not values.isna().any():
        return np.array(values.tolist())
    return values.to_numpy(dtype=object)


def kind_of_values(values: npt.NDArray, what: Origin) -> str:
    """ "text", "integer", "boolean", "number" or "empty"; refuses mixtures and what is no label, with the row."""
    by_dtype = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "U": "text"}.get(values.dtype.kind)
    if by_dtype is not None:
        return by_dtype
    found = pd.api.types.infer_dtype(values, skipna=True)
    if found in _KINDS:
        return _KINDS[found]
    present = np.flatnonzero(~missing_of(values))
    if not len(present):
        return "empty"
    first = values[present[0]]
    row = next((row for row in present if type(values[row]) is not type(first)), present[0])
    rest = _(" and {first!r} in row {row}", first=first, row=what.row(present[0])) if row != present[0] else ""
    raise InputError(
        _(
            "{what} holds {value} ({type}) in row {row}{rest}: expected labels of one type, all "
            "words or all whole numbers; convert them, for example with astype(str)",
            what=what,
            value=_short(values[row]),
            type=type(values[row]).__name__,
            row=what.row(row),
            rest=rest,
        )
    )


def missing_of(values: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Where there is no label [N]: None, NaN, NA or an empty text."""
    if values.dtype.kind in "biu":
        return np.zeros(len(values), dtype=bool)
    if values.dtype.kind == "U":
        return values == ""
    missing = np.array(pd.isna(values))
    if values.dtype == object:
        present = np.flatnonzero(~missing)
        missing[present] = (values[present] == "").astype(bool)
    return missing


def number_values(values: npt.NDArray, what: Origin) -> tuple[npt.NDArray[np.int64], tuple[Name, ...], str]:
    """Codes [N] (-1 where missing), the different values in sorted order, and their dtype's name.

    Errors: InputError for mixtures, and for numbers that are not whole, which are no classes.
    """
    kind = kind_of_values(values, what)
    missing = missing_of(values)
    if kind == "number":
        numbers = values.astype(np.float64)
        odd = ~missing & ~(numbers == np.floor(numbers)) | np.isinf(numbers)
        if odd.any():
            row = int(odd.argmax())
            raise InputError(
                _(
                    "Unknown label type: continuous. {what} holds {value} in row {row}, which is no class: "
                    "expected words or whole numbers; for numbers use a regressor",
                    what=what,
                    value=values[row],
                    row=what.row(row),
                )
            )
    if kind == "text":
        refuse_halves(values, what.name)
    codes, distinct = pd.factorize(values if values.dtype.kind != "U" else values.astype(object))
    codes = codes.astype(np.int64)
    codes[missing] = -1
    occurring = np.unique(codes[codes >= 0])
    names = np.asarray(distinct, dtype=object)[occurring]
    order = np.argsort(names) if len(names) else np.zeros(0, dtype=np.int64)
    table = np.full(len(distinct) + 1, -1, dtype=np.int64)
    table[occurring[order]] = np.arange(len(order))
    return table[codes], tuple(map(plain, names[order])), _dtype_name(values)


def codes_among(values: npt.NDArray, names: Sequence[Name], what: Origin) -> npt.NDArray[np.int64]:
    """Codes [N] of labels among known `names`, -1 where missing; words and numbers are compared by their text.

    Errors: InputError for a label that is not among them, with its row and the known ones, and for what is no label.
    """
    kind_of_values(values, what)
    codes, distinct = pd.factorize(values if values.dtype.kind != "U" else values.astype(object))
    missing = missing_of(values)
    values_of = [plain(value) for value in distinct]
    place: dict[Any, int] = {name: k for k, name in enumerate(names)}
    if any(isinstance(value, str) for value in values_of) != any(isinstance(name, str) for name in names):
        place = {text_of(name): k for k, name in enumerate(names)}
        values_of = [text_of(value) for value in values_of]
    table = np.array([*(place.get(value, -1) for value in values_of), -1], dtype=np.int64)
    found = np.where(missing, -1, table[codes])
    unseen = (found < 0) & ~missing
    if unseen.any():
        first = int(unseen.argmax())
        raise InputError(
            _(
                "{what} holds {value} in row {row} ({labels} in all), which was not among the labels of "
                "the training part: {names}. Correct it, remove these rows, or train with examples of it",
                what=what,
                value=_short(plain(values[first])),
                row=what.row(first),
                labels=counted(int(unseen.sum()), "unseen label"),
                names=shown([repr(name) for name in names]),
            )
        )
    return found


def code_of(label: Any, names: Sequence[Name], what: str) -> int:
    """The number of a label among known `names`; one given as text is compared by its text.

    Errors: InputError for what is no label, with the known ones.

    >>> code_of("3", (1, 3), "target"), code_of(3.0, (1, 3), "target")
    (1, 1)
    """
    known = list(names)
    if label in known:
        return known.index(label)
    texts = list(map(text_of, known))
    if isinstance(label, str) and label in texts:
        return texts.index(label)
    raise InputError(
        _(
            "{what} is {label!r}: expected one of {known}",
            what=what,
            label=plain(label),
            known=shown([repr(name) for name in known]),
        )
    )


def values_at(codes: npt.NDArray[np.integer], names: Sequence[Name], dtype: str) -> npt.NDArray:
    """Labels [...] of codes [...] in their own dtype; missing (-1) makes the array object with None."""
    codes = np.asarray(codes, dtype=np.int64)
    if len(codes) and (codes.min() < -1 or codes.max() >= len(names)):
        raise InputError(
            _(
                "codes go from {least} to {most}: expected -1 to {n_names}",
                least=codes.min(),
                most=codes.max(),
                n_names=len(names) - 1,
            )
        )
    if (codes < 0).any():
        return np.array([*names, None], dtype=object)[codes]
    return as_array(names, dtype)[codes]


def as_array(names: Sequence[Name], dtype: str) -> npt.NDArray:
    """Names [K] as an array of their own dtype."""
    return np.array(list(names), dtype=np.str_ if dtype == "str" else np.dtype(dtype))


def plain(value: Any) -> Name:
    """A label as a plain Python value, as JSON writes it."""
    return value.item() if isinstance(value, np.generic) else value


def text_of(value: Any) -> str:
    """A label as a CSV file would hold it: 1.0 is "1"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _dtype_name(values: npt.NDArray) -> str:
    return {"U": "str", "O": "object"}.get(values.dtype.kind, values.dtype.name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
