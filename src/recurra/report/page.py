"""A report as one HTML file: its head, the sections of its panels, and how to reproduce it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from recurra.language import _
from recurra.report.blocks import ChosenTable, Details, Plot, Section, Text
from recurra.report.content import ReportContent
from recurra.report.rendering import render_page
from recurra.report.writing import write_whole


def write_html(report: ReportContent, path: str | Path) -> None:
    """Write the report to `path` as one file with everything in it.

    Raises InputError when the file cannot be written; an old file then stays.

    Example:
        >>> from recurra.report import write_html
        >>> write_html(report, "report.html")  # doctest: +SKIP
    """
    write_whole(path, render(report).encode("utf-8", "xmlcharrefreplace"))


def render(report: ReportContent) -> str:
    """The page as text, in the reader's language."""
    sections = list(report.sections())
    return render_page(
        "page.html.j2", payload_of(sections), report=report, about=about_line(report), groups=list(grouped(sections))
    )


def grouped(sections: Sequence[Section]) -> Iterator[list[Section]]:
    """The sections one by one, but those that stand side by side together."""
    for half, part in groupby(sections, key=lambda section: section.half):
        if half:
            yield list(part)
        else:
            yield from ([section] for section in part)


def payload_of(sections: Sequence[Section]) -> dict[str, Any]:
    """What the script of the page needs: the plots by their places, what changes with the selector, its words."""
    figures: dict[str, Any] = {}
    choices: dict[str, Any] = {"names": [], "plots": {}, "texts": {}, "tables": {}}
    for section in sections:
        if section.choices and not choices["names"]:
            choices["names"] = list(section.choices)
        for block in _blocks(section.blocks):
            if isinstance(block, Plot) and block.figures:
                choices["plots"][block.name] = list(block.figures)
            elif isinstance(block, Plot) and block.figure is not None:
                figures[block.name] = block.figure
            elif isinstance(block, Text) and block.texts:
                choices["texts"][block.name] = list(block.texts)
            elif isinstance(block, ChosenTable):
                choices["tables"][block.name] = [
                    {"header": list(header), "rows": [list(row) for row in rows]} for header, rows in block.tables
                ]
                choices["texts"][f"{block.name}-note"] = list(block.notes)
    words = {
        "copy": _("Copy"),
        "copied": _("Copied"),
        "tools": _("Tools of the plot"),
        "scroll": _("Scroll the table sideways to see all of its columns."),
    }
    return {"figures": figures, "choices": choices, "words": words}


def _blocks(blocks: Sequence[Any]) -> Iterator[Any]:
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from _blocks(block.blocks)


def about_line(report: ReportContent) -> Markup:
    """The line below the title, the target in bold."""
    before, found, after = report.about.partition("{target}")
    bold = Markup("<strong><bdi>{}</bdi></strong>").format(report.target) if found else Markup("")
    return escape(before) + bold + escape(after)
