"""Columns that alone nearly give the label: perhaps known only after it is (a leak), and what remains without them.

What a column gives alone is measured out of sample: the values are put into at most 50 bins (of numbers by quantiles),
the mean label of each bin is taken from one half of the examples, and evaluated on the other; and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import Encoded, Reader
from recurra.data.encoders.standardising import ColumnEncoder
from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Static
from recurra.data.schema.names import shown
from recurra.evaluation.labelled.ranks import auc
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, several
from recurra.methods import method_name
from recurra.objectives.objective import Objective
from recurra.options import option
from recurra.scores import shown_as
from recurra.tasks.labelled.baselines import Baseline, fit_joint
from recurra.tasks.labelled.data import LabelledData

Floats = npt.NDArray[np.floating]

NEARLY = 0.95  # ROC-AUC, or R2 of a number
_BINS, _FEWEST, _MOST = 50, 50, 20_000  # bins; examples at least, and at most that are looked at


@dataclass(frozen=True)
class Suspect:
    """A column, and what it gives alone: the ROC-AUC of the label (of several classes their mean), or the R2."""

    column: str
    score: float
    measure: str


def find_suspects(examples: Examples, truth: npt.NDArray, objective: Objective) -> list[Suspect]:
    """The columns of numbers and categories that alone nearly give one label of each example, the surest first.

    `truth` holds class codes [N] or numbers [N, M], of which the first counts; of several labels and tags nothing is
    looked for.
    """
    targets = objective.suspect_targets(truth)
    if targets is None:
        return []
    target, measure = targets
    known = np.flatnonzero(np.isfinite(target).all(axis=1))
    known = known[np.linspace(0, len(known) - 1, min(len(known), _MOST)).astype(np.int64)] if len(known) else known
    if len(known) < _FEWEST:
        return []
    found = []
    for name, kind in examples.kinds.items():
        frame = examples.columns[name]
        if not isinstance(kind, Static) or not isinstance(frame, pd.DataFrame):
            continue
        for column in frame.columns:
            score = _alone(_binned(frame[column].iloc[known]), target[known], measure)
            if score >= NEARLY:
                found.append(Suspect(str(column), score, measure))
    return sorted(found, key=lambda suspect: -suspect.score)


def said_of(suspects: list[Suspect]) -> str:
    """What the columns give alone: "Rating alone nearly gives the label (ROC-AUC 0.972)"."""
    figures = shown([f"{s.column} ({s.measure} {s.score:.3f})" for s in suspects], 4)
    return several(
        "{figures} alone nearly gives the label",
        "{figures} alone nearly give the label",
        len(suspects),
        figures=figures,
    )


def suspects_note(
    suspects: list[Suspect],
    evaluation: Evaluation,
    baselines: Sequence[Baseline],
    data: LabelledData,
    examples: Examples,
    later: Examples,
    encoded: Encoded,
    truth: npt.NDArray,
) -> str:
    """The warning: what the columns give alone, and what a linear model of all else reaches on the test part."""
    one = len(suspects) == 1
    flag = option("ignore", [suspect.column for suspect in suspects])
    if one:
        leak = _("{said}: if it is not known before the label is, this is a leak.", said=said_of(suspects))
        advice = _("To learn without it, pass {option}.", option=flag)
        advice = advice if flag.startswith("-") else _("To learn without it, leave it out of X.")
    else:
        leak = _("{said}: if they are not known before the label is, this is a leak.", said=said_of(suspects))
        advice = _("To learn without them, pass {option}.", option=flag)
        advice = advice if flag.startswith("-") else _("To learn without them, leave them out of X.")
    reduced = _without({suspect.column for suspect in suspects}, data, examples, later, encoded)
    if reduced is None:
        return f"{leak} {_('There is no other input.')} {advice}"
    less, part = reduced
    model = fit_joint(less, less.known)
    best_model = next((b for b in baselines if b.name == evaluation.verdict.best_baseline), None)
    objective = data.objective if best_model is None else best_model.objective(data.objective)
    name, best = evaluation.leading, evaluation.verdict.best_baseline
    score = objective.score(name, model.outputs(part), truth)
    with_it = float(evaluation.table[name].to_dict()[best])
    figures = {
        "score": _(name),
        "value": shown_as(name).text(score),
        "method": method_name(best),
        "other": shown_as(name).text(with_it),
    }
    told = (
        _(
            "Without it a linear model of the other inputs reaches {score} {value} ({method} with it: {other}).",
            **figures,
        )
        if one
        else _(
            "Without them a linear model of the other inputs reaches {score} {value} ({method} with them: {other}).",
            **figures,
        )
    )
    return f"{leak} {told} {advice}"


def _without(
    names: set[str], data: LabelledData, examples: Examples, later: Examples, encoded: Encoded
) -> tuple[LabelledData, Encoded] | None:
    """The training examples and those of the test part without some columns; None where nothing is left."""
    kinds, encoders = dict(data.reader.kinds), dict(data.reader.encoders)
    learnt, part = dict(data.encoded), dict(encoded)
    for name, kind in data.reader.kinds.items():
        frame = examples.columns[name]
        if not isinstance(kind, Static) or not isinstance(frame, pd.DataFrame):
            continue
        for each in (kinds, encoders, learnt, part):
            each.pop(name)
        left = [column for column in frame.columns if column not in names]
        if left:
            kinds[name], encoders[name] = kind, ColumnEncoder.learn(frame[left])
            one = Reader({name: kind}, {name: encoders[name]})
            learnt |= one.encode(Examples({name: frame[left]}, {name: kind}))
            own = later.columns[name]
            assert isinstance(own, pd.DataFrame)
            part |= one.encode(Examples({name: own[left]}, {name: kind}))
    if not encoders:
        return None
    return LabelledData(Reader(kinds, encoders), learnt, data.labels, data.objective, data.known), part


def _binned(column: pd.Series) -> npt.NDArray[np.int64]:
    """The bin of each value [N]; missing ones have one of their own."""
    if pd.api.types.is_numeric_dtype(column.dtype) and column.nunique() > _BINS:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        edges = np.unique(np.nanquantile(values, np.arange(1, _BINS) / _BINS))
        return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)


def _alone(bins: npt.NDArray[np.int64], target: Floats, measure: str) -> float:
    """How well the mean target of each bin, over the other half of the examples, gives the target."""
    half = np.arange(len(bins)) % 2
    said = np.zeros_like(target)
    for part in (0, 1):
        mine, others = half == part, half != part
        mean = target[others].mean(axis=0)
        counts = np.bincount(bins[others], minlength=bins.max() + 1)[:, None]
        sums = np.stack([np.bincount(bins[others], t, minlength=bins.max() + 1) for t in target[others].T], axis=1)
        said[mine] = ((sums + mean) / (counts + 1))[bins[mine]]  # one example more, the mean one
    if measure == "R2":
        spread = float(((target - target.mean()) ** 2).sum())
        return 1.0 - float(((target - said) ** 2).sum()) / spread if spread > 0 else 0.0
    pairs = [(column == 1, guess) for column, guess in zip(target.T, said.T, strict=True)]
    areas = [auc(positive, guess)[0] for positive, guess in pairs if positive.any() and not positive.all()]
    return float(np.mean(areas)) if areas else 0.0
