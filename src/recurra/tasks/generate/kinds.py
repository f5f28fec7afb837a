"""What kinds of sequences are made: a text, or notes that sound together; both become one text of symbols."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from recurra.data.files.source import stem
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.data.text.alphabet import Alphabet
from recurra.data.text.notes import (
    FRAME,
    PIECE,
    frames_of,
    from_text,
    is_note,
    read_notes_file,
    to_text,
    transposed,
    written,
)
from recurra.data.text.reading import TextFile, read_text_file
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Ints = npt.NDArray[np.int64]

_KEYS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6)  # semitones by which notes are learnt too: every key
_SYMBOLS_OF_A_FRAME = 12  # at most, on average, of what is written


class Kind(ABC):
    """How a kind is read, counted, learnt and shown."""

    name: ClassVar[str]
    unit: ClassVar[str]  # what likelihood is counted by
    units: ClassVar[str]

    @abstractmethod
    def read(self, file: str, reading: Mapping[str, Any]) -> tuple[TextFile, list[Fact]]:
        """A file as a text of symbols."""

    @abstractmethod
    def taken(self, given: Any, name: str) -> str:
        """What a program gives as a text of symbols. Raises InputError."""

    @abstractmethod
    def given(self, prompt: str) -> str:
        """A prompt as a text of symbols."""

    @abstractmethod
    def shown(self, text: str) -> str:
        """A text of symbols as a reader sees it."""

    @abstractmethod
    def count(self, text: str) -> int:
        """How many units a text has."""

    @abstractmethod
    def weights(self, alphabet: Alphabet, symbols: Ints) -> Ints:
        """How many units each symbol counts for."""

    def learnt(self, text: str) -> str:
        """What the network learns of a text."""
        return text

    def follows(self, alphabet: Alphabet) -> npt.NDArray[np.bool_] | None:
        """Which symbols [V] may be written after which [V, V]; None for all."""
        return None

    def told(self, alphabet: Alphabet) -> str:
        """What the symbols are, in words."""
        return _("{level}, {n:,} different ones", level=_(alphabet.level), n=len(alphabet.symbols))

    def length(self, units: int) -> int:
        """Symbols that hold so many units for certain."""
        return units

    def cut(self, text: str, units: int) -> str:
        """The first so many units."""
        return text


@final
class TextKind(Kind):
    """A text as it is."""

    name = "text"
    unit, units = "character", "characters"

    def read(self, file: str, reading: Mapping[str, Any]) -> tuple[TextFile, list[Fact]]:
        """The file as it stands."""
        wrong = next(
            (name for name, value in reading.items() if value not in (None, (), []) and name != "encoding"), ""
        )
        if wrong:
            raise InputError(
                _("{wrong} is about tables, and {file} is read as a text: leave it out", wrong=option(wrong), file=file)
            )
        found = read_text_file(file, encoding=reading.get("encoding"))
        return found, [Fact("encoding", found.encoding, option("encoding"))] if found.encoding else []

    def taken(self, given: Any, name: str) -> str:
        """The text."""
        if not isinstance(given, str):
            raise InputError(
                _("{name} is of type {type}: expected one text, a str", name=name, type=type(given).__name__)
            )
        return given

    def given(self, prompt: str) -> str:
        """The prompt."""
        return prompt

    def shown(self, text: str) -> str:
        """The text."""
        return text

    def count(self, text: str) -> int:
        """Characters."""
        return len(text)

    def weights(self, alphabet: Alphabet, symbols: Ints) -> Ints:
        """The characters of each symbol."""
        return alphabet.lengths(symbols)


@final
class NotesKind(Kind):
    """Frames of notes; a piece is learnt in all keys."""

    name = "notes"
    unit, units = "frame", "frames"

    def read(self, file: str, reading: Mapping[str, Any]) -> tuple[TextFile, list[Fact]]:
        """The pieces of a table."""
        given = {name: value for name, value in reading.items() if value not in (None, (), [])}
        pieces = read_notes_file(file, **given)
        name = file.removeprefix("demo:") if file.startswith("demo:") else stem(Path(file))
        facts = [Fact("pieces", f"{len(pieces):,}")]
        return TextFile(to_text(pieces), name), facts

    def taken(self, given: Any, name: str) -> str:
        """Pieces of frames of MIDI numbers."""
        try:
            pieces = [[[int(note) for note in frame] for frame in piece] for piece in given]
        except (TypeError, ValueError) as error:
            raise InputError(
                _(
                    "{name} is of type {type}: expected pieces, each a list of frames, each a list of MIDI numbers",
                    name=name,
                    type=type(given).__name__,
                )
            ) from error
        wrong = next((note for piece in pieces for frame in piece for note in frame if not 0 <= note < 128), None)
        if wrong is not None:
            raise InputError(
                _("{name} holds the note {wrong}: expected MIDI numbers from 0 to 127", name=name, wrong=wrong)
            )
        return to_text(pieces)

    def given(self, prompt: str) -> str:
        """Frames such as "60 64 67, 62 65 69"; a text of symbols as it is."""
        return prompt if FRAME in prompt else to_text([frames_of(prompt)]).removesuffix(PIECE) if prompt else ""

    def shown(self, text: str) -> str:
        """A line for each frame, an empty one between pieces."""
        return "\n\n".join(written(piece) for piece in from_text(text))

    def count(self, text: str) -> int:
        """Frames."""
        return text.count(FRAME)

    def weights(self, alphabet: Alphabet, symbols: Ints) -> Ints:
        """1 for what ends a frame."""
        return (symbols == alphabet.symbols.index(FRAME) + 1).astype(np.int64)

    def learnt(self, text: str) -> str:
        """The text in its own key and in all others that fit."""
        return "".join([*filter(None, (transposed(text, steps) for steps in _KEYS)), text])

    def follows(self, alphabet: Alphabet) -> npt.NDArray[np.bool_]:
        """After a note those above it, or the end of the frame; after an end anything."""
        symbols = ("", *alphabet.symbols)
        numbers = np.array([ord(symbol) if is_note(symbol) else -1 for symbol in symbols])
        ends = np.array([symbol == FRAME for symbol in symbols])
        return (numbers[:, None] < 0) | (numbers[None, :] > numbers[:, None]) | ends[None, :]

    def told(self, alphabet: Alphabet) -> str:
        """How many notes there are."""
        notes = sum(map(is_note, alphabet.symbols))
        return _("{notes}, the end of a frame and that of a piece", notes=counted(notes, "different note"))

    def length(self, units: int) -> int:
        """Symbols of so many frames."""
        return units * _SYMBOLS_OF_A_FRAME

    def cut(self, text: str, units: int) -> str:
        """The first so many frames."""
        parts = text.split(FRAME)
        return text if len(parts) <= units else FRAME.join(parts[:units]) + FRAME


KINDS: dict[str, Kind] = {kind.name: kind for kind in (TextKind(), NotesKind())}
