"""What a page shows in figures, as text: headline numbers, and the rows of a table of methods."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Card:
    """One headline number: what it is, its value, and a line that puts it in its place."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class MethodRow:
    """One method of the table; `best` marks the best cells of their columns, `intervals` stand below the cells."""

    method: str
    ours: bool
    cells: list[str]
    best: list[bool]
    intervals: list[str] = field(default_factory=list)
