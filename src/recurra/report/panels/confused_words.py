"""The words that were most often taken for others, left out or put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Section, Table, Text
from recurra.report.panels.panel import Panel

_ROWS = 15


@dataclass(frozen=True, eq=False)
class ConfusedWords(Panel):
    """confused: truth ("" where a word was put in), said ("" where it was left out), count."""

    confused: pd.DataFrame

    title: ClassVar[str] = mark("Confused words")
    COLUMNS: ClassVar = {"confused": ("truth", "said", "count")}

    def section(self) -> Section | None:
        if not len(self.confused):
            return None
        rows = [
            [row["truth"] or _("(nothing)"), row["said"] or _("(nothing)"), f"{int(row['count']):,}"]
            for row in self.confused.head(_ROWS).to_dict("records")
        ]
        told = _("{n:,} errors in all.", n=int(self.confused["count"].sum()))
        return Section("confused-words", _(self.title), [Table([_("said"), _("heard"), _("count")], rows), Text(told)])
