"""Inputs that are the label under another name: a column whose values are the classes one by one, or the number itself.

What only nearly gives the label is said beside the scores (`suspects`), and so are test examples that were learnt from
(`repeats`): neither need be an error, and a column that is the label always is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

_LEAST, _MOST = 50, 50_000  # examples (or steps) that say something, and that are looked at
_SAME = 1.0 - 1e-9  # R2 of a number that is another one, moved and scaled
_VALUES = 8  # of a number, from which on a straight line says something


def refuse_target(examples: Examples, truth: Any, allowed: Collection[str] | str) -> None:
    """Raise InputError for an input that is the label, unless `allowed` names it.

    `truth` is what the objective's `encode` gives: codes of classes [N] (-1: none), numbers [N, M], or codes of every
    step.
    """
    allowed = {allowed} if isinstance(allowed, str) else allowed
    for name, values, target in _pairs(examples, truth):
        if name in allowed:
            continue
        said = _same_classes(values, target) if target.dtype.kind in "iu" else _same_number(values, target)
        if said:
            flag = option("ignore", name)
            out = _("Leave it out with {ignore}", ignore=flag) if flag.startswith("-") else _("Leave it out of X")
            raise InputError(
                _(
                    "{name} is the label under another name: {evidence}. A model that is given it learns nothing else. "
                    "{out}, or insist with {option}",
                    name=name,
                    evidence=said,
                    out=out,
                    option=option("allow_leak", name),
                )
            )


def _pairs(examples: Examples, truth: Any) -> Iterator[tuple[str, npt.NDArray, npt.NDArray]]:
    """Each column of values [n] beside the labels [n] of the same examples or steps."""
    whole = isinstance(truth, np.ndarray)
    if whole and (truth.ndim == 1 or truth.dtype.kind == "f"):
        targets = [truth] if truth.ndim == 1 else list(truth.T)
        for column in examples.columns.values():
            if isinstance(column, pd.DataFrame):
                for name in column.columns:
                    yield from ((str(name), column[name].to_numpy(), target) for target in targets)
    elif isinstance(truth, Ragged):
        for column in examples.columns.values():
            if isinstance(column, Steps) and len(column.values.values) == len(truth.values):
                for j, name in enumerate(column.names):
                    yield str(name), column.values.values[:, j], truth.values


def _same_classes(values: npt.NDArray, codes: npt.NDArray) -> str:
    """Whether values and classes belong to one another one by one: the evidence, or nothing."""
    rows = np.flatnonzero(codes >= 0)[:_MOST]
    if len(rows) < _LEAST:
        return ""
    found, names = pd.factorize(pd.Series(values[rows]), use_na_sentinel=False)
    classes = np.unique(codes[rows])
    pairs = np.unique(np.stack([found, codes[rows]]), axis=1).shape[1]
    if not len(classes) == len(names) == pairs >= 2:
        return ""
    return _("its {values} values are the classes one by one, in all of {n} cases", values=pairs, n=len(rows))


def _same_number(values: npt.NDArray, target: npt.NDArray) -> str:
    """Whether the target is a straight line of the values."""
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(numbers) & np.isfinite(target))[:_MOST]
    x, y = numbers[rows], target[rows].astype(np.float64)
    if len(rows) < _LEAST or len(np.unique(x)) < _VALUES or x.std() == 0 or y.std() == 0:
        return ""
    share = float(np.corrcoef(x, y)[0, 1]) ** 2
    return _("the target is a straight line of it in all of {n} cases", n=len(rows)) if share > _SAME else ""
