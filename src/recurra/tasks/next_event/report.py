"""From an evaluated model of what comes next to what its report says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from recurra.data.files.cells_out import cell_text
from recurra.formatting import count
from recurra.language import _, mark
from recurra.report import Card, Deferred
from recurra.report.panels import Frame, Sentences
from recurra.tasks.next_event.evaluating import numbers_said
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.studied import Tested

_EXAMPLES = 6
_EXPLANATION = mark(
    "An attribution says how much the logarithm of the proposal's share falls when the event is taken out of the "
    "history."
)


def panel_data(tested: Tested) -> dict[str, Any]:
    """What the panels of the page need beside the scores."""
    evaluation = tested.evaluation
    shown = Deferred(lambda: _explained(tested))
    cards = [
        Card(_("evaluated on"), count(len(tested.rows), "question"), _("unseen in training")),
        Card(_("ranked among"), f"{len(tested.model.reader.items):,}", _("all items")),
    ]
    return {
        "headline": tuple(name for name in (evaluation.leading, "MRR@20") if name in evaluation.table),
        "cards": cards,
        "compared_on": mark("Every method ranks all items for the same questions, none of which it was trained on."),
        "chosen": shown.part("chosen"),
        "explained": shown.part("explained"),
        "writing": "words",
        "explanation": _(_EXPLANATION),
    }


def own_panels(tested: Tested) -> list[Any]:
    """Panels that no other page has: numbers that come next, and the score by length of the history."""
    panels: list[Any] = []
    sentences = numbers_said(tested.produced.numbers)
    if sentences:
        panels.append(Sentences(_("Numbers that come next"), sentences))
    asked = tested.data.places
    before = asked - np.repeat(tested.data.log.offsets[:-1], tested.data.log.lengths)[asked]
    edges = [1, 2, 3, 5, 10, 20, 50, 10**9]
    rows = []
    top = 1 if tested.evaluation.leading == "accuracy" else 20
    for low, high in pairwise(edges):
        inside = (before >= low) & (before < high)
        if inside.sum() >= 5:
            name = f"{low}" if high == low + 1 else f"{low}–{high - 1}" if high < 10**9 else f"≥ {low}"
            hits = tested.produced.ranks.rank[inside] <= top
            rows.append((name, f"{int(inside.sum()):,}", f"{100 * hits.mean():.1f} %"))
    frame = pd.DataFrame(rows, columns=["", _("questions"), _(tested.evaluation.leading)]).set_index("")
    frame.index.name = _("events before")
    if len(frame) > 1:
        panels.append(Frame(_("By length of the history"), frame, half=True))
    return panels


def _explained(tested: Tested) -> dict[str, pd.DataFrame]:
    """Some questions with the past events that spoke for the first proposal: hits and misses of some length."""
    before = tested.data.places - np.repeat(tested.data.log.offsets[:-1], tested.data.log.lengths)[tested.data.places]
    rank = tested.produced.ranks.rank
    long = np.flatnonzero((before >= min(3, int(before.max()))) & (before <= 30))
    far = 20 if len(tested.model.reader.items) > 40 else 1
    hits, misses = long[rank[long] <= 1], long[rank[long] > far]
    half = _EXAMPLES // 2
    picked = [*_spread(hits, half), *_spread(misses, _EXAMPLES - half)]
    chosen, explained = [], []
    for number, place in enumerate(picked):
        target = int(tested.data.places[place])
        first = int(tested.data.log.offsets[np.searchsorted(tested.data.log.offsets, target, side="right") - 1])
        mask = np.zeros(len(tested.data.log), dtype=bool)
        mask[first:target] = True
        found = explain_last(tested.model, tested.data.log.keep(mask))
        if not len(found):
            continue
        proposal = found["proposal"].iloc[0]
        why = _("what came next is proposed first") if rank[place] <= 1 else _("what came next is not among the first")
        chosen.append((number + 1, tested.data.log.items[target], proposal, np.nan, why))
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


def evaluation_frame(tested: Tested, user: str) -> pd.DataFrame:
    """row (of the file, from 1), user, truth, rank, proposed: the first one, and whether it was among the first."""
    log, items = tested.data.log, np.array(["", *tested.model.reader.items], dtype=object)
    rank = tested.produced.ranks.rank
    frame = pd.DataFrame(
        {
            user: log.users[log.owners[tested.data.places]],
            "truth": log.items[tested.data.places],
            "rank": np.where(np.isfinite(rank), rank, np.nan),
            "predicted": items[tested.produced.ranks.proposed[:, 0]],
            "right": rank <= 1,
        }
    )
    if len(log.rows):
        frame.insert(0, "row", log.rows[tested.data.places] + 1)
    return cell_text(frame)
