"""Which examples train and which test: at random by class, by whole groups, by time, or as a column of the file says.

Stratified choices are systematic samples: the examples are sorted by class, in random order within a class, and every
k-th is taken. The sizes are then exact, and of every class the part differs from its share by less than one example.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.labels.label_values import flat_values
from recurra.data.schema.names import counted, shown
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Rows = npt.NDArray[np.int64]
_BINS = 10  # of a number to predict
_WORDS = {
    "train": frozenset("train training trn fit learn 训练 训练集".split()),
    "validation": frozenset("validation valid val dev development 验证 验证集".split()),
    "test": frozenset("test testing tst eval evaluation holdout heldout 测试 测试集".split()),
}


class Parts(NamedTuple):
    """The numbers of the examples of each part, in rising order; `validation` is empty where it was not asked for."""

    train: Rows
    test: Rows
    validation: Rows = np.zeros(0, dtype=np.int64)


def split_rows(
    count: int,
    *,
    share: float = 0.2,
    strata: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    times: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Parts:
    """A training and a test part of N examples; the test part has round(share N), at least one, at most N - 1.

    `strata` [N] (see `strata_of`) are spread evenly over both parts, and one with a single example goes to training if
    it can. With `groups` [N] whole groups are taken, round(share G) of G groups. With `times` [N] the later examples
    are the test part; those of one time stay together, and its size is the nearest to share N that this allows.

    Errors: InputError for a share that leaves a part empty.

    >>> train, test, _ = split_rows(10, share=0.3, strata=[0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    >>> len(train), len(test), int((test >= 7).sum())
    (7, 3, 1)
    """
    if not 0 < share < 1:
        raise InputError(_("a test share of {share} is not possible: expected a number between 0 and 1", share=share))
    if times is not None:
        return _by_time(checked_column(times, count, "times"), share, groups)
    units, unit_of = _units(count, strata, groups)
    if len(units) < 2:
        raise InputError(_("{what} cannot be split in two: expected at least 2", what=_what(len(units), groups)))
    size = min(max(round(share * len(units)), 1), len(units) - 1)
    chosen = np.zeros(len(units), dtype=bool)
    chosen[_sample(units, size, np.random.default_rng(seed))] = True
    return _parts(chosen[unit_of])


def fold_rows(
    count: int,
    folds: int,
    *,
    strata: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    times: npt.ArrayLike | None = None,
    seed: int = 0,
) -> list[Parts]:
    """K folds of N examples: every example is tested once, and the sizes differ by one at most.

    `strata` and `groups` as in `split_rows` (of groups, it is their numbers that differ by one at most). With `times`,
    fold k trains on everything before its test part, and the earliest part is tested by none.
    """
    if times is not None:
        return _folds_by_time(checked_column(times, count, "times"), folds)
    units, unit_of = _units(count, strata, groups)
    if not 2 <= folds <= len(units):
        raise InputError(
            _(
                "{folds} folds of {what} are not possible: expected 2 to {n_units}",
                folds=folds,
                what=_what(len(units), groups),
                n_units=len(units),
            )
        )
    rng = np.random.default_rng(seed)
    fold = np.empty(len(units), dtype=np.int64)
    fold[_sorted_by(units, rng)] = np.arange(len(units)) % folds
    fold = rng.permutation(folds)[fold]
    return [_parts((fold == k)[unit_of]) for k in range(folds)]


def stated_rows(column: object, *, name: str = "split") -> Parts:
    """The parts that a column of words states: train, test, and validation (or val, dev, ...) if there is one.

    Errors: InputError for another word, with its row, and where training or test has no example.
    """
    values = pd.Series(flat_values(column, _("column {name!r}", name=name)))
    codes, distinct = pd.factorize(values)
    known = [next((part for part, words in _WORDS.items() if _plain(word) in words), "") for word in distinct]
    wrong = np.array([*(not part for part in known), True])[codes]
    if wrong.any():
        row = int(wrong.argmax())
        held = "nothing" if codes[row] < 0 else repr(values.iloc[row])
        raise InputError(
            _(
                "column {name!r} holds {held} in row {row}: expected train, test or validation in every "
                "row; name another column with {split_option}, or none",
                name=name,
                held=held,
                row=row + 1,
                split_option=option("split"),
            )
        )
    parts = np.array(known, dtype=object)[codes]
    rows = {part: np.flatnonzero(parts == part) for part in _WORDS}
    empty = next((part for part in ("train", "test") if not len(rows[part])), None)
    if empty is not None:
        raise InputError(
            _(
                "column {name!r} names no example for {empty}, only {known}",
                name=name,
                empty=empty,
                known=shown(sorted(set(known))),
            )
        )
    return Parts(rows["train"], rows["test"], rows["validation"])


def says_split(column: pd.Series) -> bool:
    """Whether every value of a column is a word for a part, and both training and test occur."""
    words = {_plain(word) for word in column.head(1000).dropna().unique()}
    if not words or not all(any(word in part for part in _WORDS.values()) for word in words):
        return False
    found = {part for word in column.unique() for part, known in _WORDS.items() if _plain(word) in known}
    return {"train", "test"} <= found


def strata_of(encoded: npt.ArrayLike) -> Rows:
    """What to spread evenly: classes as they are, the rarest label of each set, tenths of the first number to predict.

    `encoded` is what `Classes`, `LabelSets` or `Numbers` make of labels: codes [N], a matrix [N, K] of 0 and 1, or
    numbers [N, M].
    """
    values = np.asarray(encoded)
    if values.ndim == 1 and values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind in "iu":
        order = np.argsort((values > 0).sum(axis=0), kind="stable")  # labels from the rarest to the commonest
        held = values[:, order] > 0
        return np.where(held.any(axis=1), order[held.argmax(axis=1)], values.shape[1]).astype(np.int64)
    numbers = values if values.ndim == 1 else values[:, 0]
    present = ~np.isnan(numbers)
    bins = np.full(len(numbers), -1, dtype=np.int64)
    if present.any():
        edges = np.quantile(numbers[present], np.arange(1, _BINS) / _BINS)
        bins[present] = np.searchsorted(edges, numbers[present], side="right")
    return bins


def checked_column(values: npt.ArrayLike, count: int, what: str) -> npt.NDArray:
    """Groups, times or strata as an array [N]. Errors: InputError for another number, and for a missing one."""
    array = flat_values(values, what)
    if array.shape != (count,):
        raise InputError(
            _(
                "{what} have shape {shape}: expected one for each of {examples}",
                what=what,
                shape=array.shape,
                examples=counted(count, "example"),
            )
        )
    if pd.isna(array).any():
        row = int(np.asarray(pd.isna(array)).argmax())
        raise InputError(_("{what} are missing in row {row}: fill them, or remove the row", what=what, row=row + 1))
    return array


def _units(count: int, strata: npt.ArrayLike | None, groups: npt.ArrayLike | None) -> tuple[Rows, Rows]:
    """What is kept whole: the stratum of each unit (an example, or a group by its commonest), and each row's unit.

    Groups are numbered by size, so that units of one stratum and like size lie side by side.
    """
    classes = np.zeros(count, dtype=np.int64)
    if strata is not None:
        classes = np.unique(checked_column(strata, count, "strata"), return_inverse=True)[1].astype(np.int64)
    if groups is None:
        return classes, np.arange(count)
    unit_of = pd.factorize(checked_column(groups, count, "groups"))[0].astype(np.int64)
    sizes = np.bincount(unit_of)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(sizes, kind="stable")] = np.arange(len(sizes))
    unit_of = rank[unit_of]
    pairs, often = np.unique(unit_of * (classes.max() + 1) + classes, return_counts=True)
    owner, stratum = np.divmod(pairs, classes.max() + 1)
    order = np.lexsort((often, owner))
    units = np.empty(len(sizes), dtype=np.int64)
    units[owner[order]] = stratum[order]  # the last assignment stands: the commonest stratum
    return units, unit_of


def _sorted_by(units: Rows, rng: np.random.Generator) -> Rows:
    return np.lexsort((rng.permutation(len(units)), units))


def _sample(units: Rows, size: int, rng: np.random.Generator) -> Rows:
    """`size` units, evenly spaced in the order of their strata; a stratum's only unit is left out if it can be."""
    order = _sorted_by(units, rng)
    _unused, place, sizes = np.unique(units, return_inverse=True, return_counts=True)
    several = order[sizes[place][order] > 1]
    pool = several if size <= len(several) // 2 else order
    steps = (np.arange(size) + rng.random()) * len(pool) / size
    return pool[steps.astype(np.int64)]


def _by_time(times: npt.NDArray, share: float, groups: npt.ArrayLike | None) -> Parts:
    if groups is not None:
        raise InputError(_("groups and times cannot both decide the split: give one of them"))
    distinct, counts = np.unique(times, return_counts=True)
    if len(distinct) < 2:
        raise InputError(_("all examples have the same time: there is no later part to test on; split at random"))
    sizes = counts[::-1].cumsum()[-2::-1]  # of the test part, where it begins with the k + 1-th time
    later = times >= distinct[1 + np.abs(sizes - share * len(times)).argmin()]
    return _parts(later)


def _folds_by_time(times: npt.NDArray, folds: int) -> list[Parts]:
    distinct = np.unique(times)
    if not 1 <= folds < len(distinct):
        raise InputError(
            _(
                "{folds} folds by time need {needed} different times or more: there are {n_distinct}",
                folds=folds,
                needed=folds + 1,
                n_distinct=len(distinct),
            )
        )
    ordered = np.sort(times)
    starts = np.unique([ordered[len(ordered) * (k + 1) // (folds + 1)] for k in range(folds)])
    if len(starts) < folds or starts[0] == distinct[0]:
        starts = distinct[[len(distinct) * (k + 1) // (folds + 1) for k in range(folds)]]
    ends = [*starts[1:], None]
    return [
        Parts(np.flatnonzero(times < start), np.flatnonzero((times >= start) & (end is None or times < end)))
        for start, end in zip(starts, ends, strict=True)
    ]


def _parts(test: npt.NDArray[np.bool_]) -> Parts:
    return Parts(np.flatnonzero(~test), np.flatnonzero(test))


def _what(count: int, groups: npt.ArrayLike | None) -> str:
    return counted(count, "example" if groups is None else "group")


def _plain(word: object) -> str:
    return str(word).strip().casefold()
