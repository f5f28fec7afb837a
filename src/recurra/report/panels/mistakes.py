"""The examples that were predicted most wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import percent, style_of_range
from recurra.language import _, mark
from recurra.report.blocks import Cell, Section, Table, Text
from recurra.report.panels.panel import Panel
from recurra.report.texts import labelled, shortened, text_of


@dataclass(frozen=True)
class Mistake:
    """An example that was predicted wrong; `probability` is "" where there is none."""

    example: str
    truth: str
    predicted: str
    probability: str


@dataclass(frozen=True, eq=False)
class Mistakes(Panel):
    """The hardest examples. hardest: example [text], truth, predicted, probability [of what was predicted].

    mistakes_called: the heading; mistake_heads: what the columns of truth and prediction are called.
    """

    hardest: pd.DataFrame
    mistakes_called: str = mark("Most confidently wrong")
    mistake_heads: tuple[str, str] = (mark("truth"), mark("predicted"))

    title: ClassVar[str] = mark("Most confidently wrong")
    COLUMNS: ClassVar = {"hardest": ("example", "truth", "predicted", "probability")}

    def section(self) -> Section | None:
        if not len(self.hardest):
            return None
        header = [_("example"), *map(_, self.mistake_heads)]
        rows = [[row.example, row.truth, Cell(row.predicted, row.probability)] for row in mistakes(self.hardest)]
        told = _("Such examples show what the model misses; often their labels are wrong.")
        blocks = [Table(header, rows, "hardest", head_cells=False), Text(told)]
        return Section("hardest", _(self.mistakes_called), blocks)


def mistakes(frame: pd.DataFrame) -> list[Mistake]:
    """The examples as texts."""
    numeric = pd.api.types.is_float_dtype(frame["truth"])
    style = style_of_range(frame[["truth", "predicted"]].to_numpy(dtype=np.float64)) if numeric else None
    return [
        Mistake(
            shortened(text_of(row["example"])) or _("(empty)"),
            shortened(labelled(row["truth"], style), 120),
            shortened(labelled(row["predicted"], style), 120),
            percent(float(row["probability"])) if text_of(row["probability"]) else "",
        )
        for row in frame.to_dict("records")
    ]
