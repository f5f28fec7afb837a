"""What a test says of a model and its baselines, whatever the task: scores, intervals, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.shared.bootstrap import DRAWS, Score, interval, of_units, resample
from recurra.evaluation.shared.showing import Shown, named_parts
from recurra.evaluation.shared.verdict import Verdict, decide

if TYPE_CHECKING:
    from recurra.report import ReportContent

MODEL = "Recurra"


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Shown):
    """What a test part says of a model and its baselines.

    `table`: index method (the model first, then the baselines as given), a column per score. `intervals`: method,
    score, low, high (95 %). `leading` is the score that the `verdict` is about. `per_class`: class, count, precision,
    recall, f1, auc of the model (values: output, count and the scores). `confusion`: truth, predicted, count;
    of more than 25 classes the most confused pairs only. `reliability`: bin, confidence, right, count. The last two
    are empty where they mean nothing. `notes` are sentences on what makes the scores doubtful, such as examples that
    were learnt from too; `unseen` is then the table of the other examples. `parts` are methods of the table that are
    a part of the model, and no baselines. `surprise`, of a generator: each test symbol and its nats.
    """

    table: pd.DataFrame
    intervals: pd.DataFrame
    leading: str
    verdict: Verdict
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    reliability: pd.DataFrame
    notes: tuple[str, ...] = ()
    unseen: pd.DataFrame | None = None
    parts: tuple[str, ...] = ()
    surprise: pd.DataFrame | None = None

    @property
    def baselines(self) -> tuple[str, ...]:
        """The methods that the model is compared with."""
        return tuple(str(name) for name in self.table.index[1:] if name not in self.parts)

    def panel_data(self) -> dict[str, Any]:
        """What the panels "cards" and "methods" need."""
        return {
            "table": self.table,
            "intervals": self.intervals,
            "leading": self.leading,
            "baselines": self.baselines,
            "best_baseline": self.verdict.best_baseline,
        }

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show: scores, confusion, classes, calibration, what surprised."""
        from recurra.report import ReportContent

        name, sentence, _table, _notes = self._shown()
        data = self.panel_data() | {"confusion": self.confusion, "reliability": self.reliability}
        if {"class", "precision"} <= set(self.per_class.columns):
            data["per_class"] = self.per_class
        if self.surprise is not None:
            data["surprise"] = self.surprise
        return ReportContent(
            title=head.pop("title", name),
            panels=("cards", "methods", "confusion", "classes", "calibration", "surprise"),
            data=data,
            verdict=sentence,
            better=self.verdict.better,
            notes=self.notes,
            **head,
        )

    def _shown(self) -> tuple[str, str, pd.DataFrame, str]:
        rest = {
            "intervals": "95 % of every score",
            "per_class": "by class or output",
            "confusion": "what is predicted for what",
            "reliability": "confidence against truth",
            "surprise": "what each symbol cost",
        }
        frames = {name: getattr(self, name) for name in rest}
        there = {name: what for name, what in rest.items() if frames[name] is not None and not frames[name].empty}
        return f"Evaluation by {self.leading}", self.verdict.sentence, self.table, named_parts(there)


def evaluate_scores(
    scores: Mapping[str, Mapping[str, Score]],
    *,
    leading: str,
    parts: tuple[str, ...] = (),
    groups: npt.ArrayLike | None = None,
    unit: str = "test example",
    draws: int = DRAWS,
    seed: int = 0,
    per_class: pd.DataFrame | None = None,
    confusion: pd.DataFrame | None = None,
    reliability: pd.DataFrame | None = None,
) -> Evaluation:
    """Evaluate by scores: by method, the model's first, scores by name, as sums over the same examples.

    The score `leading` decides; methods in `parts` are not compared with. `groups` [N] are drawn together; `unit` is
    what is drawn. The frames, empty unless given, are those of `Evaluation`.

    >>> from recurra.evaluation.shared.bootstrap import mean_score
    >>> right = np.arange(40) % 4 > 0
    >>> scores = {MODEL: {"hits": mean_score(right)}, "guess": {"hits": mean_score(~right)}}
    >>> evaluate_scores(scores, leading="hits").table["hits"].tolist()
    [0.75, 0.25]
    """
    found = {method: dict(each) for method, each in scores.items()}
    if groups is not None:
        units = np.unique(np.asarray(groups), return_inverse=True)[1]
        found = {method: of_units(each, units) for method, each in found.items()}
    flat = {(method, name): score for method, each in found.items() for name, score in each.items()}
    drawn = resample(flat, draws=draws, seed=seed)
    table = pd.DataFrame({m: {n: score.value for n, score in each.items()} for m, each in found.items()}).T
    table.index.name = "method"
    rows = [(method, name, *interval(values)) for (method, name), values in drawn.items()]
    return Evaluation(
        table=table,
        intervals=pd.DataFrame(rows, columns=["method", "score", "low", "high"]),
        leading=leading,
        verdict=decide(
            {method: each[leading] for method, each in found.items() if method not in parts},
            {method: drawn[method, leading] for method in found},
            model=next(iter(found)),
            name=leading,
            unit=unit,
        ),
        per_class=_frame(per_class, "class", "count", "precision", "recall", "f1"),
        confusion=_frame(confusion, "truth", "predicted", "count"),
        reliability=_frame(reliability, "bin", "confidence", "right", "count"),
        parts=parts,
    )


def _frame(given: pd.DataFrame | None, *columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns)) if given is None else given
