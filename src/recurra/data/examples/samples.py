"""Sound files as samples: one channel, at the rate that is asked for; what is wrong with one is said with its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _

SILENT = 10 ** (-70 / 20)  # of full scale: a peak below it is a recording of nothing
CLIPPED = 0.01  # share of the samples that lie at the peak above which a recording is distorted
_AT_PEAK = 0.999
_RUN = 3  # samples at the peak one after another that only clipping makes

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples [n] of one channel at `rate` [Hz]."""

    samples: Floats
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def silent(self) -> bool:
        """Whether nothing can be heard: no sample above -70 dB of full scale."""
        return not len(self.samples) or float(np.abs(self.samples).max()) < SILENT

    @property
    def clipped(self) -> float:
        """The share of samples that stand at the peak in runs of three or more: what was louder was cut off."""
        loud = np.abs(self.samples)
        if self.silent or not len(loud):
            return 0.0
        at = loud >= _AT_PEAK * loud.max()
        runs = at[:-2] & at[1:-1] & at[2:] if len(at) > _RUN - 1 else np.zeros(0, dtype=bool)
        return float(runs.mean()) if len(runs) else 0.0

    def at(self, rate: int) -> Sound:
        """The same at another rate."""
        return Sound(resampled(self.samples, self.rate, rate), rate)


def read_sound(path: str | Path, name: str, row: int) -> Sound:
    """A file's samples, its channels averaged.

    `name` is the column that it stands in, `row` its number from 0. Raises InputError for a file that is absent, cannot
    be read, holds no sample or samples that are not finite.
    """
    if not Path(path).is_file():
        raise InputError(
            _(
                "{name!r} names {path!r} in row {row}, and there is no such file: relative paths count from the folder "
                "of the table; correct the path, or remove the row or the column",
                name=name,
                path=str(path),
                row=row + 1,
            )
        )
    with refusing_sound(path, name, row):
        values, rate = soundfile().read(str(path), dtype="float32", always_2d=True)
        if not len(values):
            raise ValueError(_("it holds no sample"))
        mono = values.mean(axis=1)
        if not np.isfinite(mono).all():
            raise ValueError(_("it holds samples that are not finite"))
    return Sound(mono, int(rate))  # pyright: ignore[reportPossiblyUnboundVariable]


def as_mono(cell: Any, name: str, row: int) -> Floats:
    """Samples [T] or [T, channels] as one channel, whole numbers as shares of the largest one of their type."""
    array = np.asarray(cell)
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not array.size:
        raise InputError(
            _(
                "{name!r} holds {cell!r} in row {row}: expected the path of a sound file, or samples [T] "
                "or [T, channels]; None where it is missing",
                name=name,
                cell=str(cell)[:40],
                row=row + 1,
            )
        )
    if array.dtype.kind in "iu":
        array = array / float(np.iinfo(array.dtype).max)
    mono = array.mean(axis=1) if array.ndim == 2 else array
    if not np.isfinite(mono).all():
        raise InputError(
            _(
                "{name!r} holds a sample that is not finite in row {row}: correct it, or give None",
                name=name,
                row=row + 1,
            )
        )
    return mono.astype(np.float32)


def resampled(samples: Floats, rate: int, wanted: int) -> Floats:
    """Samples [n] at another rate, by a polyphase filter."""
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return resample_poly(samples, wanted // common, rate // common).astype(np.float32)


def rates_by_header(cells: Iterable[Any], name: str) -> list[int | None]:
    """The sample rate [Hz] of each file, by its header; None of what is no path."""
    found: list[int | None] = []
    for row, cell in enumerate(cells):
        if isinstance(cell, str | Path):
            with refusing_sound(cell, name, row):
                found.append(int(soundfile().info(str(cell)).samplerate))
        else:
            found.append(None)
    return found


class refusing_sound:
    """Around the reading of a file: what is wrong with it is an `InputError` with its row."""

    def __init__(self, path: str | Path, name: str, row: int) -> None:
        self.path, self.name, self.row = path, name, row

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, InputError) or not isinstance(error, ValueError | RuntimeError | OSError):
            return
        raise InputError(
            _(
                "{name!r}: {path!r} in row {row} cannot be read as a sound ({error}): expected WAV, "
                "FLAC, OGG or MP3; correct the file, or remove the row",
                name=self.name,
                path=str(self.path),
                row=self.row + 1,
                error=error,
            )
        ) from error


def soundfile() -> Any:
    """The package that reads sound files. Raises InputError where it is not installed."""
    try:
        import soundfile
    except ImportError as error:
        raise InputError(
            _("sound files are read by the package soundfile, which is not there: pip install 'recurra[audio]'")
        ) from error
    return soundfile


def refuse_absent(cells: npt.NDArray | Sequence[Any], rows: Sequence[int], name: str) -> None:
    """Raise InputError for the first of the `rows` whose cell names no file."""
    absent = [row for row in rows if not Path(cells[row]).is_file()]
    if absent:
        such = counted(len(absent), "such row")
        raise InputError(
            _(
                "{name!r} names {cell!r} in row {absent}, and there is no such file ({such}): relative "
                "paths count from the folder of the table; correct the path, or remove the row or the "
                "column",
                name=name,
                cell=str(cells[absent[0]]),
                absent=absent[0] + 1,
                such=such,
            )
        )
