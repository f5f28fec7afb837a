"""Panels for whatever else a task wants to show: a frame as a table, sentences, a Plotly figure, markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from recurra.formatting import style_of_sizes
from recurra.report.blocks import Html, Plot, Section, Table, Text
from recurra.report.panels.panel import Panel
from recurra.report.style import Figure
from recurra.report.texts import shortened, text_of

ROWS = 200


@dataclass(frozen=True, eq=False)
class Frame(Panel):
    """A frame as a table, its index as the first column; of a long one the first `ROWS` rows."""

    heading: str
    frame: pd.DataFrame
    caption: str = ""
    half: bool = False

    def section(self) -> Section | None:
        if not len(self.frame):
            return None
        shown = self.frame.iloc[:ROWS]
        columns = [_texts(shown[name]) for name in shown.columns]
        rows = [[shortened(text_of(name), 80), *cells] for name, *cells in zip(shown.index, *columns, strict=True)]
        header = [text_of(self.frame.index.name), *map(str, self.frame.columns)]
        blocks = [Table(header, rows, label=self.heading), *([Text(self.caption)] if self.caption else [])]
        return Section(identifier(self.heading), self.heading, blocks, half=self.half)


@dataclass(frozen=True, eq=False)
class Sentences(Panel):
    """Sentences, each a paragraph."""

    heading: str
    sentences: Sequence[str]
    half: bool = False

    def section(self) -> Section | None:
        blocks = [Text(sentence) for sentence in self.sentences]
        return Section(identifier(self.heading), self.heading, blocks, half=self.half) if blocks else None


@dataclass(frozen=True, eq=False)
class Chart(Panel):
    """A Plotly figure as plain data: {"data": [...], "layout": {...}}; `recurra.report.style.figure` makes one."""

    heading: str
    figure: Figure
    caption: str = ""
    height: int = 380
    half: bool = False

    def section(self) -> Section | None:
        name = identifier(self.heading)
        plot = Plot(f"plot-{name}", self.heading, self.figure, self.height)
        return Section(name, self.heading, [plot, *([Text(self.caption)] if self.caption else [])], half=self.half)


@dataclass(frozen=True, eq=False)
class Fragment(Panel):
    """HTML as it is. Make it with `markupsafe.Markup.format`, which escapes what comes from the data."""

    heading: str
    markup: Markup
    half: bool = False

    def section(self) -> Section | None:
        return Section(identifier(self.heading), self.heading, [Html(self.markup)], half=self.half)


def identifier(heading: str) -> str:
    """A name for a part of the page: letters and digits of its heading."""
    return "own-" + "".join(letter if letter.isalnum() else "-" for letter in heading.lower())


def _texts(column: pd.Series) -> list[str]:
    if column.dtype.kind != "f":
        return [shortened(text_of(value), 120) for value in column]
    style = style_of_sizes(column)
    return [style.text(value) for value in column]
