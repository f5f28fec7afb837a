"""What a transcriber learns from: recordings, what is said in each, and who speaks; from a file or from X and y."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.spelling import tidy
from recurra.data.examples.audio import SUFFIXES, in_folder, is_audio_column
from recurra.data.examples.inputs import Audio
from recurra.data.examples.recordings import Recordings, read_recordings
from recurra.data.examples.samples import Sound
from recurra.data.examples.splits import Parts, checked_column, says_split, stated_rows
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns, shown
from recurra.errors import InputError
from recurra.language import _, listing, mark
from recurra.options import option
from recurra.tasks.opened import Opened

Ints = npt.NDArray[np.int64]

_TEXT = tuple(
    "text words transcript transcription transcripts sentence sentences utterance label word "
    "文本 文字 句子 转写 内容".split()
)
_SPEAKER = tuple("speaker speaker_id spk client_id reader 说话人 发音人".split())
_SPLIT = ("split", "part", "subset", "fold", "set")
ALIKE = mark("not known: recordings are split at random")


@dataclass(frozen=True)
class SpeechRoles:
    """Which column holds the recordings, what is said in them, and who speaks (None: not known)."""

    audio: str
    text: str
    speaker: str | None = None


@dataclass(frozen=True, eq=False)
class Utterances:
    """N recordings, their texts (None: not known) and speakers (None: of none).

    `among` counts the speakers of all the recordings that these are a part of; 0: they are all.
    """

    recordings: Recordings
    texts: tuple[str | None, ...]
    speakers: npt.NDArray[np.str_] | None = None
    among: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Ints) -> Utterances:
        """Some of them."""
        speakers = None if self.speakers is None else self.speakers[rows]
        texts = tuple(self.texts[int(k)] for k in rows)
        return Utterances(self.recordings.take(rows), texts, speakers, self.voices)

    @property
    def voices(self) -> int:
        """The number of speakers, of all the recordings that these are a part of; 0: it is not known who speaks."""
        return 0 if self.speakers is None else self.among or len(np.unique(self.speakers))

    def digest(self) -> str:
        """Another one wherever a value differs."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.ascontiguousarray(self.recordings.frames.values).view(np.uint8).data)
        digest.update(repr((self.recordings.frames.offsets.tolist(), self.texts, self.recordings.kind)).encode())
        digest.update(repr(None if self.speakers is None else self.speakers.tolist()).encode())
        return digest.hexdigest()

    def fingerprints(self) -> Ints:
        """64 bits of a hash of each recording [N]."""
        frames = self.recordings.frames
        return _hashes(np.ascontiguousarray(frames[k]).tobytes() for k in range(len(self)))

    def text_fingerprints(self) -> Ints:
        """The same of each text [N]."""
        return _hashes(text.encode() for text in self.known)

    @property
    def known(self) -> list[str]:
        """The texts, all of which are known."""
        return [text or "" for text in self.texts]

    def refuse_unknown(self, source: str) -> None:
        """Raise InputError where a recording has no text."""
        empty = [row for row, text in enumerate(self.texts) if not text]
        if empty:
            raise InputError(
                _(
                    "{source}: the text of {name} is empty ({such}): expected what is said in it; fill it in, or "
                    "remove the "
                    "row",
                    source=source,
                    name=self.recordings.names[empty[0]],
                    such=counted(len(empty), "such row"),
                )
            )


def utterances_of(X: Any, y: Any, groups: Any, kind: Audio | None, *, what: str = "X", **reading: Any) -> Utterances:
    """From what a program gives: recordings, their texts or None, and speakers or None.

    `reading` goes to `read_recordings`.
    """
    cells = X.tolist() if isinstance(X, pd.Series) else X
    if isinstance(cells, str | Path | Mapping) or not hasattr(cells, "__len__"):
        raise InputError(
            _(
                "{what} is a {kind}: expected a list of paths, of samples, or of features [T, C]",
                what=what,
                kind=type(X).__name__,
            )
        )
    recordings = read_recordings(cells, kind, name=what, **reading)
    if y is None:
        texts: tuple[str | None, ...] = (None,) * len(recordings)
    else:
        given = [y] if isinstance(y, str) else list(y)
        if len(given) != len(recordings):
            raise InputError(
                _("there are {n} recordings and {m} texts: expected one for each", n=len(recordings), m=len(given))
            )
        texts = tuple(_text(text, row, "y") for row, text in enumerate(given))
    speakers = None if groups is None else checked_column(groups, len(recordings), "groups").astype(str)
    return Utterances(recordings, texts, speakers)


