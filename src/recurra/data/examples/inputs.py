"""What an input is declared as: text, symbols, events, a series of numbers, constants, an array, a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from recurra.errors import InputError
from recurra.language import _, listing

Level = Literal["auto", "words", "characters", "subwords"]


@dataclass(frozen=True)
class Text:
    """Language: one string per example, cut into words, sub-words or characters by a vocabulary that is learnt.

    `level` says what a step is; "auto" lets the reader choose by the training part (characters where there are no
    blanks between words, as in Chinese). `size` is the greatest number of entries of the vocabulary, `lowercase`
    drops the difference between "Film" and "film", and `vectors` is the path of a text file of word vectors, a word
    and its numbers a line, with which the embedding begins.
    """

    level: Level = "auto"
    size: int | None = None
    lowercase: bool = True
    vectors: str | None = None

    def __post_init__(self) -> None:
        if self.level not in (levels := get_args(Level)):
            raise InputError(
                _("level is {level!r}: expected one of {levels}", level=self.level, levels=listing(levels))
            )
        if self.size is not None and (not isinstance(self.size, int) or isinstance(self.size, bool) or self.size < 1):
            raise InputError(_("size is {size!r}: expected a whole number of at least 1, or None", size=self.size))


@dataclass(frozen=True)
class Symbols:
    """A string in which every letter is a step: amino acids, DNA, secondary structure. Upper and lower case differ."""


@dataclass(frozen=True)
class Events:
    """A list of categorical values (all str or all int) per example; an item is a step, and order counts."""


@dataclass(frozen=True)
class Series:
    """Numbers over time: an array [T] or [T, F] per example, NaN where a value is missing.

    `time` names the column that holds the times of the steps, an array [T] per example in seconds or as dates; None
    where the steps are equally spaced or have no times. `features` are the names of the F features. Where `centred`,
    the mean of each example's own values is taken off every feature: for recordings of different loudness or place,
    whose level says nothing.
    """

    time: str | None = None
    features: tuple[str, ...] = ()
    centred: bool = False


@dataclass(frozen=True)
class Static:
    """What is constant for an example: numbers and categories in `columns`, read together.

    Without `columns`, the column of the input's own name or, if there is none, every column of numbers or categories
    that no other input uses. What was found is written back, so that later data are read by the same columns.
    """

    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Array:
    """An image [H, W] or [H, W, C], or a sound [T], as an array of numbers per example."""


@dataclass(frozen=True)
class Audio:
    """A recording per example: the path of a sound file (WAV, FLAC, OGG, MP3), or its samples [T] or [T, channels].

    Read as log-mel features: the logarithm of the energy in `bands` bands of the mel scale (Stevens, Volkmann, Newman
    1937), in windows of `window` seconds that begin every `hop` seconds. Channels are averaged, and every recording is
    resampled to `rate` [Hz]: of samples given as arrays it is their rate; None takes the commonest rate of the files.
    The recording's own mean of each band is taken off where `centred`, so that neither loudness nor the microphone
    counts: for speech; of steady sounds it is what tells them apart. What was found is written back, so that later data
    are read alike. What is nearly silent is cut off below the loudest energy of the recording, or, where `absolute`, of
    full scale: for what is read as it comes.
    """

    rate: int | None = None
    bands: int = 40
    window: float = 0.025
    hop: float = 0.010
    centred: bool = False
    absolute: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (("rate", 1_000, 1_000_000), ("bands", 4, 1_024)):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
            if not whole and not (name == "rate" and value is None):
                expected = _("{least:,} to {most:,}", least=least, most=most)
                if name == "rate":
                    expected = _("{expected} Hz, or None", expected=expected)
                raise InputError(
                    _(
                        "{name} is {value!r}: expected a whole number from {expected}",
                        name=name,
                        value=value,
                        expected=expected,
                    )
                )
        for name in ("window", "hop"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0.001 <= value <= 1.0:
                raise InputError(_("{name} is {value!r}: expected seconds from 0.001 to 1", name=name, value=value))


Kind = Text | Symbols | Events | Series | Static | Array | Audio
