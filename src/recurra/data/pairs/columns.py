"""Which two columns of a table hold the texts, their rows, and what is refused of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.cells import describe
from recurra.data.pairs.doubts import doubts, refuse_same, without_swapped
from recurra.data.pairs.pairs import Pairs
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns, shown
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Ints = npt.NDArray[np.int64]

_SOURCES = ("source", "src", "from", "original", "input", "原文", "源")
_TARGETS = ("target", "tgt", "to", "translation", "output", "reference", "译文", "目标")


@dataclass(frozen=True)
class PairRoles:
    """The columns of both sides, and the one that says train or test."""

    source: str
    target: str
    split: str | None = None

    def check(self) -> None:
        """Any names will do."""


def pair_roles(
    frame: pd.DataFrame, source: str | None, target: str | None, split: str | None, *, name: str
) -> tuple[PairRoles, list[Fact]]:
    """The columns that are named, else detected: by their names, else the first two that hold texts."""
    columns = [str(column) for column in frame.columns]
    for given, flag in ((source, "source"), (target, "translation"), (split, "split")):
        if given is not None:
            require_columns([given], columns, name, option(flag))
    texts = [column for column in columns if column != split and _holds_text(frame[column])]
    source = source or _named(texts, _SOURCES, target) or next((each for each in texts if each != target), None)
    target = target or _named(texts, _TARGETS, source) or next((each for each in texts if each != source), None)
    if source is None or target is None:
        raise InputError(
            _(
                "{name} has {texts}: expected two, a text and its translation in each row. Columns: {columns}; name "
                "them with {source} and {target}",
                name=name,
                texts=counted(len(texts), "column of texts", "columns of texts"),
                columns=shown(columns),
                source=option("source"),
                target=option("translation"),
            )
        )
    if source == target:
        raise InputError(
            _(
                "both {source} and {target} name the column {name!r}",
                source=option("source"),
                target=option("translation"),
                name=source,
            )
        )
    facts = [Fact("from", source, option("source")), Fact("to", target, option("translation"))]
    return PairRoles(source, target, split), facts


def pairs_of(
    frame: pd.DataFrame, roles: PairRoles, *, empty: str, name: str, targets: bool = True, swapped: str = "keep"
) -> tuple[Pairs, Ints, list[Fact]]:
    """The pairs, their row numbers from 0, and what is doubtful. Raises InputError for empty sides unless dropped.

    `targets`: whether the translations must be there; else they are read where the column is. `swapped`: what becomes
    of pairs whose sides look swapped, "keep", "drop" or "fix".
    """
    require_columns([roles.source], list(map(str, frame.columns)), name, "")
    sources = _texts(frame[roles.source])
    known = targets or roles.target in frame.columns
    if known:
        require_columns([roles.target], list(map(str, frame.columns)), name, "")
    told = _texts(frame[roles.target]) if known else None
    rows = np.arange(len(frame), dtype=np.int64)
    if not targets and told is not None and not any(told):
        told = None
    if not targets and told is None:
        return Pairs(tuple(sources)), rows, []
    assert told is not None
    facts: list[Fact] = []
    missing = np.array([not (a and b) for a, b in zip(sources, told, strict=True)])
    if missing.any() and not targets:  # what lacks its translation cannot be evaluated, and is translated all the same
        return Pairs(tuple(sources)), rows, []
    if missing.any() and empty == "refuse":
        raise InputError(
            _(
                "{name} has an empty side in {rows}: expected a text in both columns; fill them, or leave these rows "
                "out with {option}",
                name=name,
                rows=describe((np.flatnonzero(missing)).tolist()),
                option=option("empty", "drop"),
            )
        )
    if missing.any():
        rows = rows[~missing]
        facts.append(
            Fact("dropped", _("{rows}, an empty side", rows=counted(int(missing.sum()), "row")), option("empty"))
        )
    if not len(rows):
        raise InputError(_("{name} holds no pair with a text on both sides", name=name))
    kept = rows.tolist()
    pairs = Pairs(tuple(sources[k] for k in kept), tuple(told[k] for k in kept))
    if targets:
        refuse_same(pairs, roles.source, roles.target)
        pairs, rows, changed = without_swapped(pairs, rows, swapped)
        facts += [*changed, *doubts(pairs, rows)]
    return pairs, rows, facts


def _texts(column: pd.Series) -> list[str]:
    return ["" if absent else str(cell).strip() for cell, absent in zip(column, column.isna(), strict=True)]


def _holds_text(column: pd.Series) -> bool:
    known = column.dropna()
    if not len(known) or known.dtype.kind in "biufcMm":
        return False
    some = known.iloc[np.linspace(0, len(known) - 1, min(len(known), 200)).astype(int)].astype(str)
    return bool(some.str.contains(r"[^\W\d_]", regex=True).mean() > 0.5) and some.nunique() > min(2, len(some) - 1)


def _named(columns: list[str], words: tuple[str, ...], other: str | None) -> str | None:
    return next((c for word in words for c in columns if c.casefold() == word and c != other), None)
