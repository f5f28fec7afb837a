"""From an evaluated model of labelled sequences to what its report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import step_counts
from recurra.data.encoders.tokens import SymbolEncoder
from recurra.data.examples.ragged import Ragged
from recurra.formatting import count
from recurra.language import _, listing, mark
from recurra.report import Card, Deferred, ReportContent
from recurra.report.panels import Explained
from recurra.report.texts import shortened, text_of
from recurra.tasks.labelled.attributions import explained_frame, series_values, usual_frame, with_gaps
from recurra.tasks.labelled.holdout import FittedExamples, HoldoutResult
from recurra.tasks.labelled.shown import hardest, outcomes, to_explain
from recurra.tasks.memory import memory_data
from recurra.tasks.page import evaluation_data, page_content
from recurra.tasks.reported import ReportedEstimator

if TYPE_CHECKING:
    from recurra.data import Fact
    from recurra.tasks.labelled.model import SequenceModel

Ints = npt.NDArray[np.int64]

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "tokenizers")
PANELS = (
    "cards",
    "methods",
    "scatter",
    "error by size",
    "confusion",
    "classes",
    "explained",
    "usual",
    "mistakes",
    "calibration",
    "training",
    "memory",
    "sizes",
)
_COUNTED = 50_000  # examples whose steps are counted, spread evenly


@dataclass(frozen=True)
class Words:
    """What a page calls things, in English."""

    title: str
    about: str
    unnamed: str
    classes: str = mark("Scores by class")
    mistakes: str = mark("Most confidently wrong")
    heads: tuple[str, str] = (mark("truth"), mark("predicted"))


PAGES = {  # by `Objective.page`
    "classification": Words(
        mark("Classification of sequences"), mark("Predicted classes of {target}"), mark("Predicted classes")
    ),
    "labels": Words(
        mark("Labels of sequences"),
        mark("Predicted labels of {target}"),
        mark("Predicted labels"),
        classes=mark("Scores by label"),
    ),
    "tagging": Words(
        mark("Tagging of sequences"),
        mark("Predicted tags of {target}"),
        mark("Predicted tags"),
        mistakes=mark("Fewest tags right"),
        heads=(mark("length"), mark("correct")),
    ),
    "regression": Words(
        mark("Regression of sequences"),
        mark("Predicted values of {target}"),
        mark("Predicted values"),
        mistakes=mark("Largest errors"),
    ),
}


class ReportedLabels(ReportedEstimator):
    """Base of the estimators of labelled sequences: what their page and their picture show."""

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show: everything after `study` or `evaluate`, the training after `fit`.

        `head` may hold `title`, `target` (what the labels are called), `facts` (instead of those of the model) and
        `notes`. Raises NotFittedError before `fit`.
        """
        estimator: Any = self
        return report_content(estimator, estimator._fitted(), **head)


def report_content(
    estimator: FittedExamples,
    model: SequenceModel,
    *,
    title: str | None = None,
    target: str | None = None,
    facts: Sequence[Fact] | None = None,
    rows: Ints | None = None,
    notes: Sequence[str] = (),
    arguments: Sequence[str] | None = None,
) -> ReportContent:
    """The content of the page of what `estimator` was last evaluated on; of one that is only fitted, what is known.

    `arguments` are those of a command; `rows` the row numbers in the file, from 0, of the examples that the evaluation
    ones were chosen among.
    """
    tested = getattr(estimator, "holdout_", None)
    words = PAGES[model.objective.page]
    roles = estimator.roles_
    named = target if target is not None else listing(roles.label) if roles is not None else ""
    data: dict[str, Any] = {"learning": estimator.learning(), "target": named}
    if tested is None:
        data |= memory_data(model.members)
    else:
        data |= _evaluated(estimator, tested, tested.rows if rows is None else rows[tested.rows])
    return page_content(
        estimator,
        PANELS,
        data,
        title=title or _(words.title),
        target=named,
        about=_(words.about if named else words.unnamed),
        facts=facts,
        notes=notes,
        arguments=arguments,
        packages=PACKAGES,
    )


