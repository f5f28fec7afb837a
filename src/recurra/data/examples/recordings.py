"""Recordings as frames of features, from sound files, samples or features: what cannot be heard is refused by name.

What is given decides: a path is a sound file, an array [T, C] without a rate holds C features of T frames, and with a
rate arrays are samples [n] or [n, channels]; a `Sound` knows its own rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.speech import cepstra_of
from recurra.data.examples.audio import log_mel
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.samples import CLIPPED, Sound, as_mono, rates_by_header, read_sound, refuse_absent
from recurra.data.examples.steps import is_missing
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

_NAMED = 3  # recordings that a message names

Measure = Callable[[npt.NDArray[np.float32], Audio], npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Recordings:
    """N recordings: `frames` [N_total, C], the file or number of each, how sound was read, and what was remarked."""

    frames: Ragged
    names: tuple[str, ...]
    kind: Audio | None
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """How long each is; a frame is 10 ms where features were given."""
        return self.frames.lengths * np.float64(self.kind.hop if self.kind is not None else 0.01)

    def take(self, numbers: npt.NDArray[np.integer]) -> Recordings:
        """Some of them."""
        return Recordings(
            self.frames.take(numbers), tuple(self.names[int(k)] for k in numbers), self.kind, self.remarks
        )


def read_recordings(
    cells: Sequence[Any],
    kind: Audio | None,
    *,
    name: str = "X",
    cepstra: int = 0,
    features: int | None = None,
    measure: Measure | None = None,
    highest: int | None = None,
) -> Recordings:
    """Read files and samples as `kind` says (its rate is the commonest one where None), features as they are.

    `name` is what the column is called, `features` how many a frame must have (None: as many as the first). `measure`
    makes frames [T, C] of samples [n] at the rate of `kind`; unless given, they are log-mel bands or so many `cepstra`.
    Where the rate is the commonest one it is at most `highest`.
    Raises InputError, with the row, for what is missing, damaged, silent, not finite, or of another kind than the rest.
    """
    if len(cells) == 0:
        raise InputError(_("{name} holds no recording: expected at least one", name=name))
    missing = [
        row for row, cell in enumerate(cells) if is_missing(cell) or (isinstance(cell, str) and not cell.strip())
    ]
    if missing:
        raise InputError(
            _(
                "{name!r} holds no recording in row {row}: expected a sound file or an array in every row; remove "
                "the row",
                name=name,
                row=missing[0] + 1,
            )
        )
    paths = [isinstance(cell, str | Path) for cell in cells]
    if any(paths) and not all(paths):
        raise InputError(
            _(
                "{name!r} holds a path in row {a} and an array in row {b}: expected one of the two in every row",
                name=name,
                a=paths.index(True) + 1,
                b=paths.index(False) + 1,
            )
        )
    if not paths[0] and (kind is None or kind.rate is None) and not isinstance(cells[0], Sound):
        return _of_features(cells, name, features)
    return _of_sounds(cells, kind or Audio(), name, measure or partial(_measured, cepstra), highest)


def _of_features(cells: Sequence[Any], name: str, features: int | None) -> Recordings:
    found = []
    for row, cell in enumerate(cells):
        array = np.asarray(cell)
        if array.dtype == object and array.ndim == 1 and len(array):  # frames as lists, as Parquet has them
            array = np.array([np.asarray(frame, dtype=np.float32) for frame in array])
        if array.ndim != 2 or array.dtype.kind not in "iuf" or not array.size:
            raise InputError(
                _(
                    "{name!r} holds an array of shape {shape} in row {row}: expected features [T, C] of T frames, "
                    "or, of "
                    "samples, their rate ({rate})",
                    name=name,
                    shape=list(array.shape),
                    row=row + 1,
                    rate=option("rate"),
                )
            )
        features = array.shape[1] if features is None else features
        if array.shape[1] != features:
            raise InputError(
                _(
                    "{name!r} holds {n} features a frame in row {row}: expected {m}, as elsewhere",
                    name=name,
                    n=array.shape[1],
                    row=row + 1,
                    m=features,
                )
            )
        if not np.isfinite(array).all():
            raise InputError(
                _(
                    "{name!r} holds a feature that is not finite in row {row}: correct it, or remove the row",
                    name=name,
                    row=row + 1,
                )
            )
        found.append(array.astype(np.float32))
    return Recordings(Ragged.of(found), tuple(_("recording {n}", n=row + 1) for row in range(len(cells))), None)


def _measured(cepstra: int, samples: npt.NDArray[np.float32], kind: Audio) -> npt.NDArray[np.float32]:
    bands = log_mel(samples, kind)
    return cepstra_of(bands, cepstra) if cepstra else bands


def _of_sounds(cells: Sequence[Any], kind: Audio, name: str, measure: Measure, highest: int | None) -> Recordings:
    rates: list[int | None]
    if isinstance(cells[0], str | Path):
        refuse_absent(cells, range(len(cells)), name)
        rates = rates_by_header(cells, name)
        names = tuple(Path(cell).name for cell in cells)
    else:
        rates = [cell.rate if isinstance(cell, Sound) else kind.rate for cell in cells]
        names = tuple(_("recording {n}", n=row + 1) for row in range(len(cells)))
    if kind.rate is None:
        commonest = int(Counter(rates).most_common(1)[0][0] or 16000)
        kind = replace(kind, rate=min(commonest, highest or commonest))
    assert kind.rate is not None
    frames, silent, clipped = [], [], []
    for row, cell in enumerate(cells):
        if isinstance(cell, Sound):
            sound = cell
        elif isinstance(cell, str | Path):
            sound = read_sound(cell, name, row)
        else:
            sound = Sound(as_mono(cell, name, row), kind.rate)
        if sound.silent:
            silent.append(row)
            continue
        if sound.clipped > CLIPPED:
            clipped.append(row)
        frames.append(measure(sound.at(kind.rate).samples, kind))
    if silent:
        raise InputError(
            _(
                "{recordings} of {name!r} without sound ({named}): nothing above -70 dB of full scale; remove the "
                "rows, or record them again",
                recordings=counted(len(silent), "recording"),
                name=name,
                named=_named(silent, names),
            )
        )
    remarks = []
    others = Counter(rate for rate in rates if rate is not None and rate != kind.rate)
    if others:
        told = listing(_("{n:,} at {rate:,} Hz", n=n, rate=rate) for rate, n in sorted(others.items()))
        remarks.append(_("resampled to {rate:,} Hz: {told}", rate=kind.rate, told=told))
        low = min(others)
        if low < kind.rate:
            remarks.append(
                _(
                    "recordings at {low:,} Hz hold nothing above {half:,} Hz, where the others do",
                    low=low,
                    half=low // 2,
                )
            )
    if clipped:
        remarks.append(
            _(
                "{recordings} are clipped ({named}): their peaks were cut off, which harms recognition",
                recordings=counted(len(clipped), "recording"),
                named=_named(clipped, names),
            )
        )
    return Recordings(Ragged.of(frames), names, kind, tuple(remarks))


def _named(rows: Sequence[int], names: Sequence[str]) -> str:
    return listing(names[row] for row in rows[:_NAMED]) + (", ..." if len(rows) > _NAMED else "")
