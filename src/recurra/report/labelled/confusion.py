"""Which classes are taken for which: a heat map of shares, or a list of pairs where there are too many classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.formatting import percent
from recurra.report.heat import SEQUENTIAL, colour_bar
from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.tables import shortened, text_of
from recurra.report.numbers import json_numbers
from recurra.report.style import Figure, axis, figure, plot_text

MOST_CLASSES = 25  # of a heat map whose names can be read
WRITTEN_CLASSES = 12  # of a heat map with the share in each cell
PAIRS = 25


@dataclass(frozen=True)
class Pair:
    """A class and what it was taken for."""

    truth: str
    predicted: str
    count: str
    share: str


def confusion_table(report: LabelledReport) -> pd.DataFrame:
    """Counts, truth by predicted, both in the order of `per_class`, then as they come."""
    frame = report.confusion.assign(
        truth=report.confusion["truth"].map(text_of),
        predicted=report.confusion["predicted"].map(text_of),
        count=report.confusion["count"].astype(int),
    )
    order = dict.fromkeys([*report.per_class["class"].map(text_of), *frame["truth"], *frame["predicted"]])
    table = frame.pivot_table(index="truth", columns="predicted", values="count", aggfunc="sum", fill_value=0)
    return table.reindex(index=list(order), columns=list(order), fill_value=0)


def shares(table: pd.DataFrame) -> np.ndarray:
    """Each row as shares of its sum; a class that never occurs is NaN."""
    counts = table.to_numpy(dtype=np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)


def confusion_figure(report: LabelledReport) -> Figure | None:
    """The share of each true class that was predicted as each class; None for many classes or none."""
    if not len(report.confusion):
        return None
    table = confusion_table(report)
    if len(table) > MOST_CLASSES:
        return None
    values = 100 * shares(table)
    names = [plot_text(name, 16) for name in table.index]
    full = [plot_text(name, 60) for name in table.index]
    places = list(range(len(names)))
    written = len(names) <= WRITTEN_CLASSES
    trace = {
        "type": "heatmap",
        "x": places,
        "y": places,
        "z": [json_numbers(row) for row in values],
        "text": [[f"{value:.0f}" if np.isfinite(value) else "" for value in row] for row in values.tolist()],
        "customdata": [
            [[truth, predicted, number] for predicted, number in zip(full, row, strict=True)]
            for truth, row in zip(full, table.to_numpy().tolist(), strict=True)
        ],
        "zmin": 0,
        "zmax": 100,
        "colorscale": SEQUENTIAL,
        "colorbar": colour_bar("of the true class, %"),
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{customdata[0]}, predicted %{customdata[1]}"
        "<br>%{customdata[2]:,d} (%{z:.1f} %)<extra></extra>",
        **({"texttemplate": "%{text}"} if written else {}),
    }
    ticks = {"tickmode": "array", "tickvals": places, "ticktext": names, "showgrid": False}
    down = axis("truth", autorange="reversed", ticksuffix=" ", **ticks)
    return figure([trace], axis("predicted", **ticks), down, height=confusion_height(report))


def confusion_height(report: LabelledReport) -> int:
    """The height of the heat map [px]: by its classes."""
    classes = len(set(report.confusion["truth"].map(text_of)) | set(report.confusion["predicted"].map(text_of)))
    return 380 if classes <= 8 else min(860, 140 + 30 * classes)


def confused_pairs(report: LabelledReport) -> list[Pair]:
    """The pairs of classes most often confused, where there are too many classes for a heat map."""
    if not len(report.confusion):
        return []
    table = confusion_table(report)
    if len(table) <= MOST_CLASSES:
        return []
    counts, share = table.to_numpy(), shares(table)
    wrong = np.where(np.eye(len(table), dtype=bool), 0, counts)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    rows, columns = np.unravel_index(order, wrong.shape)
    names = [shortened(str(name), 60) for name in table.index]
    return [
        Pair(names[i], names[j], f"{wrong[i, j]:,}", percent(float(share[i, j])))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if wrong[i, j]
    ]
