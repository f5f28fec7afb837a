"""Predictions of labelled sequences as rows: what an example is called, the truth, what was predicted, how surely."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.ragged import Ragged
from recurra.data.labels.classes import Classes
from recurra.data.labels.label_sets import LabelSets
from recurra.data.labels.numbers import Numbers
from recurra.tasks.labelled.objective import Objective

Floats = npt.NDArray[np.floating]

MOST_CLASSES = 20  # whose probabilities stand in columns of their own


def predicted_columns(
    labels: Any, objective: Objective, outputs: Floats, offsets: npt.NDArray[np.int64] | None, separator: str
) -> dict[str, Any]:
    """Columns [N] of the outputs [N, K], or, of tags, of those of every step, which `offsets` [N + 1] cut.

    predicted; probability (of the class, of tags the mean over the steps); p_NAME for each of at most 20 classes or
    labels. Of several numbers predicted_NAME.
    """
    decoded = objective.decoded(outputs)
    if isinstance(labels, Numbers):
        return {_named("predicted", labels, k): decoded[:, k] for k in range(len(labels))}
    if objective.per_step:
        assert offsets is not None
        tags = labels.decode(Ragged(decoded.argmax(axis=1), offsets))
        lengths = np.maximum(np.diff(offsets), 1)
        owner = np.repeat(np.arange(len(lengths)), np.diff(offsets))
        sure = np.bincount(owner, weights=decoded.max(axis=1), minlength=len(lengths)) / lengths
        return {"predicted": list(tags), "probability": sure}
    if isinstance(labels, Classes):
        chosen = objective.chosen(outputs)
        sure = decoded[np.arange(len(decoded)), chosen]
        found: dict[str, Any] = {"predicted": labels.decode(chosen), "probability": sure}
    else:
        found = {"predicted": sets_as_text(labels, decoded > 0.5, separator)}
    if len(labels) <= MOST_CLASSES:
        found |= {f"p_{name}": decoded[:, k] for k, name in enumerate(labels.names)}
    return found


def truth_columns(labels: Any, truth: npt.NDArray | Ragged, separator: str) -> dict[str, Any]:
    """The encoded truth in the user's own labels."""
    if isinstance(labels, Numbers):
        assert isinstance(truth, np.ndarray)
        return {_named("truth", labels, k): truth[:, k] for k in range(len(labels))}
    if isinstance(labels, LabelSets):
        assert isinstance(truth, np.ndarray)
        return {"truth": sets_as_text(labels, truth, separator)}
    return {"truth": list(labels.decode(truth))}


def right_column(objective: Objective, outputs: Floats, truth: npt.NDArray | Ragged) -> dict[str, Any]:
    """right: whether the label, or all labels, or which share of the tags; of numbers error, the prediction less it."""
    if isinstance(truth, Ragged):
        right = (outputs.argmax(axis=1) == truth.values).astype(np.float64)
        known = truth.values >= 0
        owner = np.repeat(np.arange(len(truth)), truth.lengths)
        count = np.bincount(owner[known], minlength=len(truth))
        sums = np.bincount(owner[known], weights=right[known], minlength=len(truth))
        return {"right": np.where(count > 0, sums / np.maximum(count, 1), np.nan)}
    if objective.aim == "numbers":
        return {"error": objective.decoded(outputs)[:, 0] - truth[:, 0]} if truth.shape[1] == 1 else {}
    if objective.aim == "classes":
        found, known = objective.chosen(outputs) == truth, truth >= 0
    else:
        found, known = ((outputs > 0) == truth).all(axis=1), (truth >= 0).all(axis=1)
    return {"right": pd.Series(np.where(known, found.astype(object), None)).astype("boolean")}


def sets_as_text(labels: LabelSets, matrix: npt.NDArray, separator: str) -> list[str | None]:
    """The labels of each row of a matrix of 0 and 1, as a cell holds them; None where they are not known."""
    names = np.array(list(map(str, labels.names)), dtype=object)
    return [None if (row < 0).any() else separator.join(names[row > 0]) for row in np.asarray(matrix).astype(np.int8)]


def cell_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Lists as a CSV file can hold them: words with a blank between them, anything else as JSON."""
    lists = [name for name in frame if frame[name].map(_is_list).any()]
    return frame.assign(**{str(name): frame[name].map(_as_text) for name in lists}) if lists else frame


def json_lines(frame: pd.DataFrame) -> str:
    """An object per line, lists as lists."""
    columns = [str(name) for name in frame]
    rows = zip(*(frame[name].tolist() for name in frame), strict=True)
    return "".join(
        f"{json.dumps(dict(zip(columns, map(_plain, row), strict=True)), ensure_ascii=False)}\n" for row in rows
    )


def _named(what: str, labels: Numbers, k: int) -> str:
    return what if len(labels) == 1 else f"{what}_{labels.names[k]}"


def _is_list(cell: object) -> bool:
    return isinstance(cell, list | np.ndarray)


def _as_text(cell: Any) -> Any:
    if not _is_list(cell):
        return cell
    items: Sequence[Any] = cell.tolist() if isinstance(cell, np.ndarray) else cell
    words = all(isinstance(item, str) and item and not any(map(str.isspace, item)) for item in items)
    return " ".join(items) if words else json.dumps(items, ensure_ascii=False)


def _plain(cell: Any) -> Any:
    """A cell as JSON has it: nothing for what is missing, nine digits of a number."""
    if isinstance(cell, np.ndarray):
        return cell.tolist()
    if isinstance(cell, float):
        return float(f"{cell:.9g}") if np.isfinite(cell) else None
    return None if cell is pd.NA else cell.item() if isinstance(cell, np.generic) else cell
