"""From a file of labelled sequences to a DataFrame, whatever it is written in: CSV, TSV, Parquet, JSON, JSON lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from recurra.data.examples.audio import sound_files
from recurra.data.examples.conll import read_conll
from recurra.data.files.dialect_facts import dialect_facts
from recurra.data.files.json_lines import read_json
from recurra.data.files.parquet import read_parquet
from recurra.data.files.read_table import read_table
from recurra.data.files.sentinels import declared_numbers, sentinel_notes, without_declared
from recurra.data.files.source import first_bytes, is_json, open_source, refusing_damage
from recurra.data.files.workbook import is_workbook
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing

_HEAD = 1 << 16  # bytes in which a file of sentences has a blank line
_LARGE = 1 << 40  # numbers of sequences keep their precision, however many there are


def read_examples_file(
    path: str | Path, *, text: Iterable[str] = (), **reading: Any
) -> tuple[pd.DataFrame, list[Fact]]:
    """The rows of a file of examples, and what was found out about it.

    CSV and the like, also compressed, and workbooks are read by `read_table`, whose arguments `reading` are; a Parquet
    column of lists is kept as arrays; JSON is an object per line, or an array of objects, in which lists are sequences.
    A folder is read as the sound files in its sub-folders, each a class. Errors: InputError where the file is absent,
    damaged, or no table, with the line.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "films.jsonl"
    >>> _ = file.write_text('{"text": "a fine film", "label": "pos"}')
    >>> frame, facts = read_examples_file(file)
    >>> frame.shape, facts[0].value
    ((1, 2), 'films.jsonl (JSON): 1 row, 2 columns')
    """
    place = Path(path).expanduser()
    if place.is_dir():
        frame = sound_files(place)
        return frame, [
            Fact(
                "folder",
                _(
                    "{name}: {files}, the class is the sub-folder",
                    name=place.name,
                    files=counted(len(frame), "sound file"),
                ),
            )
        ]
    notes: tuple[str, ...] = ()
    dialect: list[Fact] = []
    demo = str(path).startswith("demo:")
    with refusing_damage(place.name):
        book = not demo and is_workbook(place, first_bytes(place))
        form = "table" if demo or book else _form(place)
        if form == "JSON":
            frame = read_json(open_source(place, json=True))
        elif form == "Parquet":
            columns = read_parquet(place, large=_LARGE, lists=True)
            frame, notes = columns.frame(), columns.notes
        elif not (demo or book) and (sentences := _sentences(place)) is not None:
            frame, form = sentences, _("a word per line, blank lines between sentences")
        else:
            table = read_table(path, text=text, **reading)
            frame, notes, form = table.frame, table.notes, table.dialect.format.upper()
            dialect = [] if demo else dialect_facts(table.dialect)
        if form in ("JSON", "Parquet"):  # in any other the reader of tables has looked for them
            frame = without_declared(frame, declared_numbers(reading.get("missing") or ()))
            notes = (*notes, *sentinel_notes(frame))
    texts = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    frame = frame.assign(**{name: frame[name].astype(object) for name in texts}) if texts else frame
    if not len(frame):
        raise InputError(_("{place} holds no row: expected an example in each", place=place.name))
    size = listing([counted(len(frame), "row"), counted(frame.shape[1], "column")])
    return frame, [
        Fact(
            "file",
            _("{names}: {why}", names=path if demo else _("{file} ({form})", file=place.name, form=form), why=size),
        ),
        *dialect,
        *(Fact("note", note) for note in notes),
    ]


def _sentences(place: Path) -> pd.DataFrame | None:
    """The words of a file with blank lines between sentences; None of any other."""
    with open_source(place).open() as stream:
        head = stream.read(_HEAD)
        if not re.search(rb"\S\r?\n[ \t]*\r?\n", head) or b"\0" in head:
            return None
        data = head + stream.read()
    try:
        return read_conll(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return read_conll(data.decode("latin-1"))


def _form(place: Path) -> str:
    """ "JSON", "Parquet" or "table", by the first bytes."""
    source = open_source(place, json=True)
    with source.open() as stream:
        head = stream.read(1024)
    if head.startswith(b"PAR1") and source.compression is None:
        return "Parquet"
    return "JSON" if is_json(head) else "table"
