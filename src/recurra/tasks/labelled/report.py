"""From a judged model of labelled sequences to what its report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import step_counts
from recurra.data.encoders.tokens import SymbolEncoder
from recurra.data.examples.ragged import Ragged
from recurra.inspect.several import findings_of, flows_of
from recurra.report import LabelledReport
from recurra.tasks.labelled.attributions import explained_frame, series_values, usual_frame, with_gaps
from recurra.tasks.labelled.holdout import FittedExamples, HoldoutResult
from recurra.tasks.labelled.insight import memory_sentences, remembered
from recurra.tasks.labelled.shown import hardest, outcomes, to_explain
from recurra.tasks.provenance import command_of, now, settings, versions

if TYPE_CHECKING:
    from recurra.data import Fact

Ints = npt.NDArray[np.int64]

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "tokenizers")
_COUNTED = 50_000  # examples whose steps are counted, spread evenly
_STACKED = ", and what the linear model of n-grams adds"


def report_content(
    *,
    title: str,
    arguments: Sequence[str],
    facts: Sequence[Fact],
    estimator: FittedExamples,
    target: str,
    rows: Ints | None = None,
    learnt: Any = None,
    notes: Sequence[str] = (),
) -> LabelledReport:
    """The report of what `estimator` was last judged on.

    `arguments` are those of the command; `rows` the row numbers in the file, from 0, of the examples that the judging
    ones were chosen among; `learnt` the labels that it learnt from before it was judged.
    """
    tested, labels = estimator.holdout_, estimator.labels_
    evaluation, objective = tested.evaluation, tested.model.objective
    numbers = tested.rows if rows is None else rows[tested.rows]
    seen = remembered(tested.model)
    names = list(map(str, labels.names))
    reader = tested.model.reader
    letters = reader.tokens is not None and isinstance(reader.encoders[reader.tokens], SymbolEncoder)
    values = objective.values(tested.outputs, tested.truth)
    frames: dict[str, Any] = {"per_class": evaluation.per_class} if values is None else {"predictions": values}
    frames |= explained(tested, labels, numbers)
    return LabelledReport(
        title=title,
        task=objective.page,
        target=target,
        command=command_of(arguments),
        created=now(),
        verdict=evaluation.verdict.sentence,
        better=evaluation.verdict.better,
        table=evaluation.table,
        intervals=evaluation.intervals,
        baselines=tuple(map(str, evaluation.table.index[1:])),
        best_baseline=evaluation.verdict.best_baseline,
        leading=evaluation.leading,
        confusion=evaluation.confusion,
        reliability=evaluation.reliability,
        hardest=hardest(tested, numbers),
        **frames,
        writing="symbols" if letters else "words",
        explanation=objective.explanation.format(_STACKED if tested.model.stacked is not None else ""),
        usual=usual_frame(tested.model, tested.examples, names),
        learning=estimator.learning(),
        flow=flows_of(seen),
        memory=[*memory_sentences(seen), *map(str, findings_of(seen))],
        sizes=sizes(tested, learnt),
        examples=examples_of({"train": learnt, "test": tested.truth}),
        lengths=lengths(tested),
        facts=[(fact.label, fact.value, fact.flag) for fact in facts],
        settings=settings(estimator),
        versions=versions(PACKAGES),
        notes=[*evaluation.notes, *notes],
    )


def explained(tested: HoldoutResult, labels: Any, rows: Ints) -> dict[str, pd.DataFrame]:
    """chosen, explained and explained_series of a report."""
    picked = to_explain(tested)
    if not picked:
        return {}
    numbers = np.array([number for number, _ in picked], dtype=np.int64)
    examples = tested.examples.take(numbers)
    chosen = outcomes(tested, numbers, rows).assign(why=[why for _, why in picked])
    step = said = truth = None
    if isinstance(tested.truth, Ragged):
        said = Ragged(tested.outputs.argmax(axis=1), tested.truth.offsets).take(numbers)
        truth = tested.truth.take(numbers)
        step = np.array([_focus(said[k], truth[k]) for k in range(len(numbers))], dtype=np.int64)
        chosen = chosen.assign(focus=step + 1, truth=None, predicted=None)
    names = list(map(str, labels.names))
    frame = explained_frame(tested.model, examples, names, step)
    number_of = chosen["example"].to_numpy()
    series = series_values(examples, frame)
    found = with_gaps(tested.model, examples, frame)
    if said is not None and truth is not None:
        found = _with_tags(found, said, truth, names)
    shown = [
        part.assign(example=number_of[part["example"].to_numpy(dtype=np.int64)], step=part["step"] + 1)
        for part in (found, series)
    ]
    return {"chosen": chosen, "explained": shown[0], "explained_series": shown[1]}


def _with_tags(frame: pd.DataFrame, said: Ragged, truth: Ragged, names: list[str]) -> pd.DataFrame:
    """An explanation with the truth and what was predicted of each step."""
    known = np.array([*names, None], dtype=object)
    places = said.offsets[frame["example"].to_numpy(dtype=np.int64)] + frame["step"].to_numpy(dtype=np.int64)
    return frame.assign(truth=known[truth.values[places]], predicted=known[said.values[places]])


def _focus(said: Ints, truth: Ints) -> int:
    """The step that is explained: the wrong one nearest to the middle, or else the middle."""
    wrong = np.flatnonzero((said != truth) & (truth >= 0))
    middle = len(said) // 2
    return int(wrong[np.abs(wrong - middle).argmin()]) if len(wrong) else middle


def sizes(tested: HoldoutResult, learnt: Any) -> pd.DataFrame:
    """part, class, count: of the examples that were learnt from and of those that judged; of tags their steps."""
    parts = {"train": learnt, "test": tested.truth}
    counts = {part: tested.model.objective.counts(truth) for part, truth in parts.items() if truth is not None}
    rows = [(part, name, count) for part, found in counts.items() for name, count in found]
    return pd.DataFrame(rows, columns=["part", "class", "count"])


def examples_of(parts: Mapping[str, Any]) -> dict[str, int]:
    """Examples in each part whose labels are known, where an encoded truth [N, K] has several of an example."""
    matrices = {part: truth for part, truth in parts.items() if isinstance(truth, np.ndarray) and truth.ndim == 2}
    return {part: int((truth >= 0).any(axis=1).sum()) for part, truth in matrices.items() if truth.dtype.kind == "i"}


def lengths(tested: HoldoutResult) -> pd.DataFrame:
    """class, length, count of the examples that judged; without classes where an example has no single one."""
    spread = np.linspace(0, len(tested.examples) - 1, min(len(tested.examples), _COUNTED)).astype(np.int64)
    steps = step_counts(tested.model.reader.encode(tested.examples.take(spread)))
    classes: Any = tested.model.objective.classes_of(tested.truth)
    name = None if classes is None else classes[spread]
    frame = pd.DataFrame({"class": name, "length": steps})
    return frame.groupby(["class", "length"], sort=True, dropna=False).size().rename("count").reset_index()
