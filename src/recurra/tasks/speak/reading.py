"""Files as a voice reads them: which voices there are, what is there twice, and the texts of a later file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.splits import checked_column
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.tasks.opened import Opened
from recurra.tasks.speak.scripts import Script
from recurra.tasks.spoken.utterances import SpeechRoles, Utterances
from recurra.tasks.studied import Gathered

Ints = npt.NDArray[np.int64]


FEWEST = 8  # recordings of a voice


def voices_of(data: Utterances) -> tuple[tuple[str, ...], Ints]:
    """The names of the voices, the commonest first, and the voice of each recording.

    Raises InputError for a voice of too few recordings.
    """
    if len(data) < FEWEST:
        raise InputError(
            _(
                "{recordings} to learn a voice from: expected at least {least}, better half an hour of them",
                recordings=counted(len(data), "recording"),
                least=FEWEST,
            )
        )
    if data.speakers is None:
        return ("",), np.zeros(len(data), np.int64)
    often = pd.Series(data.speakers).value_counts(sort=True)
    if often.iloc[-1] < FEWEST:
        raise InputError(
            _(
                "speaker {name!r} has {recordings} to learn from: expected at least {least} of each; remove the rows "
                "of such speakers, or the column",
                name=str(often.index[-1]),
                recordings=counted(int(often.iloc[-1]), "recording"),
                least=FEWEST,
            )
        )
    number = {str(name): k for k, name in enumerate(often.index)}
    return tuple(number), np.array([number[str(each)] for each in data.speakers], dtype=np.int64)


def refuse_features(data: Utterances) -> None:
    """Raise InputError for recordings that are features and no sound."""
    if data.recordings.kind is None:
        raise InputError(_("X holds features: a voice is learnt from sound; pass samples, and their rate"))


def double_facts(data: Utterances) -> list[Fact]:
    """That texts are said several times, or recordings are there twice."""
    facts = []
    prints, first, often = np.unique(data.fingerprints(), return_index=True, return_counts=True)
    if len(prints) < len(data):
        name = data.recordings.names[int(first[often > 1].min())]
        told = _("{n:,} recordings are there more than once, {name} first", n=int((often > 1).sum()), name=name)
        facts.append(Fact("note", told))
    texts = len(np.unique(data.text_fingerprints()))
    if texts < len(data):
        told = _("{n:,} recordings say {m:,} texts: those of one text stay together", n=len(data), m=texts)
        facts.append(Fact("note", told))
    return facts


def script_in(opened: Opened, roles: SpeechRoles | None, recordings: Callable[[SpeechRoles], Utterances]) -> Gathered:
    """The texts of a later file; its `recordings` are read where it is evaluated by them.

    Raises InputError for a file without texts, and for an empty one, with its row.
    """
    frame = opened.frame
    name = "text" if roles is None else roles.text
    if name not in frame and len(frame.columns) == 1:
        frame = frame.set_axis([name], axis=1)
    if name not in frame:
        raise InputError(
            _(
                "{source} has no column {name!r} of texts to speak: it has {columns}",
                source=opened.source,
                name=name,
                columns=listing(map(repr, frame.columns[:8])),
            )
        )
    rows = frame.index.to_numpy(dtype=np.int64)
    texts = [text if isinstance(text, str) else "" for text in frame[name].tolist()]
    empty = next((k for k, text in enumerate(texts) if not text.strip()), None)
    if empty is not None:
        raise InputError(
            _(
                "{source}: row {row} of column {name!r} is empty: expected a text to speak",
                source=opened.source,
                row=int(rows[empty]) + 1,
                name=name,
            )
        )
    speakers = None
    if roles is not None and roles.speaker is not None and roles.speaker in frame:
        column = checked_column(frame[roles.speaker].tolist(), len(frame), f"column {roles.speaker!r}")
        speakers = tuple(map(str, column))
    heard = partial(recordings, roles) if roles is not None and roles.audio in frame else None
    return Gathered(Script(tuple(texts), speakers, rows, heard), rows, roles, [])
