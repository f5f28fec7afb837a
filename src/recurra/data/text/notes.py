"""Notes that sound together as a text: a symbol per note of a frame from low to high, one that ends the frame.

A frame of a piece is all that sounds at one step. Its notes are written one after the other, so that the probability of
a frame is a product over its notes, each given those below it (as in NADE: Larochelle and Murray 2011; Boulanger-
Lewandowski et al. 2012, "Modeling temporal dependencies in high-dimensional sequences").

>>> pieces = [((60, 64, 67), (62, 65)), ((60,),)]
>>> from_text(to_text(pieces)) == pieces
True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recurra.data.demo.chords import make_chords
from recurra.data.files.read_table import read_table
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Frame = tuple[int, ...]
Piece = tuple[Frame, ...]

FIRST = 0xE000  # of the private use area: note 0
FRAME, PIECE = "|", "\n"  # the ends of a frame and of a piece
NOTES = 128  # of MIDI

_NAME = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_PIECES = ("piece", "song", "id", "series", "title", "unique_id", "sequence")
DEMOS = {"chords": make_chords}
_COLUMNS = ("notes", "chord", "chords", "pitches", "midi")


def to_text(pieces: Iterable[Iterable[Iterable[int]]]) -> str:
    """Pieces of frames of notes as a text."""
    return "".join(
        "".join("".join(chr(FIRST + note) for note in sorted(set(frame))) + FRAME for frame in piece) + PIECE
        for piece in pieces
    )


def from_text(text: str) -> list[Piece]:
    """The pieces of a text; symbols that are no notes are passed over, and so is a frame without an end."""
    pieces = []
    for piece in text.split(PIECE):
        frames = [
            tuple(ord(letter) - FIRST for letter in frame if is_note(letter)) for frame in piece.split(FRAME)[:-1]
        ]
        if frames:
            pieces.append(tuple(frames))
    return pieces


def is_note(symbol: str) -> bool:
    """Whether a symbol is a note, and no end."""
    return len(symbol) == 1 and FIRST <= ord(symbol) < FIRST + NOTES


def transposed(text: str, steps: int) -> str | None:
    """All notes so many semitones higher; None where one would leave the range."""
    table = {FIRST + note: FIRST + note + steps for note in range(NOTES)}
    notes = [ord(letter) for letter in set(text) if ord(letter) in table]
    if notes and not FIRST <= min(notes) + steps <= max(notes) + steps < FIRST + NOTES:
        return None
    return text.translate(table)


def note_of(word: str) -> int:
    """The MIDI number of "60" or "C4". Raises InputError."""
    if re.fullmatch(r"\d+(\.0+)?", word) and float(word) < NOTES:
        return int(float(word))
    if found := _NAME.fullmatch(word):
        letter, sign, octave = found.groups()
        number = _STEPS[letter.lower()] + {"#": 1, "b": -1, "": 0}[sign] + 12 * (int(octave) + 1)
        if 0 <= number < NOTES:
            return number
    raise InputError(
        _(
            "{word!r} is no note: expected a MIDI number from 0 to {n}, or a name such as C4 or F#3",
            word=word,
            n=NOTES - 1,
        )
    )


def frames_of(written: str) -> list[Frame]:
    """Frames as they are written in a prompt: notes apart by blanks, frames by commas, semicolons or line ends."""
    parts = [part for part in re.split(r"[,;\n]", written) if part.strip()]
    return [tuple(note_of(word) for word in part.split()) for part in parts]


def written(piece: Sequence[Frame]) -> str:
    """A line for each frame, its notes as MIDI numbers; "-" for silence."""
    return "\n".join(" ".join(map(str, frame)) or "-" for frame in piece)


def read_notes_file(file: str, **reading: Any) -> list[Piece]:
    """The pieces of a table: a row per frame, with a column of notes ("60 64 67", "C4 E4 G4"), or one of 0 and 1 for
    each note, named by it; a column such as `piece` tells the pieces apart. "demo:chords" is built in.

    Raises InputError where there are no notes, with the row of what is none.
    """
    if file.startswith("demo:"):
        name = file.removeprefix("demo:")
        if name not in DEMOS:
            raise InputError(_("there are no notes {file}: expected demo:chords, or a file", file=file))
        return DEMOS[name]()
    # Names of columns that are numbers are notes, and no row of data.
    frame = read_table(file, **{"text": _COLUMNS, "header": True, **reading}).frame
    lower = {str(name).strip().lower(): name for name in frame.columns}
    owner = next((lower[name] for name in _PIECES if name in lower), None)
    column = next((lower[name] for name in _COLUMNS if name in lower), None)
    names = [name for name in frame.columns if name != owner]
    if column is not None:
        frames = [_row(cell, place) for place, cell in enumerate(frame[column])]
    else:
        frames = _switches(frame, names, file)
    starts = [0]
    if owner is not None:
        codes = pd.factorize(frame[owner])[0]
        starts += (np.flatnonzero(np.diff(codes)) + 1).tolist()
    return [tuple(frames[a:b]) for a, b in zip(starts, [*starts[1:], len(frames)], strict=True)]


def _row(cell: object, place: int) -> Frame:
    text = "" if pd.isna(cell) else str(cell).strip()  # pyright: ignore[reportArgumentType, reportCallIssue]  # a cell
    try:
        return () if text in ("", "-") else tuple(note_of(word) for word in re.split(r"[\s,;]+", text))
    except InputError as error:
        raise InputError(_("row {place}: {error}", place=place + 2, error=error)) from error


def _switches(frame: pd.DataFrame, names: list[Any], file: str) -> list[Frame]:
    notes = {}
    for name in names:
        word = re.sub(r"^(note|midi|pitch|n|p)[_ ]?(?=\d)", "", str(name).strip(), flags=re.IGNORECASE)
        try:
            notes[name] = note_of(word)
        except InputError:
            raise InputError(
                _(
                    "{file} has a column {name!r}, which is neither notes nor a note: expected a column "
                    "`notes` with the notes of each frame, or columns of 0 and 1 named by their notes, "
                    "and perhaps `piece` ({kind})",
                    file=file,
                    name=name,
                    kind=option("kind", "notes"),
                )
            ) from None
    values = frame[list(notes)].to_numpy()
    if not len(notes) or values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise InputError(_("{file} holds no notes: expected columns of 0 and 1, or a column `notes`", file=file))
    numbers = np.array(list(notes.values()))
    return [tuple(sorted(numbers[row != 0].tolist())) for row in values]
