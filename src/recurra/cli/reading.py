"""The file that a command was given, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recurra.cli.flags.values import parse_separator, split_words

if TYPE_CHECKING:
    from recurra.data import Fact, Table


def open_table(
    file: str,
    *,
    separator: str | None,
    encoding: str | None,
    decimal: str | None,
    header: bool | None,
    missing: Sequence[str] | None,
) -> Table:
    """Read FILE with the reading flags as they were given."""
    from recurra.data import read_table

    return read_table(
        file,
        separator=parse_separator(separator),
        encoding=encoding,
        decimal=decimal,
        header=header,
        missing=split_words(missing),
    )


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
