"""From an evaluated model of what comes next to what its report says."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recurra.data.events.reading import EventColumns
from recurra.data.files.cells_out import cell_text
from recurra.formatting import count
from recurra.language import _, mark
from recurra.report import Card, Deferred, ReportContent
from recurra.report.panels import Frame, Sentences
from recurra.tasks.fitted import FittedEstimator
from recurra.tasks.memory import memory_data
from recurra.tasks.next_event.evaluating import EventTest, numbers_said
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.page import evaluation_data, page_content

if TYPE_CHECKING:
    from recurra.tasks.next_event.model import NextEventModel

_EXAMPLES = 6
_EXPLANATION = mark(
    "An attribution says how much the logarithm of the proposal's share falls when the event is taken out of the "
    "history."
)


class ReportedRanking(FittedEstimator):
    """Base of NextEvent: its page."""

    model_: NextEventModel
    holdout_: EventTest

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show; `head` may hold `title`, `facts`, `notes` and `arguments`."""
        tested: EventTest | None = getattr(self, "holdout_", None)
        data: dict[str, Any] = {"learning": self.learning(), **memory_data(self.model_.members)}
        panels: list[Any] = ["cards", "methods", "explained"]
        if tested is not None:
            data |= _evaluated(tested)
            panels += _own_panels(tested)
        about = _(
            "Every method ranks all items after each history; the scores say how high the item that came "
            "next is ranked."
        )
        head = {"title": head.pop("title", None) or _("What comes next"), "about": about, **head}
        return page_content(self, [*panels, "training", "memory"], data, **head)


def _evaluated(tested: EventTest) -> dict[str, Any]:
    evaluation = tested.evaluation
    shown = Deferred(lambda: _explained(tested))
    cards = [
        Card(_("evaluated on"), count(len(tested.asked), "question"), _("unseen in training")),
        Card(_("ranked among"), f"{len(tested.model.reader.items):,}", _("all items")),
    ]
    return {
        **evaluation_data(evaluation),
        "headline": tuple(name for name in (evaluation.leading, "MRR@20") if name in evaluation.table),
        "cards": cards,
        "compared_on": mark("Every method ranks all items for the same questions, none of which it was trained on."),
        "chosen": shown.part("chosen"),
        "explained": shown.part("explained"),
        "writing": "words",
        "explanation": _(_EXPLANATION),
    }


def _own_panels(tested: EventTest) -> list[Any]:
    panels: list[Any] = []
    sentences = numbers_said(tested.numbers)
    if sentences:
        panels.append(Sentences(_("Numbers that come next"), sentences))
    asked = tested.asked
    before = asked - np.repeat(tested.log.offsets[:-1], tested.log.lengths)[asked]
    edges = [1, 2, 3, 5, 10, 20, 50, 10**9]
    rows = []
    top = 1 if tested.evaluation.leading == "accuracy" else 20
    for low, high in pairwise(edges):
        inside = (before >= low) & (before < high)
        if inside.sum() >= 5:
            name = f"{low}" if high == low + 1 else f"{low}–{high - 1}" if high < 10**9 else f"≥ {low}"
            hits = tested.ranks.rank[inside] <= top
            rows.append((name, f"{int(inside.sum()):,}", f"{100 * hits.mean():.1f} %"))
    frame = pd.DataFrame(rows, columns=["", _("questions"), _(tested.evaluation.leading)]).set_index("")
    frame.index.name = _("events before")
    if len(frame) > 1:
        panels.append(Frame(_("By length of the history"), frame, half=True))
    return panels


def _explained(tested: EventTest) -> dict[str, pd.DataFrame]:
    """Some questions with the past events that spoke for the first proposal: hits and misses of some length."""
    before = tested.asked - np.repeat(tested.log.offsets[:-1], tested.log.lengths)[tested.asked]
    long = np.flatnonzero((before >= min(3, int(before.max()))) & (before <= 30))
    hits = long[tested.ranks.rank[long] <= 1]
    misses = (
        long[tested.ranks.rank[long] > 20] if len(tested.model.reader.items) > 40 else long[tested.ranks.rank[long] > 1]
    )
    half = _EXAMPLES // 2
    picked = [*_spread(hits, half), *_spread(misses, _EXAMPLES - half)]
    chosen, explained = [], []
    for number, place in enumerate(picked):
        target = int(tested.asked[place])
        first = int(tested.log.offsets[np.searchsorted(tested.log.offsets, target, side="right") - 1])
        mask = np.zeros(len(tested.log), dtype=bool)
        mask[first:target] = True
        found = explain_last(tested.model, tested.log.keep(mask))
        if not len(found):
            continue
        proposal = found["proposal"].iloc[0]
        rank = tested.ranks.rank[place]
        why = _("what came next is proposed first") if rank <= 1 else _("what came next is not among the first")
        chosen.append((number + 1, tested.log.items[target], proposal, np.nan, why))
        explained.append(
            pd.DataFrame(
                {
                    "example": number + 1,
                    "step": found["event"],
                    "token": found["item"].astype(str),
                    "attribution": found["attribution"],
                }
            )
        )
    columns = ["example", "truth", "predicted", "probability", "why"]
    return {
        "chosen": pd.DataFrame(chosen, columns=columns),
        "explained": pd.concat(explained, ignore_index=True)
        if explained
        else pd.DataFrame(columns=["example", "step", "token", "attribution"]),
    }


def _spread(places: np.ndarray, most: int) -> list[int]:
    if not len(places):
        return []
    return places[np.unique(np.linspace(0, len(places) - 1, min(len(places), most)).astype(np.int64))].tolist()


def evaluation_frame(tested: EventTest, columns: EventColumns | None) -> pd.DataFrame:
    """row (of the file, from 1), user, truth, rank, proposed: the first one, and whether it was among the first."""
    log, items = tested.log, np.array(["", *tested.model.reader.items], dtype=object)
    rank = tested.ranks.rank
    user = columns.user if columns is not None and columns.user is not None else "history"
    frame = pd.DataFrame(
        {
            user: log.users[log.owners[tested.asked]],
            "truth": log.items[tested.asked],
            "rank": np.where(np.isfinite(rank), rank, np.nan),
            "predicted": items[tested.ranks.proposed[:, 0]],
            "right": rank <= 1,
        }
    )
    if len(log.rows):
        frame.insert(0, "row", log.rows[tested.asked] + 1)
    return cell_text(frame)
