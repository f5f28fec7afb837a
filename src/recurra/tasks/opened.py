"""A file that was read, before anybody has said what its columns are."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.errors import InputError
from recurra.language import _

if TYPE_CHECKING:
    import pandas as pd

    from recurra.data.schema.facts import Fact


@dataclass(frozen=True, eq=False)
class Opened:
    """Its rows, what was found out about it, the name that outputs take, and the arguments by which it was read."""

    frame: pd.DataFrame
    facts: list[Fact]
    name: str
    source: str
    folder: Path | None = None  # from which relative paths in it count
    reading: Mapping[str, Any] = field(default_factory=dict)
    table: Any = None  # of series: all that the reader knows of it

    @property
    def cells(self) -> dict[str, Any]:
        """What the reader was told of the cells: words for missing values, the signs in numbers."""
        told = {name: self.reading.get(name) for name in ("missing", "decimal", "thousands")}
        return {n: list(v) if n == "missing" else v for n, v in told.items() if v not in (None, (), [])}

    @property
    def notes(self) -> list[str]:
        """What the reader remarked, which often names the guilty cell of an error."""
        return [fact.value for fact in self.facts if fact.label == "note"]


def open_examples(file: str, reading: Mapping[str, Any], *, text: Collection[str]) -> Opened:
    """Read a file; of CSV the columns named in `text` are text as written."""
    from recurra.data.examples.files import read_examples_file
    from recurra.data.files.source import stem

    demo = file.startswith("demo:")
    frame, facts = read_examples_file(file, **reading, text=text)
    place = Path(file).expanduser()
    folder = None if demo else place if place.is_dir() else place.parent
    name = file.removeprefix("demo:") if demo else stem(Path(file))
    return Opened(frame, facts, name, Path(file).name, folder, reading)


def is_lines(file: str) -> bool:
    """Whether a file is a text, a line each, and no table: standard input (-) or a .txt."""
    return file == "-" or file.lower().endswith(".txt")


def open_lines(file: str) -> Opened:
    """A text for each line of a file or of standard input (-), in the column "text"."""
    import pandas as pd

    from recurra.data.schema.facts import Fact
    from recurra.data.schema.names import counted

    if file == "-":
        texts, name = sys.stdin.read().splitlines(), "stdin"
    else:
        place = Path(file).expanduser()
        if not place.is_file():
            raise InputError(_("there is no file {file}", file=file))
        try:
            texts, name = place.read_text(encoding="utf-8-sig").splitlines(), place.name
        except UnicodeDecodeError as error:
            raise InputError(_("{path} is no text in UTF-8: convert it", path=file)) from error
    if not any(text.strip() for text in texts):
        raise InputError(_("{name} holds no text: expected one on each line", name=file))
    facts = [Fact("file", _("{name}: {lines}", name=name, lines=counted(len(texts), "line")))]
    return Opened(pd.DataFrame({"text": texts}), facts, name, name)
