"""Recordings as log-mel features: sound files or samples to one series of band energies each.

    e[t, b] = sum over f of M[b, f] |STFT[t, f]|^2      Hann windows, M triangular on the mel scale
    x[t, b] = log(max(e[t, b], FLOOR max e))

mel(f) = 2595 log10(1 + f / 700): Stevens, Volkmann, Newman (1937); the features are those of Davis, Mermelstein (1980),
"Comparison of parametric representations for monosyllabic word recognition", without the cosine transform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps, is_missing, refuse_long
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au")
FLOOR = 1e-8  # of the largest energy of a recording: digital silence has none
_LOWEST = 20.0  # Hz
_MOST_CACHED = 20_000  # recordings whose features are kept in memory
_SAMPLE = 1000

Floats = npt.NDArray[np.float32]


def is_audio_column(column: pd.Series) -> bool:
    """Whether the cells of a column are paths of sound files.

    >>> is_audio_column(pd.Series(["a.wav", "b/c.FLAC"])), is_audio_column(pd.Series(["a.wav is a file"]))
    (True, False)
    """
    cells = column.dropna()
    sample = cells.iloc[:: max(1, len(cells) // _SAMPLE)]
    return bool(len(sample)) and all(
        isinstance(cell, str | Path) and str(cell).lower().endswith(SUFFIXES) for cell in sample
    )


def read_audio(cells: npt.NDArray | Sequence[Any], kind: Audio, name: str) -> tuple[Steps, Audio]:
    """The features [T, bands] of N recordings (None where missing), and the kind with the rate that was found.

    Errors: InputError with the row for a file that is absent, no sound or without a sample, for samples that are no
    finite numbers [T] or [T, channels], and for samples without a rate.
    """
    files = [row for row, cell in enumerate(cells) if isinstance(cell, str | Path)]
    samples = [row for row, cell in enumerate(cells) if not isinstance(cell, str | Path) and not is_missing(cell)]
    if not files and not samples:
        raise InputError(_("{name!r} holds no recording: expected the path of a sound file in every row", name=name))
    _refuse_absent(cells, files, name)
    rates = rates_of(cells, name)
    if kind.rate is None:
        if samples:
            raise InputError(
                _(
                    "{name!r} holds samples in row {sample}, whose rate is not known: declare it, such as "
                    "inputs={{{name!r}: Audio(rate=16000)}}",
                    name=name,
                    sample=samples[0] + 1,
                )
            )
        kind = replace(kind, rate=int(rates.most_common(1)[0][0]))
    asked = set(samples)
    read = []
    for row, cell in enumerate(cells):
        if is_missing(cell):
            read.append(np.zeros((0, kind.bands), np.float32))
        elif row in asked:
            read.append(log_mel(_samples(cell, name, row), kind))
        else:
            read.append(_of_file(cell, kind, name, row))
    found = Ragged.of(read)
    refuse_long(found.lengths, name, "window")
    return Steps(found, band_names(kind), origins=tuple(rates.items())), kind


def rates_of(cells: Iterable[Any], name: str) -> Counter[int]:
    """How many of the files have each sample rate [Hz], by their headers."""
    rates: Counter[int] = Counter()
    for row, cell in enumerate(cells):
        if isinstance(cell, str | Path):
            with _refusing(cell, name, row):
                rates[int(_soundfile().info(str(cell)).samplerate)] += 1
    return rates


def log_mel(samples: Floats, kind: Audio) -> Floats:
    """The log-mel features [T, bands] of samples [n] at `kind.rate`; a recording shorter than a window is one step."""
    assert kind.rate is not None
    width, hop = _sizes(kind)
    steps = max(1, 1 + (len(samples) - width) // hop)
    padded = np.zeros(max(len(samples), width + (steps - 1) * hop), np.float32)
    padded[: len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop][:steps]
    bins = 1 << (width - 1).bit_length()
    power = np.square(np.abs(np.fft.rfft(windows * np.hanning(width + 1)[:-1].astype(np.float32), bins)))
    energies = power @ _mel_filters(kind.rate, bins, kind.bands)
    largest = float(energies.max())
    return np.log(np.maximum(energies, FLOOR * largest) if largest > 0 else np.ones_like(energies)).astype(np.float32)


def band_names(kind: Audio) -> tuple[str, ...]:
    """The bands by the frequency at which each is most sensitive."""
    assert kind.rate is not None
    return tuple(f"{k + 1}: {centre:.0f} Hz" for k, centre in enumerate(_edges(kind.rate, kind.bands)[1:-1]))


def sound_files(folder: Path) -> pd.DataFrame:
    """audio, label: the sound files in the sub-folders of a folder, each by the name of its sub-folder.

    Errors: InputError where there are none.
    """
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES and p.parent != folder)
    if not paths:
        raise InputError(
            _(
                "{folder} is a folder without sound files in sub-folders: expected a sub-folder of "
                "{suffixes} files for each class, or name a table with a column of paths",
                folder=folder,
                suffixes=", ".join(SUFFIXES[:4]),
            )
        )
    names = [str(path.relative_to(folder)) for path in paths]
    return pd.DataFrame({"audio": names, "label": [path.relative_to(folder).parts[0] for path in paths]})


def in_folder(cells: pd.Series, folder: Path) -> pd.Series:
    """Paths as they are seen from here: relative ones lie beside the table."""
    return cells.map(lambda cell: str(folder / cell) if isinstance(cell, str) and cell.strip() else cell)


def _sizes(kind: Audio) -> tuple[int, int]:
    """Samples of a window, and between the beginnings of two."""
    assert kind.rate is not None
    return max(2, round(kind.window * kind.rate)), max(1, round(kind.hop * kind.rate))


def _edges(rate: int, bands: int) -> npt.NDArray[np.float64]:
    """Where the triangles of the bands begin, peak and end [bands + 2] in Hz."""
    lowest, highest = (2595.0 * np.log10(1.0 + f / 700.0) for f in (_LOWEST, rate / 2))
    return 700.0 * (10.0 ** (np.linspace(lowest, highest, bands + 2) / 2595.0) - 1.0)


@lru_cache(maxsize=16)
def _mel_filters(rate: int, bins: int, bands: int) -> npt.NDArray[np.float32]:
    """[bins / 2 + 1, bands]; a band narrower than the distance of two frequencies takes the nearest one."""
    frequencies = np.arange(bins // 2 + 1) * rate / bins
    edges = _edges(rate, bands)
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(filters.sum(0) == 0)
    filters[np.abs(frequencies[:, None] - edges[1:-1][empty]).argmin(0), empty] = 1.0
    return filters.astype(np.float32)


def _of_file(path: str | Path, kind: Audio, name: str, row: int) -> Floats:
    state = Path(path).stat()
    with _refusing(path, name, row):
        return _features(str(path), state.st_mtime_ns, state.st_size, kind)


@lru_cache(maxsize=_MOST_CACHED)
def _features(path: str, changed: int, size: int, kind: Audio) -> Floats:
    """The features of a file as it was when it was `changed`."""
    assert kind.rate is not None
    values, rate = _soundfile().read(path, dtype="float32", always_2d=True)
    if not len(values):
        raise ValueError("it holds no sample")
    mono = values.mean(axis=1)
    if not np.isfinite(mono).all():
        raise ValueError("it holds samples that are not finite")
    found = log_mel(_resampled(mono, int(rate), kind.rate), kind)
    found.setflags(write=False)
    return found


def _resampled(samples: Floats, rate: int, wanted: int) -> Floats:
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return resample_poly(samples, wanted // common, rate // common).astype(np.float32)


def _samples(cell: Any, name: str, row: int) -> Floats:
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


def _refuse_absent(cells: npt.NDArray | Sequence[Any], rows: Sequence[int], name: str) -> None:
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


class _refusing:
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


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError as error:
        raise InputError(
            _("sound files are read by the package soundfile, which is not there: pip install 'recurra[audio]'")
        ) from error
    return soundfile
