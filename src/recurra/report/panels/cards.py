"""The headline numbers: the scores of the model beside the best baseline, and what else a task counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup

from recurra.language import _, mark
from recurra.report.blocks import Html, Section
from recurra.report.panels.panel import Panel
from recurra.report.panels.table import ours_of, value_of
from recurra.report.rows import Card
from recurra.scores import Score, shown_as

MOST = 4  # scores


@dataclass(frozen=True, eq=False)
class Cards(Panel):
    """Some scores of `table` (those of `headline`, else the leading one and those beside it), then `cards`."""

    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""
    leading: str = ""
    headline: tuple[str, ...] = ()
    cards: Sequence[Card] = ()

    title: ClassVar[str] = mark("Headline numbers")

    def section(self) -> Section | None:
        made = self.made()
        one = Markup('<div class="card"><dt>{}</dt><dd class="value">{}</dd><dd class="note">{}</dd></div>')
        inner = Markup("\n").join(one.format(card.label, card.value, card.note) for card in made)
        return (
            Section("cards", "", [Html(Markup('<dl class="cards">{}</dl>').format(inner))], bare=True) if made else None
        )

    def made(self) -> list[Card]:
        """The cards; those whose numbers were not computed are left out."""
        ours = ours_of(self.table, self.baselines)
        names = self.headline or sorted(map(str, self.table.columns), key=lambda name: name != self.leading)
        found = [(name, value_of(self.table, ours, name)) for name in names]
        known = [(name, value) for name, value in found if np.isfinite(value)][: max(MOST, len(self.headline))]
        return [*(self._card(name, value) for name, value in known), *self.cards]

    def _card(self, name: str, ours: float) -> Card:
        score, other = shown_as(name), value_of(self.table, self.best_baseline, name)
        label = score.title
        if score.nominal is not None:
            label = _("{level} % interval", level=f"{100 * score.nominal:g}")
        return Card(label, score.texts(np.array([ours]), unit=True)[0], self._note(score, ours, other))

    def _note(self, score: Score, ours: float, other: float) -> str:
        if np.isfinite(other) or score.nominal is not None:
            return score.against(ours, other, self.best_baseline)
        return "" if score.higher is None else _("higher is better") if score.higher else _("lower is better")
