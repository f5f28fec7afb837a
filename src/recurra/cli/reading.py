"""The file that a command was given, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recurra.cli.values import parse_separator, split_words

SPOKEN = {"\t": "tab", " ": "space"}

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

    rows, columns = table.frame.shape
    dialect = table.dialect
    facts = [Fact("file", f"{Path(table.source).name}, {_count(rows, 'row')}, {_count(columns, 'column')}")]
    if dialect.format == "csv" and not table.source.startswith("demo:"):
        facts += [
            Fact("encoding", dialect.encoding, "--encoding"),
            Fact("separator", SPOKEN.get(dialect.separator, dialect.separator), "--separator"),
            Fact("decimal sign", dialect.decimal, "--decimal"),
        ]
        if not dialect.header:
            facts.append(Fact("first line", "holds data: the columns are named c1, c2, ...", "--header"))
        if dialect.missing:
            words = ", ".join(word or "an empty cell" for word in dialect.missing)
            facts.append(Fact("missing values", words, "--missing"))
    return [*facts, *(Fact("note", note) for note in table.notes)]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
