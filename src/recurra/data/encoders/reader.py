"""The encoders of all inputs, learnt from the training part, and examples encoded by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, SymbolEncoder, TextEncoder
from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.language import _

TokenEncoder = TextEncoder | SymbolEncoder | EventEncoder
Encoder = TokenEncoder | SeriesEncoder | ColumnEncoder | ArrayEncoder
TOKENS = (TextEncoder, SymbolEncoder, EventEncoder)
_ENCODERS: dict[type[Kind], type[Encoder]] = {
    **{Text: TextEncoder, Symbols: SymbolEncoder, Events: EventEncoder},
    **{Series: SeriesEncoder, Static: ColumnEncoder, Array: ArrayEncoder, Audio: SeriesEncoder},
}


@dataclass(frozen=True, eq=False)
class Fixed:
    """What is no sequence: images [N, C, H, W], or numbers [N, .] and category codes [N, C]; `there` [N]."""

    values: npt.NDArray[np.float32]
    there: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, numbers: npt.NDArray[np.integer]) -> Fixed:
        """The examples with these numbers, in this order; a copy."""
        codes = None if self.codes is None else self.codes[numbers]
        return Fixed(self.values[numbers], self.there[numbers], codes)


Encoded = dict[str, Ragged | Fixed]  # tokens, numbers and sounds in steps; everything else fixed


@dataclass(frozen=True)
class Reader:
    """How each input is read: its kind as it was declared or found, and its encoder."""

    kinds: dict[str, Kind]
    encoders: dict[str, Encoder]

    def check(self) -> None:
        """Refuse inputs without an encoder of their kind."""
        require(self.kinds.keys() == self.encoders.keys(), "inputs and encoders have different names")
        for name, encoder in self.encoders.items():
            kind = self.kinds[name]
            require(type(encoder) is _ENCODERS[type(kind)], f"the input {name!r} of {kind} is read by {type(encoder)}")

    @staticmethod
    def learn(examples: Examples) -> Reader:
        """Vocabularies and statistics of the training part."""
        encoders = {name: _learn(kind, examples.columns[name], name) for name, kind in examples.kinds.items()}
        return Reader(dict(examples.kinds), encoders)

    def encode(self, examples: Examples) -> Encoded:
        """Examples of the same inputs as numbers."""
        return {name: _encode(encoder, examples, name) for name, encoder in self.encoders.items()}

    @property
    def tokens(self) -> str | None:
        """The name of the first input that consists of tokens."""
        return next((name for name, encoder in self.encoders.items() if isinstance(encoder, TOKENS)), None)

    @property
    def series(self) -> str | None:
        """The name of the first numeric series."""
        return next((name for name, encoder in self.encoders.items() if isinstance(encoder, SeriesEncoder)), None)

    @property
    def sequences(self) -> tuple[str, ...]:
        """The names of the inputs that consist of steps."""
        return tuple(name for name, encoder in self.encoders.items() if is_sequence(encoder))


def is_sequence(encoder: Encoder) -> bool:
    """Whether what it encodes consists of steps."""
    return not isinstance(encoder, ColumnEncoder) and not (isinstance(encoder, ArrayEncoder) and encoder.shape)


def total(encoded: Mapping[str, Ragged | Fixed]) -> int:
    """How many examples there are."""
    return len(next(iter(encoded.values())))


def step_counts(encoded: Mapping[str, Ragged | Fixed], *, least: int = 1) -> npt.NDArray[np.int64]:
    """Steps of the longest sequence of each example [N], and `least` where there are fewer."""
    counts = np.full(total(encoded), least, dtype=np.int64)
    for column in encoded.values():
        if isinstance(column, Ragged):
            counts = np.maximum(counts, column.lengths)
    return counts


def _learn(kind: Kind, column: Any, name: str) -> Encoder:
    try:
        match kind:
            case Text():
                return TextEncoder.learn(column, kind)
            case Symbols():
                return SymbolEncoder.learn(column)
            case Events():
                return EventEncoder.learn(column)
            case Series() | Audio():
                return SeriesEncoder.learn(column, kind)
            case Static():
                return ColumnEncoder.learn(column)
            case Array():
                return ArrayEncoder.learn(column)
    except InputError as error:
        raise InputError(_("input {name!r}: {error}", name=name, error=error)) from error


def _encode(encoder: Encoder, examples: Examples, name: str) -> Ragged | Fixed:
    column: Any = examples.columns[name]
    try:
        found = encoder.encode(column)
    except InputError as error:
        raise InputError(_("input {name!r}: {error}", name=name, error=error)) from error
    if isinstance(found, Ragged):
        return found
    there = ~examples.absent(name)
    return Fixed(found[0], there, found[1]) if isinstance(found, tuple) else Fixed(found, there)