def roles_of_file(
    opened: Opened, named: Mapping[str, str | None], *, speaker: str = "group", nobody: str = ALIKE
) -> tuple[SpeechRoles, list[Fact]]:
    """The columns as they are named, else by their names and cells. Raises InputError where that is open.

    `speaker` is the option that names who speaks, `nobody` what is said where that is not known.
    """
    frame, source = opened.frame, opened.source
    columns = [str(name) for name in frame.columns]
    for name, given in named.items():
        if given is not None:
            require_columns([given], columns, source, option(name))
    sounds = [name for name in columns if is_audio_column(frame[name]) or _holds_arrays(frame[name])]
    audio = named.get("audio") or next(iter(sounds), None)
    if audio is None:
        raise InputError(
            _(
                "no column of {source} holds sound files ({suffixes}) or arrays: it has {columns}; name it with "
                "{option}",
                source=source,
                suffixes=listing(SUFFIXES[:4]),
                columns=shown(columns),
                option=option("audio"),
            )
        )
    rest = [name for name in columns if name != audio and name not in sounds]
    text = named.get("text") or _called(rest, _TEXT) or (rest[0] if len(rest) == 1 else None)
    if text is None:
        raise InputError(
            _(
                "no column of {source} is called {names}: name the one that says what is spoken with {option}; it has "
                "{columns}",
                source=source,
                names=listing(_TEXT[:4]),
                option=option("text"),
                columns=shown(rest),
            )
        )
    who = named.get(speaker) or _called([name for name in rest if name != text], _SPEAKER)
    facts = [
        Fact("recordings", _("column {name!r}", name=audio), option("audio")),
        Fact("texts", _("column {name!r}", name=text), option("text")),
        Fact(
            "speakers",
            _("column {name!r}", name=who) if who else _(nobody),
            option(speaker),
        ),
    ]
    return SpeechRoles(audio, text, who), facts


def utterances_in(opened: Opened, roles: SpeechRoles, kind: Audio | None, *, texts: bool, **reading: Any) -> Utterances:
    """The rows of a file; unless `texts` are asked for, they may lack. `reading` goes to `read_recordings`."""
    frame = opened.frame
    require_columns([roles.audio], [str(name) for name in frame.columns], opened.source, option("audio"))
    cells = frame[roles.audio]
    if opened.folder is not None:
        cells = in_folder(cells, opened.folder)
    recordings = read_recordings(cells.tolist(), kind, name=roles.audio, **reading)
    if roles.text in frame:
        said = tuple(_text(text, row, roles.text) for row, text in enumerate(frame[roles.text].tolist()))
    elif texts:
        require_columns([roles.text], [str(name) for name in frame.columns], opened.source, option("text"))
        said = ()
    else:
        said = (None,) * len(recordings)
    speakers = None
    if roles.speaker is not None and roles.speaker in frame:
        speakers = checked_column(frame[roles.speaker].tolist(), len(frame), f"column {roles.speaker!r}").astype(str)
    return Utterances(recordings, said, speakers)


def stated_parts(frame: pd.DataFrame, named: str | None, source: str) -> tuple[str, Parts] | None:
    """The parts that a column says, and its name: the one that is named, else one that says train and test."""
    if named is not None:
        require_columns([named], [str(name) for name in frame.columns], source, option("split"))
        return named, stated_rows(frame[named].to_numpy(dtype=object), name=named)
    for name in frame.columns:
        if str(name).lower() in _SPLIT and says_split(frame[name].astype(object)):
            return str(name), stated_rows(frame[name].to_numpy(dtype=object), name=str(name))
    return None


def length_facts(data: Utterances) -> list[Fact]:
    """How many recordings there are, how long, of how many speakers, and how they are read."""
    seconds = data.recordings.seconds
    minutes = seconds.sum() / 60
    kind = data.recordings.kind
    told = _(
        "{recordings}, {minutes:.1f} minutes, {low:.1f} to {high:.1f} seconds each",
        recordings=counted(len(data), "recording"),
        minutes=minutes,
        low=seconds.min(),
        high=seconds.max(),
    )
    facts = [Fact("examples", told)]
    if data.speakers is not None:
        facts.append(Fact("number of speakers", f"{len(np.unique(data.speakers)):,}"))
    if kind is not None and kind.rate is not None:
        facts.append(Fact("sample rate", _("{rate:,} Hz", rate=kind.rate), option("rate")))
    return [*facts, *(Fact("note", remark) for remark in data.recordings.remarks)]


def _hashes(parts: Iterable[bytes]) -> Ints:
    return np.frombuffer(b"".join(hashlib.blake2b(part, digest_size=8).digest() for part in parts), dtype=np.int64)


def _text(cell: Any, row: int, what: str) -> str | None:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
        return None
    if not isinstance(cell, str):
        if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
            return str(cell)
        raise InputError(
            _(
                "{what!r} holds {cell!r} in row {row}: expected a text, what is said in the recording",
                what=what,
                cell=cell,
                row=row + 1,
            )
        )
    return tidy(cell) or None


def _called(columns: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {name.lower().replace(" ", "_"): name for name in reversed(columns)}
    return next((plain[name] for name in names if name in plain), None)


def _holds_arrays(column: pd.Series) -> bool:
    cells = column.dropna().head(20)
    return bool(len(cells)) and all(isinstance(cell, np.ndarray | list | Sound) for cell in cells)
