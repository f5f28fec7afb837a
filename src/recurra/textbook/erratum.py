"""One error of the article: where it stands, what is right, and numbers that prove it."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from recurra.textbook.printing import format_number

WIDTH = 96  # columns of text
DIGITS = 6


class Evidence(NamedTuple):
    """One quantity, and its value by each of the erratum's columns; None where a column has nothing to say."""

    quantity: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, eq=False)
class Erratum:
    """One error.

    section, title  where it stands, and what it is
    article, right  the article's formula or claim, and the right one
    why             a sentence or two
    columns         what each number of the evidence is
    evidence        computes the numbers, once in a process
    """

    number: int
    section: str
    title: str
    article: str
    right: str
    why: str
    columns: tuple[str, ...]
    evidence: Callable[[], tuple[Evidence, ...]]

    def __repr__(self) -> str:
        return f"<Erratum {self.number}, section {self.section}: {self.title}>"

    def __str__(self) -> str:
        lines = [f"{self.number}  Article {self.section}: {self.title}", ""]
        for label, text in (("article", self.article), ("right", self.right), ("why", self.why)):
            lines += textwrap.wrap(text, WIDTH, initial_indent=f"   {label:<9}", subsequent_indent=" " * 12)
        lines.append("")
        lines += [f"   {line}" for line in aligned([("", *self.columns), *self.cells()])]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        texts = [("article", self.article), ("right", self.right), ("why", self.why)]
        facts = "".join(f"<dt><b>{label}</b></dt><dd>{html.escape(text)}</dd>" for label, text in texts)
        title = html.escape(f"{self.number}. Article {self.section}: {self.title}")
        return f"<p><b>{title}</b></p><dl>{facts}</dl>{as_table([('', *self.columns), *self.cells()])}"

    def record(self) -> dict[str, Any]:
        """A plain dictionary, for JSON; `evidence` is a list of quantities with their values by column."""
        texts = {name: getattr(self, name) for name in ("number", "section", "title", "article", "right", "why")}
        evidence = [
            {"quantity": quantity, **dict(zip(self.columns, values, strict=True))}
            for quantity, values in self.evidence()
        ]
        return {**texts, "evidence": evidence}

    def cells(self) -> list[tuple[str, ...]]:
        """The evidence as text."""
        return [
            (quantity, *("" if value is None else format_number(value, DIGITS) for value in values))
            for quantity, values in self.evidence()
        ]


@dataclass(frozen=True, eq=False)
class Errata:
    """All errors; printed they are a table with the first number of each."""

    items: tuple[Erratum, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Erratum]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"<Errata: {len(self)} errors; print it>"

    def __str__(self) -> str:
        lines = []
        for erratum in self.items:
            lines.append(f"{erratum.number:>2}  {erratum.section}  {erratum.title}")
            lines.append(f"      {_first(erratum)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [("", "section", "error", "the first of its numbers")]
        rows += [(f"{each.number}", each.section, each.title, _first(each)) for each in self.items]
        return as_table(rows)


def _first(erratum: Erratum) -> str:
    quantity, *values = erratum.cells()[0]
    numbers = ", ".join(f"{value} ({column})" for column, value in zip(erratum.columns, values, strict=True) if value)
    return f"{quantity}: {numbers}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines: the first column to the left, the others to the right.

    >>> aligned([("", "article", "right"), ("h", "1.0", "2.0")])
    ['   article  right', 'h      1.0    2.0']
    """
    first, *others = ([len(cell) for cell in column] for column in zip(*rows, strict=True))
    widths = [max(each) for each in others]
    return [
        "  ".join(
            [row[0].ljust(max(first)), *(cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True))]
        ).rstrip()
        for row in rows
    ]


def as_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of cells as an HTML table, its first row the heading."""
    body = ""
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        cells = (f'<{tag} style="text-align:left;padding:.1em .8em">{html.escape(cell)}</{tag}>' for cell in row)
        body += f"<tr>{''.join(cells)}</tr>"
    return f'<table style="border-collapse:collapse"><tbody>{body}</tbody></table>'
