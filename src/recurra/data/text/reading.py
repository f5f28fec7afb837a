"""A file of plain text, read as it stands: its encoding found, line ends as \\n, nothing else changed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from recurra.data.demo.letters import make_letters
from recurra.data.files.encoding import check_encoding, decode, detect_encoding, is_binary
from recurra.data.files.source import first_bytes, open_source, refusing_damage, stem
from recurra.errors import InputError
from recurra.language import _, listing

DEMOS = {"letters": make_letters}


@dataclass(frozen=True)
class TextFile:
    """A text, the name that outputs take, and the encoding it was read by ("" of a built-in example)."""

    text: str
    name: str
    encoding: str = ""


def read_text_file(path: str | Path, *, encoding: str | None = None) -> TextFile:
    """The text of a file (plain, or compressed by gzip, bz2, xz, zip), or of a built-in example, "demo:letters".

    Raises InputError where the file is absent, unreadable, empty or no text, or not in the `encoding` given.
    """
    if isinstance(path, str) and path.startswith("demo:"):
        return TextFile(_demo(path.removeprefix("demo:")), path.removeprefix("demo:"))
    place = Path(path).expanduser()
    with refusing_damage(place.name):
        first_bytes(place)
        with open_source(place, json=True).open() as stream:
            data = stream.read()
    found = detect_encoding(data, whole=True) if encoding is None else check_encoding(encoding)
    text = decode(data, found, whole=True, name=place.name)
    if is_binary(text):
        raise InputError(
            _("{place} is no text (it holds control characters): expected a file of plain text", place=place.name)
        )
    return TextFile(text.replace("\r\n", "\n").replace("\r", "\n"), stem(place), found)


def _demo(name: str) -> str:
    if name in DEMOS:
        return DEMOS[name]()
    close = difflib.get_close_matches(name, DEMOS, n=1)
    meant = f": did you mean demo:{close[0]}?" if close else "."
    raise InputError(
        _(
            "there is no text demo:{name}{meant} Known: {names}",
            name=name,
            meant=meant,
            names=listing(f"demo:{known}" for known in DEMOS),
        )
    )
