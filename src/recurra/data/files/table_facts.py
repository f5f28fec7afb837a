"""How a file of series was read, in words."""

from __future__ import annotations

from pathlib import Path

from recurra.data.files.dialect_facts import dialect_facts
from recurra.data.files.read_table import Table
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.language import _, listing


def table_facts(table: Table) -> list[Fact]:
    """Its name and size, how it is written, and what the reader remarked."""
    rows, columns = table.frame.shape
    size = listing([counted(rows, "row"), counted(columns, "column")])
    said = _("{file}, {size}", file=Path(table.source).name, size=size)
    own = [] if table.source.startswith("demo:") else dialect_facts(table.dialect)
    return [Fact("file", said), *own, *(Fact("note", note) for note in table.notes)]
