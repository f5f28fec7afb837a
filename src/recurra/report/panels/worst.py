"""Texts that were produced worst, beside what they should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Cell, Section, Table, Text
from recurra.report.panels.panel import Panel
from recurra.report.texts import shortened


@dataclass(frozen=True, eq=False)
class Worst(Panel):
    """worst: row, source, reference, then what was produced and its score, whatever they are called."""

    worst: pd.DataFrame

    HEADS: ClassVar = (mark("row"), mark("source"), mark("reference"), mark("translation"))
    title: ClassVar[str] = mark("Translations least like their references")
    COLUMNS: ClassVar = {"worst": ("row", "source", "reference")}

    def section(self) -> Section | None:
        if not len(self.worst):
            return None
        *texts, score = map(str, self.worst.columns)
        rows = [
            [
                str(number),
                *(shortened(str(text), 300) for text in beside),
                Cell(shortened(str(said), 300), f"{score} {value:.1f}"),
            ]
            for number, *beside, said, value in self.worst.itertuples(index=False)
        ]
        told = _("Such examples show what the model misses; often their references are free, or wrong.")
        header = [_(name) for name in texts]
        return Section("worst", _(self.title), [Table(header, rows, "translated", head_cells=False), Text(told)])


def _cut(text: object) -> str:
    return shortened(str(text), 300)
