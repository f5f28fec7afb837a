"""What surprised a generator: a text, each symbol on a ground that is the darker the less it was expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from recurra.formatting import NumberStyle
from recurra.language import _, mark
from recurra.report.blocks import Details, Html, Section, Table, Text
from recurra.report.panels.panel import Panel

LEVELS = 6
STEP = 1.0  # nats of one level of colour
LETTERS = 1500  # that are shown
WORDS = 12  # the most surprising ones
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Surprise(Panel):
    """surprise: symbol [text], nats [what it cost], in the order of the text."""

    surprise: pd.DataFrame

    title: ClassVar[str] = mark("Surprising symbols")
    COLUMNS: ClassVar = {"surprise": ("symbol", "nats")}

    def section(self) -> Section | None:
        if not len(self.surprise):
            return None
        symbols = self.surprise["symbol"].map(str).tolist()
        nats = self.surprise["nats"].to_numpy(dtype=np.float64)
        shown = int(np.searchsorted(np.cumsum([len(symbol) for symbol in symbols]), LETTERS)) + 1
        told = _("The beginning of the evaluation text. The darker the background, the less a symbol was expected: ")
        told += _("each shade is one nat more, and a nat less means 2.7 times as likely.")
        words = surprising_words(symbols, nats)
        style = NumberStyle(1)
        head = [_("word"), _("nats"), _("what came before it")]
        rows = [[word, style.text(cost), before] for word, cost, before in words]
        blocks = [
            Html(Markup('<p class="surprise">{}</p>').format(_coloured(symbols[:shown], nats[:shown]))),
            Text(told),
        ]
        if rows:
            table = Table(head, rows, "hardest", _("Words that cost most"), head_cells=False)
            blocks.append(Details(_("Words that cost most"), [table]))
        return Section("surprise", _(self.title), blocks, wide=True)


def surprising_words(symbols: list[str], nats: np.ndarray, most: int = WORDS) -> list[tuple[str, float, str]]:
    """The words of a text that cost most, how much, and what stands before each.

    >>> surprising_words(list("a cat"), np.array([1.0, 0.0, 2.0, 1.0, 1.0]), most=1)
    [('cat', 4.0, 'a ')]
    """
    text = "".join(symbols)
    ends = np.cumsum([len(symbol) for symbol in symbols])
    sums = np.concatenate([[0.0], np.cumsum(nats)])
    found = []
    for match in _WORD.finditer(text):
        first, last = np.searchsorted(ends, [match.start(), match.end() - 1], side="right")
        found.append((float(sums[last + 1] - sums[first]), match.start(), match.end()))
    seen: dict[str, tuple[str, float, str]] = {}
    for cost, start, end in sorted(found, reverse=True):
        word = text[start:end]
        seen.setdefault(word, (word, cost, " ".join(text[max(0, start - 40) : start].split("\n"))))
        if len(seen) >= most:
            break
    return list(seen.values())


def _coloured(symbols: list[str], nats: np.ndarray) -> Markup:
    """Runs of one level share a span; line ends are kept."""
    levels = np.clip((nats / STEP).astype(int), 0, LEVELS - 1)
    parts: list[Markup] = []
    start = 0
    for at in range(1, len(symbols) + 1):
        if at < len(symbols) and levels[at] == levels[start]:
            continue
        text = Markup("<br>").join(map(escape, "".join(symbols[start:at]).split("\n")))
        parts.append(Markup('<span class="s{}">{}</span>').format(int(levels[start]), text))
        start = at
    return Markup("").join(parts)
