"""One class per example: words or numbers to codes and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.labels.label_values import (
    Name,
    Origin,
    Y,
    as_array,
    codes_among,
    flat_values,
    number_values,
    values_at,
)
from recurra.errors import InputError
from recurra.language import _


@dataclass(frozen=True)
class Classes:
    """The K classes of a column of labels in sorted order, and the dtype in which they are given back.

    >>> classes = Classes.of(["pos", "neg", None, "pos"])
    >>> classes.names, classes.encode(["neg", "pos", ""]), classes.decode(np.array([1, 0]))
    (('neg', 'pos'), array([ 0,  1, -1]), array(['pos', 'neg'], dtype=object))
    """

    names: tuple[Name, ...]
    dtype: str = "object"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        if len(self.names) < 2:
            raise InputError(_too_few(self.names, _("the labels")))

    @staticmethod
    def of(labels: Any, *, what: Origin = Y) -> Classes:
        """The classes of labels [N]: words, whole numbers or truth values, of which some may be missing.

        Errors: InputError for one class only, numbers that are not whole, and a mixture of types, with the row.
        """
        _unused, names, dtype = number_values(_one_column(labels, what), what)
        if len(names) < 2:
            raise InputError(_too_few(names, what))
        return Classes(names, dtype)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def values(self) -> npt.NDArray:
        """The classes [K] in their own dtype, as scikit-learn's `classes_`."""
        return as_array(self.names, self.dtype)

    def encode(self, labels: Any, *, what: Origin = Y) -> npt.NDArray[np.int64]:
        """Codes [N] of labels [N], -1 where missing. Errors: InputError for a label that is no class, with its row."""
        return codes_among(_one_column(labels, what), self.names, what)

    def decode(self, codes: npt.NDArray[np.integer]) -> npt.NDArray:
        """Labels [N] of codes [N]; None for -1."""
        return values_at(codes, self.names, self.dtype)


def _one_column(labels: Any, what: Origin) -> npt.NDArray:
    if labels is None:
        raise InputError(
            _("a classifier requires y to be passed, but the target {what} is None: give labels", what=what)
        )
    values = flat_values(labels, what)
    if values.ndim == 1:
        return values
    from sklearn.utils import column_or_1d  # scikit-learn takes a second to import

    return column_or_1d(values, warn=True)


def _too_few(names: tuple[Name, ...], what: str | Origin) -> str:
    if not names:
        return _(
            "{what} holds no label, and a classifier needs at least two classes: name another column of labels",
            what=what,
        )
    return _(
        "{what} holds one class only, {name!r} in every row that has a label: a classifier needs "
        "at least two classes; give examples of another class, or name another column of labels",
        what=what,
        name=names[0],
    )
