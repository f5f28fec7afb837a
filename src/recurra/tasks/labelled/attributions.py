"""What moved some predictions, and what usually moves one, as a page and `recurra inspect` have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import TOKENS, step_counts
from recurra.data.encoders.standardising import ColumnEncoder
from recurra.data.encoders.tokens import SymbolEncoder, TextEncoder
from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.report.texts import text_of
from recurra.tasks.labelled.explanation import explain, explanation_frame
from recurra.tasks.labelled.model import SequenceModel

Ints = npt.NDArray[np.int64]

POINTS, MOST_POINTS, FEW_POINTS = 32, 128, 8  # of the integral: of examples that are shown, and of the mean over many
USUAL, USUAL_STEPS = 200, 5_000  # examples, and their steps in all, that the mean is taken over
_SELDOM = 3  # occurrences below which a token is not usual
_MOST_TOKENS = 40  # of each class


def explained_frame(
    model: SequenceModel, examples: Examples, names: list[str], step: Ints | None = None
) -> pd.DataFrame:
    """example (from 0), input, step (from 0), token, attribution, target: a row per step and feature.

    What is explained is what was predicted, of tags that of `step` [N].
    """
    frames = []
    for k in range(len(examples)):
        one = examples.take([k])
        encoded = model.reader.encode(one)
        outputs = model.outputs(encoded)
        at = None if step is None else int(step[k])
        scores = outputs if at is None else outputs[at : at + 1]
        sums = scores.sum(axis=0, keepdims=True)
        target = model.objective.explained(sums)
        found = explain(model, encoded, target, step=at, points=POINTS, most=MOST_POINTS)
        frames.append(explanation_frame(model, one, found, names).assign(example=k))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def usual_frame(model: SequenceModel, examples: Examples, names: list[str]) -> pd.DataFrame:
    """token, class, strength, count, input: how much each token, or feature, usually speaks for what is predicted.

    The mean over an evenly spread sample of the examples; the strongest tokens of each class that occur at least three
    times. Of numbers and tags there is one class, without a name.
    """
    numbers = _sample(examples)
    if not len(numbers):
        return pd.DataFrame(columns=["token", "class", "strength", "count", "input"])
    part = examples.take(numbers)
    encoded = model.reader.encode(part)
    outputs = model.outputs(encoded)
    if model.objective.per_step:
        offsets = np.concatenate([[0], np.cumsum(step_counts(encoded))])
        outputs = np.add.reduceat(outputs, offsets[:-1], axis=0)
    targets = model.objective.explained(outputs)
    frame = explanation_frame(model, part, explain(model, encoded, targets, points=FEW_POINTS, most=FEW_POINTS), names)
    if not model.objective.closed:
        frame["target"] = None
    frame["token"] = _as_read(model, frame)
    table = (
        frame.groupby(["target", "token", "input"], sort=False, dropna=False)["attribution"]
        .agg(["mean", "size"])
        .reset_index()
    )
    table = table[table["size"] >= min(_SELDOM, len(part))]
    order = table["mean"].abs().sort_values(ascending=False, kind="stable").index
    strongest = table.loc[order].groupby(["target", "input"], sort=False, dropna=False).head(_MOST_TOKENS)
    return strongest.set_axis(["class", "token", "input", "strength", "count"], axis="columns")


def series_values(examples: Examples, frame: pd.DataFrame) -> pd.DataFrame:
    """Of an explanation the rows of numeric series, with the value at each step: NaN for what the reader added."""
    parts = []
    for name, column in examples.columns.items():
        if not isinstance(column, Steps):
            continue
        if isinstance(examples.kinds[name], Audio):
            parts.append(_loudness(name, column, frame[frame["input"] == name]))
            continue
        place = {feature: k for k, feature in enumerate(column.names)}
        part = frame[(frame["input"] == name) & frame["token"].isin(place)]
        start = column.values.offsets[part["example"].to_numpy()]
        features = part["token"].map(place).to_numpy(dtype=np.int64)
        values = column.values.values[start + part["step"].to_numpy(), features]
        parts.append(part.assign(value=values).rename(columns={"token": "feature"}))
    columns = ["example", "step", "feature", "value", "attribution"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _loudness(name: str, column: Steps, part: pd.DataFrame) -> pd.DataFrame:
    """Of a recording the mean of its log-mel bands at each step, in the place of all of them."""
    places = column.values.offsets[part["example"].to_numpy()] + part["step"].to_numpy()
    value = column.values.values.mean(axis=1)[places]
    return part.assign(value=value, token=f"{name}: loudness").rename(columns={"token": "feature"})


def with_gaps(model: SequenceModel, examples: Examples, frame: pd.DataFrame) -> pd.DataFrame:
    """Of an explanation the rows of tokens, with `after`: what stands between each token and the next in the text.

    Columns that are constant per example follow, each with its value: "age = 34".
    """
    encoders = model.reader.encoders
    names = [name for name, encoder in encoders.items() if isinstance(encoder, TOKENS)]
    part = frame[frame["input"].isin(names)].copy()
    part["after"] = " "
    for name in names:
        encoder, column = encoders[name], examples.columns[name]
        if isinstance(encoder, SymbolEncoder):
            part.loc[part["input"] == name, "after"] = ""
        elif isinstance(encoder, TextEncoder):
            for k in part.loc[part["input"] == name, "example"].unique():
                rows = part.index[(part["input"] == name) & (part["example"] == k)]
                part.loc[rows, "after"] = _gaps(str(column[k]), part.loc[rows, "token"].tolist())  # type: ignore[index]
    fixed = [
        _with_values(frame[frame["input"] == name], encoder, examples.columns[name])
        for name, encoder in encoders.items()
        if isinstance(encoder, ColumnEncoder)
    ]
    return pd.concat([part, *fixed], ignore_index=True) if fixed else part


def _with_values(part: pd.DataFrame, encoder: ColumnEncoder, values: Any) -> pd.DataFrame:
    """A row per example and column: what the column and its absence added together, and the value as its token."""
    columns = {f"{name} (missing)": name for name in encoder.numeric}
    part = part.assign(token=part["token"].replace(columns))
    others = {name: "first" for name in part.columns if name not in ("example", "token", "attribution")}
    part = part.groupby(["example", "token"], sort=False, as_index=False).agg({"attribution": "sum", **others})
    known = [text_of(values[token].iloc[k]) for k, token in zip(part["example"], part["token"], strict=True)]
    told = [f"{token} = {value or '∅'}" for token, value in zip(part["token"], known, strict=True)]
    return part.assign(token=told, step=part.groupby("example").cumcount(), after=", ")


def _gaps(text: str, tokens: list[str]) -> list[str]:
    """What follows each token in the text."""
    found, place = [], 0
    ends = []
    for token in tokens:
        start = text.find(token, place)
        place = (start if start >= 0 else place) + len(token)
        ends.append((start, place))
    starts = [start for start, _ in ends[1:]] + [len(text)]
    for (_, end), start in zip(ends, starts, strict=True):
        found.append(text[end:start] if start >= end else " ")
    return found


def _as_read(model: SequenceModel, frame: pd.DataFrame) -> Any:
    """Tokens as the vocabulary has them."""
    lower = [n for n, e in model.reader.encoders.items() if isinstance(e, TextEncoder) and e.lowercase]
    return frame["token"].where(~frame["input"].isin(lower), frame["token"].str.lower())


def _sample(examples: Examples) -> Ints:
    """Evenly spread examples, so many that their steps are not too many."""
    numbers = np.unique(np.linspace(0, len(examples) - 1, min(USUAL, len(examples))).astype(np.int64))
    longest = 1
    for column in examples.take(numbers).columns.values():
        if isinstance(column, Ragged):
            longest = max(longest, int(column.lengths.max(initial=1)))
        elif isinstance(column, Steps):
            longest = max(longest, int(column.values.lengths.max(initial=1)))
        elif isinstance(column, np.ndarray):
            longest = max([longest, *(len(text or "") for text in column)])
    return numbers[:: -(-len(numbers) * longest // USUAL_STEPS)]
