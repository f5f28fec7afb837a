"""Which examples of a file are for training and which for the test, as the flags say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.examples.gathering import Gathered
from recurra.data.examples.inputs import Audio, Kind, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import split_rows, stated_rows
from recurra.data.examples.steps import Steps
from recurra.data.examples.understanding import Roles, identifier_of
from recurra.data.labels.cell_labels import quoted
from recurra.data.labels.label_values import missing_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.language import _, listing
from recurra.objectives.objective import Objective
from recurra.options import option
from recurra.tasks.labelled.row_refusals import LabelledRows, refuse_unseen
from recurra.tasks.opened import Opened

_OURS = {"row", "truth", "predicted", "probability", "right", "error"}  # columns of predictions.csv
_OURS |= {"input", "step", "token", "attribution", "target"}  # and of what explains them
_OUR_BEGINNINGS = ("truth_", "predicted_", "p_")  # those of several targets and classes
_CLASSES, _NUMBERS = 6, 30  # classes whose counts are told; more different numbers are told by their range

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ChosenParts:
    """What is given to `study`: examples, labels and the `way` (test, groups, times).

    `ids` are the names of all examples in the file that the test examples come from, by their column; `rows` the row
    numbers in it, from 0, of those that the test examples are among (None: all). `everything` is what a resumed run
    must find unchanged.
    """

    examples: Examples
    labels: pd.Series | pd.DataFrame
    way: dict[str, Any] = field(default_factory=dict)
    ids: tuple[str, npt.NDArray[Any]] | None = None
    rows: Ints | None = None
    everything: tuple[Any, ...] = ()

    def learnt(self, estimator: Any) -> Any:
        """The encoded labels of the examples that were learnt from before the evaluation, without those left out."""
        kept = keep_rows(self.examples, empty=estimator.empty, optional=estimator.model_.recipe.optional)
        left = np.setdiff1d(kept, estimator.holdout_.rows) if self.way.get("test") is None else kept
        return estimator.labels_.encode(self.labels.iloc[left])


def tested_words(truth: Any) -> str:
    """How many examples the test part has: those whose label is known, of how many where some have none."""
    values = truth.values if isinstance(truth, Ragged) else truth
    known: npt.NDArray[np.bool_] = np.isfinite(values) if values.dtype.kind == "f" else values >= 0
    if isinstance(truth, Ragged):
        there = np.bincount(np.repeat(np.arange(len(truth)), truth.lengths)[known], minlength=len(truth)) > 0
    else:
        there = known if known.ndim == 1 else np.any(known, axis=1)
    every = counted(len(there), "example")
    return (
        every
        if there.all()
        else _("{there:,} of {every}, the others without a label", there=int(there.sum()), every=every)
    )


def choose_parts(
    gathered: Gathered,
    opened: Opened,
    tested: tuple[Opened, Gathered] | None,
    roles: Roles,
    share: float,
    objective: type[Objective],
    settings: Mapping[str, Any],
) -> tuple[ChosenParts, list[Fact]]:
    """The parts, and the fact that says them. Errors: InputError for a label that only the part to evaluate on has."""
    kept = {name: settings[name] for name in ("empty", "optional")}
    examples, labels = gathered.examples, gathered.labels
    assert labels is not None
    everything = (examples, labels, gathered.groups)
    ids = names_of(gathered, opened, roles)
    if tested is not None:
        file, later = tested
        assert later.labels is not None
        refuse_unseen(
            objective, LabelledRows.of(gathered, opened.source, **kept), LabelledRows.of(later, file.source, **kept)
        )
        way = {"test": (later.examples, later.labels), "groups": gathered.groups}
        chosen = ChosenParts(examples, labels, way, names_of(later, file, roles), everything=(*everything, file.frame))
        told = _("{file}, {size}", file=file.source, size=counted(len(later.examples), "example"))
        return chosen, [Fact("test part", told, option("test"))]
    if roles.split is not None:
        assert gathered.split is not None
        parts = stated_rows(pd.Series(gathered.split), name=roles.split)
        learnt = np.sort(np.concatenate([parts.train, parts.validation]))
        refuse_unseen(
            objective, *(LabelledRows.of(gathered, opened.source, **kept, rows=part) for part in (learnt, parts.test))
        )
        groups = None if gathered.groups is None else gathered.groups[learnt]
        way = {"test": (examples.take(parts.test), labels.iloc[parts.test]), "groups": groups}
        said = _(
            "{n:,} of {all:,} examples, as column {column} says; learnt from: the rest",
            n=len(parts.test),
            all=len(examples),
            column=roles.split,
        )
        more = _(" and {n:,} of validation", n=len(parts.validation)) if len(parts.validation) else ""
        chosen = ChosenParts(
            examples.take(learnt), labels.iloc[learnt], way, ids, parts.test, (*everything, gathered.split)
        )
        return chosen, [Fact("test part", said + more, option("split"))]
    by_time = gathered.times is not None and roles.series is None
    way = {"groups": gathered.groups, "times": gathered.times if by_time else None}
    chosen = ChosenParts(examples, labels, way, ids, everything=(*everything, way["times"]))
    percent = f"{100 * share:.3g} %"
    if by_time:
        return chosen, [Fact("test part", _latest(gathered, share, kept["optional"], str(roles.time)), option("time"))]
    if roles.group is not None:
        return chosen, [
            Fact(
                "test part",
                _("{percent} of the groups of {column}", percent=percent, column=roles.group),
                option("share"),
            )
        ]
    return chosen, [
        Fact("test part", _("{percent} of the examples, chosen at random", percent=percent), option("share"))
    ]


def _latest(gathered: Gathered, share: float, optional: Collection[str], time: str) -> str:
    """What the test part by time comes to: examples of one time stay together, so that it may be far from the share."""
    assert gathered.times is not None
    kept = keep_rows(gathered.examples, empty="drop", optional=optional)
    size = len(split_rows(len(kept), share=share, times=gathered.times[kept]).test)
    return _("the latest {n:,} of {examples} by {time}", n=size, examples=counted(len(kept), "example"), time=time)


def names_of(gathered: Gathered, opened: Opened, roles: Roles) -> tuple[str, npt.NDArray[Any]] | None:
    """What the examples are called and the name of that column beside ours (see `beside_ours`).

    They are called by their series, or by a column that only tells them apart.
    """
    if gathered.names is not None:
        return beside_ours(str(roles.series)), gathered.names
    name = identifier_of(opened.frame, roles)
    return None if name is None else (beside_ours(name), opened.frame[name].to_numpy(dtype=object))


def beside_ours(name: str) -> str:
    """The name of a column of the user's in a file of results: another one where a column of ours may be called so.

    >>> beside_ours("id"), beside_ours("row")
    ('id', 'row (file)')
    """
    return f"{name} (file)" if name in _OURS or name.startswith(_OUR_BEGINNINGS) else name


def examples_facts(gathered: Gathered, *, labelled: bool = True) -> list[Fact]:
    """How many examples there are, how long they are, and what their labels are."""
    examples, labels = gathered.examples, gathered.labels
    facts = [Fact("examples", counted(len(examples), "example") + _lengths(examples))]
    facts += [Fact("sample rates", said) for said in _rates(examples)]
    if labelled and isinstance(labels, pd.Series) and labels.map(_is_set).any():
        sets = labels[labels.map(_is_set)]
        facts.append(
            Fact(
                "labels",
                _("{told}; {sets:.2g} per example", told=_told(sets.explode().dropna()), sets=sets.map(len).mean()),
            )
        )
    if labelled and isinstance(labels, pd.Series) and not labels.map(_is_sequence).any():
        missing = int(missing_of(labels.to_numpy(dtype=object)).sum())
        without = _("; {examples} without a label", examples=counted(missing, "example")) if missing else ""
        facts.append(Fact("labels", _told(labels) + without))
    return facts


def _lengths(examples: Examples) -> str:
    """The steps of every sequence, where they can be counted now."""
    told = {name: _spread(counts, examples.kinds[name]) for name, counts in raw_lengths(examples).items()}
    if len(told) < 2:
        return "".join(_(" of {said}", said=said) for said in told.values())
    return ": " + listing(_("{name} of {said}", name=name, said=said) for name, said in told.items())


def _spread(counts: Ints, kind: Kind) -> str:
    what = _("characters") if isinstance(kind, Text | Symbols) else _("steps")
    if isinstance(kind, Audio):
        low, middle, high = (f"{steps * kind.hop:.1f}" for steps in (counts.min(), np.median(counts), counts.max()))
        return (
            _("{high} seconds", high=high)
            if low == high
            else _("{low}–{high} seconds (median {middle})", low=low, high=high, middle=middle)
        )
    low, middle, high = int(counts.min()), int(np.median(counts)), int(counts.max())
    return (
        f"{high:,} {_(what)}"
        if low == high
        else _("{low:,}–{high:,} {what} (median {middle:,})", low=low, high=high, what=_(what), middle=middle)
    )


def raw_lengths(examples: Examples) -> dict[str, Ints]:
    """Letters, events or steps of each example [N], by sequence."""
    found: dict[str, Ints] = {}
    for name, column in examples.columns.items():
        if isinstance(column, Ragged):
            found[name] = column.lengths
        elif isinstance(column, Steps):
            found[name] = column.values.lengths
        elif isinstance(column, np.ndarray):
            found[name] = np.fromiter((len(text or "") for text in column), np.int64, len(column))
    return {name: counts for name, counts in found.items() if len(counts)}


def _rates(examples: Examples) -> list[str]:
    """At which rate recordings are read, and how many are resampled."""
    said = []
    for name, kind in examples.kinds.items():
        column = examples.columns[name]
        if not isinstance(kind, Audio) or kind.rate is None or not isinstance(column, Steps) or not column.origins:
            continue
        others = {rate: count for rate, count in column.origins if rate != kind.rate}
        if others:
            told = listing(
                _("{count:,} at {rate:,} Hz", count=count, rate=rate) for rate, count in sorted(others.items())
            )
            said.append(_("{name} is read at {rate:,} Hz; resampled: {told}", name=name, rate=kind.rate, told=told))
        else:
            said.append(_("{name} is read at {rate:,} Hz", name=name, rate=kind.rate))
    return said


def _is_set(cell: object) -> bool:
    return isinstance(cell, list | tuple | set | frozenset)


def _is_sequence(cell: object) -> bool:
    return isinstance(cell, list | tuple | np.ndarray)


def _told(labels: pd.Series) -> str:
    """The classes with their counts, the commonest first; of many different numbers the range."""
    distinct = labels.nunique()
    if pd.api.types.is_numeric_dtype(labels.dtype) and distinct > _NUMBERS:
        return _(
            "{labels:.4g} to {labels2:.4g}, mean {mean:.4g}",
            labels=labels.min(),
            labels2=labels.max(),
            mean=labels.mean(),
        )
    if distinct > max(_NUMBERS, len(labels) // 2):
        return _("{distinct:,} distinct values", distinct=distinct)
    counts = labels.replace("", None).value_counts()
    shown = listing(f"{quoted(name)} {count:,}" for name, count in counts.head(_CLASSES).items())
    more = len(counts) - _CLASSES
    return _("{shown} and {more:,} more", shown=shown, more=more) if more > 0 else shown
