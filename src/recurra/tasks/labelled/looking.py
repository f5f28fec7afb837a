"""What `insight` finds in a model of labelled sequences: what it remembers, and what moved its predictions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import step_counts
from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.inspect.several import findings_of
from recurra.language import _
from recurra.tasks.estimator import Done, Insight
from recurra.tasks.labelled.attributions import explained_frame, usual_frame
from recurra.tasks.labelled.insight import looked_at
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.results import Ids
from recurra.tasks.memory import memory_sentences

_MOST = 50  # examples that are explained
_TOKENS, _STEPS, _STRONGEST = 20, 500, 12  # rows and columns of the picture, lines of the printed table


def insight_of(
    model: SequenceModel,
    every: Examples,
    ids: Ids,
    *,
    empty: str,
    step: int | None,
    facts: list[Fact],
    done: Done,
) -> Insight:
    """Of examples that are spread evenly over those of a file."""
    kept = keep_rows(every, empty=empty, optional=model.recipe.optional)
    numbers = kept[np.unique(np.linspace(0, len(kept) - 1, min(len(kept), _MOST)).astype(np.int64))]
    examples = every.take(numbers)
    if len(numbers) < len(every):
        facts = [
            *facts,
            Fact("explained", _("{examples}, spread evenly over the file", examples=counted(len(numbers), "example"))),
        ]
    encoded = model.reader.encode(examples)
    seen = looked_at(model, encoded) if step_counts(encoded).max() > 1 else []
    names = list(map(str, model.objective.labels.names))
    moved = _explained(model, examples, names, step, done)
    rows = numbers[moved["example"].to_numpy(dtype=np.int64)]
    table = moved.assign(example=rows + 1, step=moved["step"] + 1).rename(columns={"example": "row"})
    if ids is not None:
        table.insert(1, ids[0], ids[1][rows])
    return Insight(
        facts=facts,
        sentences=memory_sentences(seen),
        findings=list(map(str, findings_of(seen))),
        nothing="" if seen else _("Nothing to show: each of these examples has a single step."),
        tables=_usual(model, examples, names),
        moved=table,
        strength=_by_step(moved),
        first=1,
        title=_("What usually moves a prediction, mean size by step"),
        flows=max((watched.flows for watched in seen if watched.flows), key=_reach, default=None),
    )


def _usual(model: SequenceModel, examples: Examples, names: list[str]) -> list[tuple[str, pd.DataFrame]]:
    usual = usual_frame(model, examples, names)
    usual = usual.rename(columns={"class": "predicted", "count": "occurs", "strength": "moved by"})
    if usual["input"].nunique() < 2:
        usual = usual.drop(columns="input")
    tables = []
    for name, part in usual.groupby("input", sort=False) if "input" in usual else [("", usual)]:
        what = _("What moved the predictions most: {name}", name=name) if name else _("What moved the predictions most")
        own = part.drop(columns="input", errors="ignore").head(_STRONGEST)
        tables.append((what, own.dropna(axis="columns", how="all")))
    return tables


def _reach(flows: tuple) -> int:
    """Steps of the way through time of a look."""
    return len(flows[0].layers[0].gradient)


def _explained(
    model: SequenceModel, examples: Examples, names: list[str], step: int | None, done: Done
) -> pd.DataFrame:
    """The explanation of each example."""
    frames = []
    for k in range(len(examples)):
        at = None if step is None else np.array([step - 1])
        frames.append(explained_frame(model, examples.take([k]), names, at).assign(example=k))
        done(k + 1)
    return pd.concat(frames, ignore_index=True)


def _by_step(moved: pd.DataFrame) -> dict[str, npt.NDArray]:
    """For the strongest tokens or features: the mean size of what they moved at each step [T]."""
    sizes = moved.assign(size=moved["attribution"].abs())
    sizes = sizes[sizes["step"] < _STEPS]
    if sizes["input"].nunique() > 1:  # the same word in two columns is two things
        sizes = sizes.assign(token=sizes["input"].astype(str) + ": " + sizes["token"].astype(str))
    strongest = sizes.groupby("token", sort=False)["size"].sum().nlargest(_TOKENS).index
    count = moved["example"].nunique()
    steps = int(sizes["step"].max()) + 1
    return {
        str(token): np.bincount(part["step"], weights=part["size"], minlength=steps) / count
        for token, part in sizes[sizes["token"].isin(strongest)].groupby("token", sort=False)
    }
