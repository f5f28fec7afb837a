"""What a model of what comes next decided by itself, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recurra.data.events.log import EventLog
from recurra.data.events.reader import EventReader
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, shown
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count
from recurra.language import _, listing, mark
from recurra.methods import method_name
from recurra.options import option
from recurra.tasks.next_event.model import NextEventModel
from recurra.tasks.training_fact import training_fact

_SEEN = {True: mark("items of the past may be proposed again"), False: mark("items of the past are not proposed")}

_NAMED = 10  # items that a note names


def model_facts(model: NextEventModel) -> list[Fact]:
    """One line for each decision, and the flag that decides otherwise."""
    recipe = model.recipe
    network, training = recipe.network, recipe.training
    told = _(
        "{members} x {cell}, {layers} of {units}, items as {width} features",
        members=recipe.members,
        cell=recipe.cell,
        layers=count(network.layers, "layer"),
        units=count(network.hidden, "unit"),
        width=network.embedding,
    )
    items = counted(len(model.reader.items), "item")
    cold = len(model.reader.items) - model.reader.seen
    if cold:
        items += _(", {n} of them by their features alone", n=f"{cold:,}")
    drawn = _(", {n} of which are drawn in each step", n=f"{network.negatives:,}") if network.negatives else ""
    facts = [
        Fact("network", told, option("cell")),
        training_fact(training),
        *stopped(model.members, training.epochs),
        Fact(_("ranked"), items + drawn),
        Fact(_("seen items"), _(_SEEN[recipe.keep_seen]), option("seen")),
    ]
    if model.blend.methods:
        parts = listing(f"{weight:.2f} x {method_name(name)}" for name, weight in model.blend.methods.items())
        said = _("{network:.2f} x network plus {parts} (held-out events)", network=model.blend.network, parts=parts)
        facts.append(Fact(_("blend"), said))
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]


def unknown_facts(log: EventLog, reader: EventReader, missing: Sequence[str]) -> list[Fact]:
    """Which columns a later log lacks, which of its items the reader does not know, and in how many events."""
    facts = [Fact(_("missing"), _("{columns}: read as unknown", columns=listing(missing)))] if missing else []
    strange = reader.codes(log.items) == 0
    if not strange.any():
        return facts
    told = _(
        "{events} with items that never occur in training, read as unknown: {items}",
        events=counted(int(strange.sum()), "event"),
        items=shown([str(item) for item in pd.unique(log.items[strange])], _NAMED),
    )
    return [*facts, Fact("note", told)]
