"""What a fitted voice is given: texts to speak, by whom, and recordings of them for an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.text.pronunciation import sentences
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option
from recurra.tasks.speak.model import VoiceModel
from recurra.tasks.spoken.utterances import Utterances

Ints = npt.NDArray[np.int64]

LONGEST = 600  # symbols of a sentence


@dataclass(frozen=True, eq=False)
class Script:
    """N texts, the speaker of each (None: the first), the row of each in its file; `recordings` reads what is said."""

    texts: tuple[str, ...]
    speakers: tuple[str, ...] | None
    rows: Ints
    recordings: Callable[[], Utterances] | None = None

    def __len__(self) -> int:
        return len(self.texts)


def spoken_parts(model: VoiceModel, text: str, *, what: str) -> list[Ints]:
    """The symbols of each sentence of a text.

    Raises InputError for an empty text, a symbol that was never said, and a sentence that is too long.
    """
    parts = sentences(text)
    if not parts:
        raise InputError(_("{what} is empty: expected a text to speak", what=what))
    # A part of punctuation alone ("...") is a pause of its sentence, and nothing by itself.
    voiced = [part for part in parts if any(letter.isalnum() for letter in part)] or parts[:1]
    found = [model.pronunciation.encode(part, what=what) for part in voiced]
    for part, symbols in zip(voiced, found, strict=True):
        if len(symbols) > LONGEST:
            raise InputError(
                _(
                    "{what} has a sentence of {n:,} sounds and pauses ({text!r} ...): expected at most {most:,}, and "
                    "the longest that was learnt from has {longest:,}; end sentences with full stops",
                    what=what,
                    n=len(symbols),
                    text=part[:40],
                    most=LONGEST,
                    longest=model.longest,
                )
            )
    return found


def speaker_numbers(model: VoiceModel, names: Sequence[str] | None, count: int, *, what: str = "speaker") -> Ints:
    """The number of each speaker; of none that is named the first one's. Raises InputError for an unknown one."""
    if names is None:
        return np.zeros(count, dtype=np.int64)
    known = {name: k for k, name in enumerate(model.speakers)}
    if len(known) == 1 and "" in known:
        return np.zeros(count, dtype=np.int64)
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise InputError(
            _(
                "{what} is {name!r}: the voice has {known}",
                what=option(what),
                name=wrong,
                known=listing(map(repr, model.speakers[:12])) + (", ..." if len(model.speakers) > 12 else ""),
            )
        )
    return np.array([known[name] for name in names], dtype=np.int64)
