"""A recommender as graphs: an item and what comes with it in, scores of all items and the next numbers out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.events.reader import EncodedLog, EventReader
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.algebra import Term, joined
from recurra.deploy.graph.builder import Builder, numbers
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.errors import InputError
from recurra.evaluation.ranking.prefixes import Prefixes
from recurra.language import _, listing
from recurra.nn.next_event import LEVELS, NextEventNetwork
from recurra.tasks.next_event.model import GAP, NextEventModel

_ROWS, _STEPS = 3, 12  # of the vectors


def exported(model: NextEventModel) -> Exported:
    """The graphs of the networks; what counting methods add to their scores stays behind, and is said.

    Raises InputError where the network reads what is counted within a history.
    """
    if model.reader.habits is not None:
        raise InputError(
            _(
                "the network reads what is counted within each history of these {items} items, which is no part of a "
                "graph, so that it has no export: use predict, or serve",
                items=len(model.reader.items),
            )
        )
    cases = tuple(_case(model, row, steps) for row, steps in enumerate((*[_STEPS] * (_ROWS - 1), 1)))
    first = cases[0]
    along = [name for name in ("item", "about") if name in first.inputs]
    steps = tuple(
        Case(
            {name: np.atleast_1d(first.inputs[name][t]) for name in along},
            {name: values[t] for name, values in first.outputs.items()},
        )
        for t in range(_STEPS)
    )
    whole, step = (_graph(model, whole=whole) for whole in (True, False))
    remark = ""
    if model.helpers:
        remark = _(
            "The files hold the scores of the network alone. Not in them is what methods that count in the log add: "
            "{methods}. predict gives the whole score.",
            methods=listing(model.helpers),
        )
    return Exported("recommend", whole, step, _sidecar(model), cases, steps, remark=remark)


def _graph(model: NextEventModel, *, whole: bool) -> Graph:
    b, reader = Builder(), model.reader
    at = b.axis("events") if whole else ""
    item = b.input("item", 1, whole=True, at=at)
    about = b.input("about", reader.width, at=at) if reader.width else None
    scores: Term | None = None
    after: Term | None = None
    for k, member in enumerate(model.members):
        network, share = member.network, 1.0 / len(model.members)
        hidden, table = _hidden(b, network, item, about, f"member{k}_")
        query = hidden.linear(network.query.weight, network.query.bias)
        z = Term(b, b.linear(query.v, table, network.cold_bias, exact=network.described is not None))
        away = z - z.largest()
        found = (away - away.apply("exp").sum().apply("log")) * share
        scores = found if scores is None else scores + found
        if network.following is not None:
            raw = hidden.linear(network.following.weight, network.following.bias)
            width = len(LEVELS)
            ordered = [Term(b, b.sort(raw[j * width : (j + 1) * width].v)) for j in range(network.numbers)]
            rest = joined(ordered) * share
            after = rest if after is None else after + rest
    assert scores is not None
    if not model.helpers:
        scores = scores * float(model.blend.network)
    if after is None:
        return b.finish(scores.v, names=("scores",))
    values = after.cast(double=True)
    width = len(LEVELS)
    parts = []
    for j, number in enumerate(model.numbers):
        own = Term(b, b.scale(values[j * width : (j + 1) * width].v, number.spread, number.mean))
        parts.append(own.clip(0.0, 30.0).apply("exp") - 1.0 if number.name == GAP else own)
    return b.finish(scores.v, joined(parts).v, names=("scores", "numbers"))


def _hidden(
    b: Builder, network: NextEventNetwork, item: Vector, about: Vector | None, prefix: str
) -> tuple[Term, npt.NDArray]:
    """h, and the table of all items."""
    table = numbers(network.table)
    rows = np.concatenate([np.zeros((1, table.shape[1]), np.float32), table])
    # a table that features of items are part of is no matrix of weights, and is not rounded as one
    x = b.lookup(item, rows, exact=network.described is not None)
    y, _number = add_layer(b, x if about is None else b.join([x, about]), network.recurrence, False, 0, prefix)
    return Term(b, y), table


def _case(model: NextEventModel, row: int, steps: int) -> Case:
    """A history at random, and what the model says after each of its events."""
    reader, rng = model.reader, np.random.default_rng(row)
    codes = rng.integers(0, len(reader.items) + 1, steps)
    about = rng.normal(size=(steps, reader.width)).astype(np.float32)
    log = EncodedLog(codes, about, np.zeros(steps, np.float32), np.array([0, steps]))
    ends = np.arange(1, steps + 1)
    asked = Prefixes(codes, np.zeros(steps, np.int64), ends, len(reader.items))
    scores = model.scorer(log, ends, alone=True)(asked, slice(None))
    outputs: dict[str, Any] = {"scores": scores if model.helpers else scores * model.blend.network}
    found = model.next_numbers(log, ends)
    if found:
        outputs["numbers"] = np.concatenate([found[number.name] for number in model.numbers], axis=1)
    return Case({"item": codes} | ({"about": about} if reader.width else {}), outputs)


def _sidecar(model: NextEventModel) -> dict[str, Any]:
    """What the graphs cannot say: the items, how what comes with one is written, what the numbers are."""
    reader = model.reader
    found: dict[str, Any] = {
        "task": "recommend",
        "scores": "of the network alone" if model.helpers else "as predict has them",
        "items": list(reader.items),
        "seen": "may be proposed again" if model.recipe.keep_seen else "items of the history are not proposed",
        "about": _about(reader),
        "numbers": [{"name": number.name, "levels": list(LEVELS)} for number in model.numbers],
        "how": {
            "item": "its place in `items` + 1; 0 for one that is not there",
            "about": "the inputs of `about`, one after the other: of a number (value - mean) / spread, no further than "
            "5 from 0, and 1 where it is missing (then 0 before it); of words a 1 at the one that is there; of the gap "
            "the same as of a number, of log(1 + seconds) since the event before, missing at the first event; of the "
            "clock the sine and the cosine of 2 pi times the part of the day that is over, and a 1 at the day of the "
            "week, Thursday first (days since 1970-01-01, modulo 7); all 0 where the time is not known",
            "scores": "the logarithm of each item's probability, up to a factor: the largest is the proposal",
            "numbers": "the quantiles of each of `numbers` in turn; of the gap in seconds",
        },
    }
    return found


def _about(reader: EventReader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"number": column.name, "mean": column.mean, "spread": column.spread} for column in reader.features.numbers
    ]
    found += [{"words of": column.name, "words": list(column.words)} for column in reader.features.words]
    if reader.gap is not None:
        found.append({"number": GAP, "mean": reader.gap[0], "spread": reader.gap[1]})
    if reader.clock:
        found.append({"clock": ["sine", "cosine", *"Thu Fri Sat Sun Mon Tue Wed".split()]})
    return found