def _evaluated(estimator: FittedExamples, tested: HoldoutResult, numbers: Ints) -> dict[str, Any]:
    """What panels need of an evaluation."""
    labels, evaluation, objective = estimator.labels_, tested.evaluation, tested.model.objective
    names = list(map(str, labels.names))
    reader = tested.model.reader
    letters = reader.tokens is not None and isinstance(reader.encoders[reader.tokens], SymbolEncoder)
    words, tags = PAGES[objective.page], objective.per_step
    values = objective.values(tested.outputs, tested.truth)
    shown = Deferred(lambda: explained(tested, labels, numbers))
    stacked = _(_STACKED) if tested.model.stacked is not None else ""
    counted = sizes(tested)
    many = examples_of({"train": tested.learnt, "test": tested.truth})
    return {
        **({"per_class": evaluation.per_class} if values is None else {"predictions": values}),
        **evaluation_data(evaluation),
        "cards": count_cards(counted, many, evaluation.per_class, tags=tags, classes=values is None),
        "confusion": evaluation.confusion,
        "reliability": evaluation.reliability,
        "classes_called": words.classes,
        "counted": mark("steps") if tags else mark("examples"),
        "chosen": shown.part("chosen"),
        "explained": shown.part("explained"),
        "explained_series": shown.part("explained_series"),
        "writing": "symbols" if letters else "words",
        "explanation": _(objective.explanation).format(stacked),
        "numeric": values is not None,
        "usual": Deferred(lambda: usual_frame(tested.model, tested.examples, names)),
        "hardest": Deferred(lambda: hardest(tested, numbers)),
        "mistakes_called": words.mistakes,
        "mistake_heads": words.heads,
        "sizes": counted,
        "examples": many,
        "steps": tags,
        "lengths": Deferred(lambda: lengths(tested)),
        **memory_data(tested.model.members),
    }


_STACKED = mark(", and what the linear model of n-grams adds")


def count_cards(
    counted: pd.DataFrame, many: Mapping[str, int], per_class: pd.DataFrame, *, tags: bool, classes: bool
) -> list[Card]:
    """What was evaluated on, and the classes."""
    made = []
    tested = counted[counted["part"] == "test"]
    if len(tested):
        number = many.get("test", int(tested["count"].sum()))
        made.append(Card(_("evaluated on"), count(number, "step" if tags else "example"), _("unseen in training")))
    if classes and len(per_class):
        rarest = per_class.iloc[int(per_class["count"].astype(float).argmin())]
        note = _("rarest {name}, {n}", name=shortened(text_of(rarest["class"]), 30), n=f"{int(rarest['count']):,}")
        made.append(Card(_("classes"), f"{len(per_class):,}", note))
    return made


def explained(tested: HoldoutResult, labels: Any, rows: Ints) -> dict[str, pd.DataFrame]:
    """chosen, explained and explained_series of a report."""
    picked = to_explain(tested)
    if not picked:
        return {name: pd.DataFrame(columns=list(columns)) for name, columns in Explained.COLUMNS.items()}
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


def sizes(tested: HoldoutResult) -> pd.DataFrame:
    """part, class, count: of the training and of the test examples; of tags their steps."""
    parts = {"train": tested.learnt, "test": tested.truth}
    counts = {part: tested.model.objective.counts(truth) for part, truth in parts.items() if truth is not None}
    rows = [(part, name, count) for part, found in counts.items() for name, count in found]
    return pd.DataFrame(rows, columns=["part", "class", "count"])


def examples_of(parts: Mapping[str, Any]) -> dict[str, int]:
    """Examples in each part whose labels are known, where an encoded truth [N, K] has several of an example."""
    matrices = {part: truth for part, truth in parts.items() if isinstance(truth, np.ndarray) and truth.ndim == 2}
    return {part: int((truth >= 0).any(axis=1).sum()) for part, truth in matrices.items() if truth.dtype.kind == "i"}


def lengths(tested: HoldoutResult) -> pd.DataFrame:
    """class, length, count of the test examples; without classes where an example has no single one."""
    spread = np.linspace(0, len(tested.examples) - 1, min(len(tested.examples), _COUNTED)).astype(np.int64)
    steps = step_counts(tested.model.reader.encode(tested.examples.take(spread)))
    classes: Any = tested.model.objective.classes_of(tested.truth)
    name = None if classes is None else classes[spread]
    frame = pd.DataFrame({"class": name, "length": steps})
    return frame.groupby(["class", "length"], sort=True, dropna=False).size().rename("count").reset_index()
