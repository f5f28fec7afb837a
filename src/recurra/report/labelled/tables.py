"""The headline numbers and the tables of a labelled task, as text ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.formatting import NumberStyle, count, percent, style_of_range
from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.scores import Score, shown_as
from recurra.report.rows import Card, MethodRow

CARD_SCORES = 4
CLASS_ROWS = 25  # a longer table is folded, and the worst are shown
PARTS = ("train", "validation", "test")
_STEPS = {"tagging": "step"}


@dataclass(frozen=True)
class ClassTable:
    """How well each class was predicted: `shown` rows, and `all` of them where there are more."""

    shown: list[list[str]]
    all: list[list[str]]


@dataclass(frozen=True)
class SizeTable:
    """How many examples each part has of each class; `left_out` classes are summed in the last row."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Mistake:
    """An example that was predicted wrong; `probability` is "" where there is none."""

    example: str
    truth: str
    predicted: str
    probability: str


def text_of(value: object) -> str:
    """A value as text; "" for a missing one."""
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    return "" if missing else str(value)


def shortened(text: str, limit: int = 240) -> str:
    """The text on one line; of a long one the beginning and the end."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - limit // 4]} … {line[-(limit // 4) :]}"


def cards(report: LabelledReport) -> list[Card]:
    """The headline numbers: the leading score first; those that were not computed are left out."""
    made = []
    names = sorted(map(str, report.table.columns), key=lambda name: name != report.leading)
    for name in names:
        ours = value_of(report, report.ours, name)
        if np.isfinite(ours) and len(made) < CARD_SCORES:
            score = shown_as(name)
            made.append(Card(score.name, score.texts(np.array([ours]), unit=True)[0], _note(report, score, name, ours)))
    tested = report.sizes[report.sizes["part"] == "test"]
    if len(tested):
        noun, many = _STEPS.get(report.task, "example"), report.examples.get("test", int(tested["count"].sum()))
        made.append(Card("evaluated on", count(many, noun), "unseen in training"))
    if len(report.per_class):
        rarest = report.per_class.iloc[int(report.per_class["count"].astype(float).argmin())]
        note = f"rarest {shortened(text_of(rarest['class']), 30)}, {int(rarest['count']):,}"
        made.append(Card("classes", f"{len(report.per_class):,}", note))
    return made


def value_of(report: LabelledReport, method: str, name: str) -> float:
    """A score of a method in the table; NaN where it is not there."""
    if method not in report.table.index or name not in report.table.columns:
        return np.nan
    return float(report.table[name].loc[method])


def score_header(report: LabelledReport) -> list[str]:
    """The columns of the table of methods, with their units."""
    return [shown_as(name).heading for name in report.table.columns]


def score_meanings(report: LabelledReport) -> list[tuple[str, str, str]]:
    """Name, meaning, and which way is better, of every score of the table that is known."""
    scores = [shown_as(name) for name in report.table.columns]
    return [(s.name, s.meaning, "Higher is better." if s.higher else "Lower is better.") for s in scores if s.meaning]


def method_rows(report: LabelledReport) -> list[MethodRow]:
    """The table of methods in its own order, the interval of a score below it."""
    scores = {str(name): shown_as(name) for name in report.table.columns}
    values = {name: report.table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in scores}
    texts = {name: score.texts(values[name]) for name, score in scores.items()}
    best = {name: score.best(values[name]) for name, score in scores.items()}
    ranges = {name: score.range_texts(*bounds(report, name)) for name, score in scores.items()}
    return [
        MethodRow(
            str(method),
            method not in report.baselines,
            [texts[name][place] for name in scores],
            [best[name][place] for name in scores],
            [ranges[name][place] for name in scores],
        )
        for place, method in enumerate(report.table.index)
    ]


def bounds(report: LabelledReport, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper bounds of a score, a value per method of the table, NaN where there is none."""
    frame = report.intervals[report.intervals["score"] == name].drop_duplicates("method").set_index("method")
    frame = frame.reindex(report.table.index)
    low, high = (frame[side].to_numpy(dtype=np.float64, na_value=np.nan) for side in ("low", "high"))
    return low, high


def class_table(report: LabelledReport) -> ClassTable:
    """Precision, recall and F1 of every class; of more than `CLASS_ROWS` those of lowest F1 are shown."""
    frame = report.per_class
    if len(frame) <= CLASS_ROWS:
        return ClassTable(_class_rows(frame), [])
    worst = frame.assign(f1=frame["f1"].astype(float)).sort_values("f1", kind="stable").iloc[:CLASS_ROWS]
    return ClassTable(_class_rows(worst), _class_rows(frame))


def mistakes(report: LabelledReport) -> list[Mistake]:
    """The examples that were most confidently wrong."""
    frame = report.hardest
    numeric = pd.api.types.is_numeric_dtype(frame["truth"]) and report.task == "regression"
    style = style_of_range(frame[["truth", "predicted"]].to_numpy(dtype=np.float64)) if numeric else None
    return [
        Mistake(
            shortened(text_of(row["example"])) or "(empty)",
            shortened(labelled(row["truth"], style), 120),
            shortened(labelled(row["predicted"], style), 120),
            percent(float(row["probability"])) if text_of(row["probability"]) else "",
        )
        for row in frame.to_dict("records")
    ]


def labelled(value: object, style: NumberStyle | None = None) -> str:
    """A label, a set of labels or a number, as text."""
    if style is not None and isinstance(value, int | float):
        return style.text(float(value))
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "(none)"
    return text_of(value)


def size_table(report: LabelledReport) -> SizeTable:
    """Examples by class and part; of many classes the most frequent, the others in one row."""
    frame = report.sizes.assign(
        **{"class": report.sizes["class"].map(text_of), "count": report.sizes["count"].astype(int)}
    )
    table = frame.pivot_table(index="class", columns="part", values="count", aggfunc="sum", sort=False).fillna(0)
    parts = [part for part in PARTS if part in table.columns]
    parts += [part for part in table.columns if part not in parts]
    table = table[parts].astype(int)
    several = len(table) > 1
    rest = table.iloc[:0]
    if len(table) > CLASS_ROWS:
        order = table.sum(axis=1).sort_values(ascending=False, kind="stable").index
        table, rest = table.loc[order[:CLASS_ROWS]], table.loc[order[CLASS_ROWS:]]
    sums = table.sum() + rest.sum()
    total = [report.examples.get(part, sums[part]) for part in parts]
    rows = [
        [shortened(str(name), 60), *(f"{n:,}" for n in row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    if len(rest):
        rows.append([count(len(rest), "other class", "other classes"), *(f"{n:,}" for n in rest.sum())])
    all_row = [["all" if several else "total", *(f"{n:,}" for n in total)]]
    return SizeTable([str(part) for part in parts], rows + all_row if several else all_row)


def _note(report: LabelledReport, score: Score, name: str, ours: float) -> str:
    other = value_of(report, report.best_baseline, name)
    if np.isfinite(other):
        return score.against(ours, other, report.best_baseline)
    return "" if score.higher is None else "higher is better" if score.higher else "lower is better"


def _class_rows(frame: pd.DataFrame) -> list[list[str]]:
    shares = frame[["precision", "recall", "f1"]].to_numpy(dtype=np.float64, na_value=np.nan)
    return [
        [shortened(text_of(name), 60), f"{int(number):,}", *(percent(value) for value in row)]
        for name, number, row in zip(frame["class"], frame["count"], shares.tolist(), strict=True)
    ]
