"""Our docstrings as Markdown: examples become code blocks, and aligned lists of names become definition lists."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

# "name   what it is": two blanks at least between them, and the name short enough to be one
ROW = re.compile(r"^(?P<term>[\w.*`\[\]|]+(?:,? [\w.*`\[\]|]+){0,2}) {2,}(?P<text>\S.*)$")


def to_markdown(text: str) -> str:
    """A docstring as Markdown.

    >>> print(to_markdown("Words.\n\n>>> 1 + 1\n2"))
    Words.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    blocks = re.split(r"\n[ ]*\n", inspect.cleandoc(text))
    return "\n\n".join(_block(block) for block in blocks)


def _block(block: str) -> str:
    lines = block.splitlines()
    if lines[0].lstrip().startswith(">>>"):
        return "```pycon\n" + inspect.cleandoc(block) + "\n```"
    if lines[0].startswith("    "):
        return block  # equations: a block of code in Markdown too
    first = next((i for i, line in enumerate(lines) if ROW.match(line)), None)
    if first is None:
        return block
    before = "\n".join(lines[:first])
    rows: list[list[str]] = []
    for line in lines[first:]:
        found = ROW.match(line)
        if found:
            rows.append([found["term"], found["text"]])
        else:
            rows[-1][1] += " " + line.strip()
    items = "\n\n".join(f"`{term.strip('`')}`\n:   {text}" for term, text in rows)
    return f"{before}\n\n{items}" if before else items


class Markdown(griffe.Extension):
    """Rewrites every docstring that a page shows."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)
