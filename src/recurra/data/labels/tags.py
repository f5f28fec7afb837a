"""A tag for every step: a string as long as the sequence, a list of tags, or an array, to codes and back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.data.examples.steps import is_missing
from recurra.data.labels.label_values import Name, Origin, Y, as_array, codes_among, number_values, values_at
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option


@dataclass(frozen=True)
class Tags:
    """The K tags of a step in sorted order, and the form of a row: "string" (a letter a step), "list" or "array".

    >>> tags = Tags.of(["HHE", "EC"])
    >>> tags.names, tags.encode(["CEH"]).values, tags.decode(Ragged.of([np.array([1, 1]), np.array([2])]))
    (('C', 'E', 'H'), array([0, 1, 2]), ['EE', 'H'])
    """

    names: tuple[Name, ...]
    dtype: str = "object"
    form: str = "string"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        if self.form not in ("string", "list", "array"):
            raise InputError(
                _("form={form!r} of tags is not known: expected 'string', 'list' or 'array'", form=self.form)
            )
        if len(self.names) < 2:
            only = _("one class only, {name!r}", name=self.names[0]) if self.names else _("no tag")
            raise InputError(
                _(
                    "the tags hold {only}: a tagger needs at least two; name another column with {label_option}",
                    only=only,
                    label_option=option("label"),
                )
            )

    @staticmethod
    def of(labels: Any, *, what: Origin = Y) -> Tags:
        """The tags that occur in N rows, each a string, a list of words or whole numbers, or an array [T].

        A row that is None is missing as a whole. Errors: InputError for a cell that is none of these, fewer than two
        tags and mixed types, with the row.
        """
        items, offsets, form = _flat(labels, what)
        if form == "string":
            return Tags(tuple(map(chr, np.flatnonzero(np.bincount(items)))), "object", form)
        _unused, names, dtype = number_values(items, what.take(_owners(offsets)))
        return Tags(names, dtype, form)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def values(self) -> npt.NDArray:
        """The tags [K] in their own dtype."""
        return as_array(self.names, self.dtype)

    def encode(self, labels: Any, lengths: npt.ArrayLike | None = None, *, what: Origin = Y) -> Ragged:
        """Codes of every step, -1 where a tag is None, NaN or "", or the row is missing.

        `lengths` [N] are the steps of the sequences, with which the labels must agree, and which a missing row takes.
        Errors: InputError for labels longer or shorter than their sequence, naming both lengths, and unseen tags.
        """
        items, offsets, form = _flat(labels, what)
        coded = Ragged(self._codes(items, offsets, form, what), offsets)
        return coded if lengths is None else _fitted(coded, np.asarray(lengths, np.int64), _absent(labels), what)

    def _codes(
        self, items: npt.NDArray, offsets: npt.NDArray[np.int64], form: str, what: Origin
    ) -> npt.NDArray[np.int64]:
        if form != "string":
            return codes_among(items, self.names, what.take(_owners(offsets)))
        table = np.full(max(int(items.max(initial=0)), *(ord(str(name)[:1]) for name in self.names)) + 1, -1)
        for k, name in enumerate(self.names):
            if len(str(name)) == 1:
                table[ord(str(name))] = k
        codes = table[items]
        if (codes < 0).any():
            place = int((codes < 0).argmax())
            row = np.searchsorted(offsets, [place], side="right") - 1
            codes_among(np.array([chr(items[place])], dtype=object), self.names, what.take(row))
        return codes

    def decode(self, codes: Ragged) -> list[str] | list[list[Name | None]] | list[npt.NDArray]:
        """The tags of every step in the form in which they were given; a missing tag is None, and " " in a string."""
        if self.form == "string":
            letters = np.array([*self.names, " "])[codes.values]
            whole = "".join(letters.tolist())
            return [whole[start:end] for start, end in pairwise(codes.offsets.tolist())]
        flat = Ragged(values_at(codes.values, self.names, self.dtype), codes.offsets)
        rows = [flat[k] for k in range(len(flat))]
        return rows if self.form == "array" else [row.tolist() for row in rows]


def _flat(labels: Any, what: Origin) -> tuple[npt.NDArray, npt.NDArray[np.int64], str]:
    """All tags end to end, offsets [N + 1], and the form; letters of strings as one code point each (uint32)."""
    cells = _rows(labels, what)
    present = [row for row in cells if row is not None]
    letters = bool(present) and isinstance(present[0], str)
    wrong = next((k for k, row in enumerate(cells) if row is not None and _is_odd(row, letters)), None)
    if wrong is not None:
        raise InputError(
            _(
                "{what} holds {cell!r} in row {row}: expected the tags of all steps, {letters} in every row",
                what=what,
                cell=cells[wrong],
                row=what.row(wrong),
                letters=_("a string") if letters else _("a list or an array [T]"),
            )
        )
    offsets = offsets_of(np.fromiter((0 if row is None else len(row) for row in cells), np.int64, len(cells)))
    if letters:
        code_points = "".join(present).encode("utf-32-le", errors="surrogatepass")
        return np.frombuffer(code_points, dtype=np.uint32), offsets, "string"
    if present and all(isinstance(row, np.ndarray) and row.dtype != object for row in present):
        return np.concatenate(present), offsets, "array"
    form = "array" if present and isinstance(present[0], np.ndarray) else "list"
    items = np.fromiter(chain.from_iterable(present), dtype=object, count=int(offsets[-1]))
    return items, offsets, form


def _rows(labels: Any, what: Origin) -> list:
    if labels is None or isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise InputError(
            _(
                "{what} is {labels!r}: expected a string, list or array of tags for every example",
                what=what,
                labels=labels,
            )
        )
    return [None if is_missing(row) else row for row in (labels if not isinstance(labels, pd.Series) else list(labels))]


def _owners(offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row of every tag."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _is_odd(row: Any, letters: bool) -> bool:
    if letters:
        return not isinstance(row, str)
    return not (isinstance(row, list | tuple) or (isinstance(row, np.ndarray) and row.ndim == 1))


def _absent(labels: Any) -> npt.NDArray[np.bool_]:
    return np.array([row is None for row in _rows(labels, Y)], dtype=bool)


def _fitted(codes: Ragged, lengths: npt.NDArray[np.int64], absent: npt.NDArray[np.bool_], what: Origin) -> Ragged:
    """The codes, if every row is as long as its sequence; of missing rows, -1 at every step."""
    if len(lengths) != len(codes):
        raise InputError(
            _(
                "{what} has tags for {examples}, and X has {n_lengths} sequences",
                what=what,
                examples=counted(len(codes), "example"),
                n_lengths=len(lengths),
            )
        )
    wrong = (codes.lengths != lengths) & ~absent
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            _(
                "{what} has {tags} in row {row}, and its sequence has {steps} ({rows}): expected a tag "
                "for every step; correct the row, or leave it out",
                what=what,
                tags=counted(int(codes.lengths[row]), "tag"),
                row=what.row(row),
                steps=counted(int(lengths[row]), "step"),
                rows=counted(int(wrong.sum()), "such row"),
            )
        )
    if not absent.any():
        return codes
    offsets = offsets_of(lengths)
    values = np.full(int(offsets[-1]), -1, dtype=np.int64)
    values[np.repeat(~absent, lengths)] = codes.values
    return Ragged(values, offsets)
