"""Where recordings come from: a table that names them, a sound file, or a folder of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from recurra.data.examples.audio import SUFFIXES
from recurra.data.files.source import stem
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.tasks.opened import Opened, open_examples


def open_recordings(
    file: str, reading: Mapping[str, Any], *, text: Collection[str], column: str, later: bool
) -> Opened:
    """The rows of a table; of a sound file one row, of a folder one for each sound file in it, in the column `column`.

    Only a `later` file may be without texts. Raises InputError for sounds without texts to learn from.
    """
    place = Path(file).expanduser()
    if file.startswith("demo:") or not (place.is_dir() or place.suffix.lower() in SUFFIXES):
        return open_examples(file, reading, text=text)
    if not place.exists():
        raise InputError(_("there is no file {path}: correct the path", path=place))
    if not later:
        raise InputError(
            _(
                "{name} holds sounds without texts: expected a table with a column of sound files and one of what is "
                "said in "
                "them",
                name=place.name,
            )
        )
    paths = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES) if place.is_dir() else [place]
    if not paths:
        raise InputError(_("{name} holds no sound file ({suffixes})", name=place.name, suffixes=listing(SUFFIXES[:4])))
    folder = place if place.is_dir() else place.parent
    frame = pd.DataFrame({column: [str(path.relative_to(folder)) for path in paths]})
    facts = [Fact("file", _("{name}: {files}", name=place.name, files=counted(len(paths), "sound file")))]
    return Opened(frame, facts, stem(place) if place.is_file() else place.name, place.name, folder, reading)
