"""What the report of a labelled task says, as plain frames; nothing here knows of networks, HTML or plots."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from recurra.errors import InputError
from recurra.report.frames import check_columns, empty

TASKS = ("classification", "labels", "tagging", "regression")
WRITINGS = ("words", "symbols")
FRAMES = {
    "intervals": ("method", "score", "low", "high"),
    "per_class": ("class", "count", "precision", "recall", "f1"),
    "confusion": ("truth", "predicted", "count"),
    "reliability": ("bin", "confidence", "right", "count"),
    "predictions": ("truth", "predicted"),
    "hardest": ("example", "truth", "predicted", "probability"),
    "chosen": ("example", "truth", "predicted", "probability"),
    "explained": ("example", "step", "token", "attribution"),
    "explained_series": ("example", "step", "feature", "value", "attribution"),
    "usual": ("token", "class", "strength", "count"),
    "learning": ("run", "member", "step", "train_loss", "validation_loss", "learning_rate"),
    "flow": ("member", "step", "back", "gradient"),
    "sizes": ("part", "class", "count"),
    "lengths": ("class", "length", "count"),
}


@dataclass(frozen=True, eq=False)
class LabelledReport:
    """Everything the page and the picture of one labelled task show; any frame may be empty, its part is then left out.

    title, target (the label column), command (what made it), created (when).
    task: "classification" (one class), "labels" (several at once), "tagging" (a class per step) or "regression".
    verdict: one sentence; better: whether it says that the model beats every baseline.
    table: index method, ours first; a column per score, shares as 0..1 ("accuracy", "macro F1", "R2", "MAE", ...).
    intervals: method, score, low, high [in the score's own unit]; level: what they hold [per cent].
    baselines: their names in the table; best_baseline: the one to beat; leading: the score that the verdict is about.
    per_class: class, count [examples, or steps of tags], precision, recall, f1 [0..1].
    confusion: truth, predicted, count; only pairs that occur are needed.
    reliability: bin, confidence, right [means of the bin, 0..1], count.
    predictions: truth, predicted; numbers of a regression. Thinned when drawn, so it may be long.
    hardest: example [text], truth, predicted, probability [of what was predicted; missing in a regression].
    chosen: example [number], truth, predicted, probability; optionally `why` (what it was chosen for), `focus` (the
        step whose tag is explained). Missing values are not shown.
    explained: example [number in `chosen`], step [from 1], token, attribution; of tags also truth and predicted of the
        step; optionally `after`, what stands between this token and the next, a space without it, and `input`, the
        column that a token is of: several are shown one below the other.
    explained_series: the same for numeric series: example, step, feature, value, attribution.
    writing: "words", or "symbols" (residues, bases: a letter is a step), how the tokens are set.
    explanation: a sentence on what an attribution is.
    usual: token (or feature), class, strength [mean attribution towards the class], count [how often it occurs].
    learning, flow, memory: as in ForecastReport.
    sizes: part ("train", "validation", "test"), class, count; lengths: class, length [steps], count [examples]. The
        class is missing where there is none. examples: by part, where those of the classes do not add up to them, since
        an example may have several labels.
    facts: (label, value, flag that overrides it). settings, versions: name to text. notes: sentences.

    Raises InputError for a frame without its columns, an unknown task or writing, or a leading score or best baseline
    that the table does not have.

    Example:
        >>> import pandas as pd
        >>> report = LabelledReport(
        ...     title="Reviews", task="classification", target="sentiment", command="recurra classify reviews.csv",
        ...     created="2026-01-03", verdict="No better than the most frequent class.", better=False,
        ...     confusion=pd.DataFrame({"truth": ["good"], "predicted": ["good"], "count": [3]}),
        ... )
        >>> report.target
        'sentiment'
    """

    title: str
    task: str
    target: str
    command: str
    created: str
    verdict: str
    better: bool
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    intervals: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["intervals"]))
    level: int = 95
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""
    leading: str = ""
    per_class: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["per_class"]))
    confusion: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["confusion"]))
    reliability: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["reliability"]))
    predictions: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["predictions"]))
    hardest: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["hardest"]))
    chosen: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["chosen"]))
    explained: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["explained"]))
    explained_series: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["explained_series"]))
    writing: str = "words"
    explanation: str = ""
    usual: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["usual"]))
    learning: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["learning"]))
    flow: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["flow"]))
    memory: list[str] = field(default_factory=list)
    sizes: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["sizes"]))
    examples: dict[str, int] = field(default_factory=dict)
    lengths: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["lengths"]))
    facts: list[tuple[str, str, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, columns in FRAMES.items():
            check_columns(name, getattr(self, name), columns)
        for name, value, known in (("task", self.task, TASKS), ("writing", self.writing, WRITINGS)):
            if value not in known:
                raise InputError(f"{name} is {value!r}: expected one of {', '.join(map(repr, known))}")
        if self.best_baseline and self.best_baseline not in self.baselines:
            raise InputError(
                f"best_baseline is {self.best_baseline!r}, which is none of the baselines: {', '.join(self.baselines)}"
            )
        if self.leading and self.leading not in self.table.columns:
            raise InputError(
                f"leading is {self.leading!r}, which is no score of the table: "
                f"{', '.join(map(str, self.table.columns))}"
            )
        lone = set(self.explained["example"]).union(self.explained_series["example"]) - set(self.chosen["example"])
        if lone:
            raise InputError(
                f"chosen has no row for the explained example {min(map(str, lone))}: give its truth and prediction"
            )

    @property
    def ours(self) -> str:
        """The first method of the table that is no baseline; "" without."""
        return next((str(method) for method in self.table.index if method not in self.baselines), "")
