"""The file that a command was given, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recurra.cli.flags.reading import Reading
    from recurra.data import Fact, Table


def open_table(file: str, reading: Reading) -> Table:
    """Read FILE with the reading flags as they were given, which keep the remarks for a refusal."""
    from recurra.data import read_table

    table = read_table(file, **reading.arguments())
    reading.untold[:] = table.notes
    return table


def file_facts(table: Table) -> list[Fact]:
    """How the file was read, with the flags that would read it differently."""
    from recurra.data import Fact
    from recurra.data.files.dialect_facts import dialect_facts

    rows, columns = table.frame.shape
    facts = [Fact("file", f"{Path(table.source).name}, {_count(rows, 'row')}, {_count(columns, 'column')}")]
    if not table.source.startswith("demo:"):
        facts += dialect_facts(table.dialect)
    return [*facts, *(Fact("note", note) for note in table.notes)]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
