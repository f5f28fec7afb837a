"""A trained model of what comes next as the contents of a model file, and back.

header      who made it, the verdict, how many networks there are
model       every field of a `NextEventModel` but its members; their weights are weights/K/...
usage       which columns a log has, and which events are its test part

The counting methods keep what they counted: the latest histories of session-kNN are data, without their users' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recurra.data.events.games import GameColumns
from recurra.data.events.reading import EventColumns
from recurra.deploy.keeping import Keeper, Opener, refusing
from recurra.deploy.model_file import Contents
from recurra.ensemble.members import Member
from recurra.errors import ModelFileError
from recurra.evaluation.ranking.rankers import ItemRules, NGramRanker, OwnHistory, Popularity, SessionNeighbours
from recurra.language import _
from recurra.nn.next_event import NextEventNetwork
from recurra.tasks.next_event.model import NextEventModel, make_network
from recurra.tasks.next_event.splitting import Cut

KIND = "next event"


@dataclass(frozen=True)
class Usage:
    """How a log is read, and what is asked of it; `columns` is None for a model that was not fitted to a table."""

    columns: EventColumns | None
    cut: Cut
    least: int
    wanted: tuple[str, ...] = ()
    games: GameColumns | None = None


@dataclass(frozen=True)
class FittedState:
    """What a file holds of an estimator."""

    model: NextEventModel
    usage: Usage
    verdict: str | None


def to_contents(kept: FittedState, *, made_by: str, kind: str = KIND) -> Contents:
    """Everything that is needed to predict, and to be evaluated, again."""
    keeper, model = Keeper(), kept.model
    keeper.ensemble([member.network for member in model.members], made_by=made_by, verdict=kept.verdict)
    keeper.part("model", model, without=("members",))
    keeper.part("usage", kept.usage)
    return keeper.contents(kind)


def from_contents(contents: Contents, path: str) -> FittedState:
    """What `to_contents` kept; raises `ModelFileError` where configuration and tensors do not fit."""
    with refusing(path, "model of what comes next"):
        opener = Opener(contents, path, None)

        def members(parts: Mapping[str, Any]) -> tuple[Member[NextEventNetwork], ...]:
            reader, recipe = parts["reader"], parts["recipe"]
            if len(parts["counts"]) != len(reader.items):
                raise ModelFileError(_("it counts {n} of {size} items", n=len(parts["counts"]), size=len(reader.items)))
            for ranker in parts["rankers"]:
                _check_size(ranker, len(reader.items))
            opener.refuse_deep(recipe.network.layers)
            return tuple(
                Member(opener.network(k, lambda: make_network(reader, parts["numbers"], recipe)))
                for k in range(opener.header.members)
            )

        model: NextEventModel = opener.part("model", NextEventModel, given={"members": members})
        usage: Usage = opener.part("usage", Usage)
        if not model.members:
            raise ModelFileError(_("it has no network"))
        unknown = set(model.blend.methods or {}) - {ranker.name for ranker in model.rankers}
        if unknown:
            raise ModelFileError(_("it blends {names}, which it does not hold", names=sorted(unknown)))
        kept = FittedState(model, usage, opener.header.verdict)
        opener.refuse_more(to_contents(kept, made_by=opener.header.made_by, kind=contents.kind))
    return kept


def _check_size(ranker: Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory, items: int) -> None:
    """Refuse a method that counts other items: its scores would not fit."""
    if isinstance(ranker, Popularity):
        sizes = [len(ranker.counts)]
    elif isinstance(ranker, ItemRules):
        sizes = [ranker.table.columns, len(ranker.table.indptr) - 1]
    elif isinstance(ranker, SessionNeighbours):
        sizes = [ranker.histories.columns, len(ranker.rarity)]
    elif isinstance(ranker, NGramRanker):
        sizes = [ranker.counts.columns, len(ranker.shares)]
        if len(ranker.keys) != len(ranker.counts.indptr) - 1 or not 1 <= ranker.depth <= 64:
            raise ModelFileError(_("its {name} has {n} contexts", name=ranker.name, n=len(ranker.keys)))
    else:
        sizes = [ranker.items]
    if any(size != items for size in sizes):
        raise ModelFileError(
            _("its {name} counts {sizes} items: expected {size}", name=ranker.name, sizes=sizes, size=items)
        )
