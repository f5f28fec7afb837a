"""How a result shows itself in Python: the verdict first, then a table that fits a screen, in full."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from recurra.language import _, listing
from recurra.report.reported import Reported
from recurra.scores import shown_as


class Shown(Reported):
    """Gives a result its text and its HTML: what follows from `_shown`, the title, the verdict, table and notes.

    Its page and picture (`report`, `plot`) follow from `content`.
    """

    def _shown(self) -> tuple[str, str, pd.DataFrame, str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        title, verdict, table, notes = self._shown()
        lines = aligned(formatted(table))
        return "\n".join([f"{title}: {verdict}", "", *lines, "", notes])

    def _repr_html_(self) -> str:
        title, verdict, table, notes = self._shown()
        cells = formatted(table)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in cells[0])
        body = "".join(
            f"<tr><th>{html.escape(row[0])}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row[1:])}</tr>"
            for row in cells[1:]
        )
        return (
            f"<p><strong>{html.escape(title)}</strong>: {html.escape(verdict)}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(notes)}</p>"
        )


def formatted(table: pd.DataFrame) -> list[list[str]]:
    """The head and the rows of a table of methods by measures, as text: shares as per cent, else four digits.

    A measure that no method has is left out.
    """
    table = table.dropna(axis="columns", how="all")
    columns = [str(name) for name in table.columns]
    shares = [shown_as(name).share for name in columns]
    rows = [
        [str(method), *(cell(value, share=share) for value, share in zip(values, shares, strict=True))]
        for method, values in zip(table.index, table.to_dict("split")["data"], strict=True)
    ]
    return [["method", *columns], *rows]


def cell(value: Any, *, share: bool = False) -> str:
    """A number as text.

    >>> cell(0.7081, share=True), cell(1234.567), cell(0.00123456), cell(float("nan")), cell("text")
    ('70.8 %', '1,235', '0.001235', 'n/a', 'text')
    """
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else str(value)
    if share:
        return f"{100 * value:.1f} %"
    if value == 0:
        return "0"
    digits = 3 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(digits, 0)}f}" if -6 <= digits <= 9 else f"{value:.3e}"


def aligned(cells: Sequence[Sequence[str]], width: int = 100) -> list[str]:
    """Cells as lines of columns, the first to the left, the others to the right; wider tables in several parts.

    >>> aligned([["method", "MAE"], ["naive", "1.5"]])
    ['method  MAE', 'naive   1.5']
    """
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    parts: list[list[int]] = [[]]
    for k in range(1, len(widths)):
        if parts[-1] and widths[0] + sum(widths[j] + 2 for j in [*parts[-1], k]) > width:
            parts.append([])
        parts[-1].append(k)
    lines: list[str] = []
    for part in parts:
        lines += [""] if lines else []
        for row in cells:
            lines.append("".join([row[0].ljust(widths[0]), *(f"  {row[k].rjust(widths[k])}" for k in part)]).rstrip())
    return lines


def named_parts(parts: Mapping[str, str]) -> str:
    """What else a result holds, by the attributes' names.

    >>> named_parts({"table": "methods by measures", "verdict": "what follows"})
    'More: .table (methods by measures), .verdict (what follows).'
    """
    return _("More: {parts}.", parts=listing(f".{name} ({what})" for name, what in parts.items()))
