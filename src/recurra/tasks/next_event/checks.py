"""What the parts of a model file must agree on before it is believed to be a model of what comes next."""

from __future__ import annotations

from recurra.data.events.habits import MIXED
from recurra.errors import ModelFileError
from recurra.evaluation.ranking.rankers import ItemRules, NGramRanker, OwnHistory, Popularity, SessionNeighbours
from recurra.language import _
from recurra.tasks.next_event.model import NextEventModel


def check_model(model: NextEventModel) -> None:
    """Raise ModelFileError where a method counts other items than the network, or what is blended is not there."""
    items = len(model.reader.items)
    if not model.members:
        raise ModelFileError(_("it has no network"))
    if len(model.counts) != items:
        raise ModelFileError(_("it counts {n} of {size} items", n=len(model.counts), size=items))
    for ranker in model.rankers:
        _check_size(ranker, items)
    known = {ranker.name for ranker in model.rankers} | ({MIXED} if model.reader.habits is not None else set())
    unknown = set(model.blend.methods or {}) - known
    if unknown:
        raise ModelFileError(_("it blends {names}, which it does not hold", names=sorted(unknown)))


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
