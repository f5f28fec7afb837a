"""Whether a FILE of `recurra generate` is a text, notes, or a table of numbers, where `--kind` does not say."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from recurra.errors import InputError
from recurra.language import _
from recurra.tasks.task import Chosen

TEXT, SERIES = "generate", "series"
_TABLES = (".csv", ".tsv", ".tab", ".psv", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".jsonl", ".ndjson")
_PACKED = (".gz", ".bz2", ".xz", ".zip")
_BINARY = (".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_SAMPLE, _ROWS = 1 << 16, 40
_NUMBERS = 0.5  # share of the cells of a table of numbers that are numbers: times and identifiers stand beside
_NUMBER = re.compile(r"\s*[-+−]?(\d[\d'., ]*|\.\d+)([eE][-+]?\d+)?\s*%?\s*")


def chosen(file: str, given: Mapping[str, Any]) -> Chosen:
    """See `Task.chooser`."""
    kind = given.get("kind", "auto")
    if kind == "auto":
        kind = kind_of(file)
    if kind == "series":
        return Chosen(SERIES, _("a table of numbers"), {"kind": given.get("kind", "auto")})
    return Chosen(TEXT, _("music") if kind == "notes" else _("a text"), {"kind": kind})


def kind_of(file: str) -> str:
    """ "text", "notes" or "series", by the name of a file and its first rows."""
    if file.startswith("demo:"):
        from recurra.data.demo.catalogue import DEMOS
        from recurra.data.text import notes, reading

        built_in = {"series": DEMOS, "text": reading.DEMOS, "notes": notes.DEMOS}
        kinds = {name: kind for kind, names in built_in.items() for name in names}
        name = file.removeprefix("demo:")
        close = get_close_matches(name, kinds, 1)  # whoever reads it says what was meant
        return kinds[close[0]] if close else "series"
    path = Path(file)
    ending = next((each.lower() for each in reversed(path.suffixes) if each.lower() not in _PACKED), "")
    if ending not in _TABLES or not path.is_file():
        return "text"
    return "series" if ending in _BINARY or _of_numbers(path) else "text"


def _of_numbers(path: Path) -> bool:
    from recurra.data.files.dialect import find_separator
    from recurra.data.files.encoding import decode, detect_encoding
    from recurra.data.files.source import open_source, refusing_damage

    try:
        with refusing_damage(path.name), open_source(path, json=True).open() as stream:
            data = stream.read(_SAMPLE)
        text = decode(data, detect_encoding(data, whole=False), whole=False, name=path.name)
    except InputError:
        return False  # whoever reads it says why
    lines = [line for line in text.splitlines()[1 : _ROWS + 1] if line.strip()]
    if text.lstrip()[:1] in ("{", "["):
        return True
    rows = list(csv.reader(lines, delimiter=find_separator(text, whole=False)))
    cells = [cell for row in rows for cell in row if cell.strip()]
    return bool(cells) and sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= _NUMBERS * len(cells)
