"""The headings of printed tables in the reader's language; those of the same columns in files stay English."""

from __future__ import annotations

import re

from recurra.language import _, mark

# Besides the scores, which `recurra.scores` marks.
HEADINGS = (
    mark("method"), mark("in {level} %"), mark("rows"), mark("windows"), mark("before"), mark("after"),
    mark("predicted"), mark("token"), mark("item"), mark("word"), mark("symbol"), mark("source"), mark("feature"),
    mark("occurs"), mark("times"), mark("count"), mark("moved by"), mark("share"), mark("mean share"),
    mark("mean confidence"), mark("mean seconds"), mark("mean pitch"), mark("symbols back"), mark("steps back"),
    mark("nats"), mark("part"), mark("class"), mark("tensors"), mark("tensor"), mark("type"), mark("shape"),
    mark("bytes"), mark("JSON bytes"), mark("weights"), mark("since"),
)  # fmt: skip
_INSIDE = re.compile(r"in ([\d.]+) %")


def heading(column: str) -> str:
    """A heading of a table that is ours: "method", a score, or what belongs to one ("in 80 %")."""
    inside = _INSIDE.fullmatch(column)
    return _("in {level} %", level=inside[1]) if inside else _(column)
