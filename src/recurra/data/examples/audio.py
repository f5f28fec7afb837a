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
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.samples import as_mono, read_sound, refuse_absent, refusing_sound, soundfile
from recurra.data.examples.steps import Steps, is_missing, refuse_long
from recurra.errors import InputError
from recurra.language import _, listing

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
    refuse_absent(cells, files, name)
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
            read.append(log_mel(as_mono(cell, name, row), kind))
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
            with refusing_sound(cell, name, row):
                rates[int(soundfile().info(str(cell)).samplerate)] += 1
    return rates


def log_mel(samples: Floats, kind: Audio) -> Floats:
    """The log-mel features [T, bands] of samples [n] at `kind.rate`; a recording shorter than a window is one step."""
    assert kind.rate is not None
    windows = frames_of(samples, kind)
    width, bins = windows.shape[1], fft_size(kind)
    power = np.square(np.abs(np.fft.rfft(windows * np.hanning(width + 1)[:-1].astype(np.float32), bins)))
    energies = power @ mel_filters(kind.rate, bins, kind.bands)
    largest = width / 4 if kind.absolute else float(energies.max())  # of a sine of full scale, about
    return np.log(np.maximum(energies, FLOOR * largest) if largest > 0 else np.ones_like(energies)).astype(np.float32)


def frames_of(samples: Floats, kind: Audio) -> Floats:
    """The windows [T, width] of samples [n] that the features are of, before they are weighted."""
    width, hop = window_sizes(kind)
    steps = max(1, 1 + (len(samples) - width) // hop)
    padded = np.zeros(max(len(samples), width + (steps - 1) * hop), np.float32)
    padded[: len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, width)[::hop][:steps]


def fft_size(kind: Audio) -> int:
    """The length of the Fourier transform of a window: the next power of two."""
    return 1 << (window_sizes(kind)[0] - 1).bit_length()


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
                suffixes=listing(SUFFIXES[:4]),
            )
        )
    names = [str(path.relative_to(folder)) for path in paths]
    return pd.DataFrame({"audio": names, "label": [path.relative_to(folder).parts[0] for path in paths]})


def in_folder(cells: pd.Series, folder: Path) -> pd.Series:
    """Paths as they are seen from here: relative ones lie beside the table."""
    return cells.map(lambda cell: str(folder / cell) if isinstance(cell, str) and cell.strip() else cell)


def window_sizes(kind: Audio) -> tuple[int, int]:
    """Samples of a window, and between the beginnings of two."""
    assert kind.rate is not None
    return max(2, round(kind.window * kind.rate)), max(1, round(kind.hop * kind.rate))


def _edges(rate: int, bands: int) -> npt.NDArray[np.float64]:
    """Where the triangles of the bands begin, peak and end [bands + 2] in Hz."""
    lowest, highest = (2595.0 * np.log10(1.0 + f / 700.0) for f in (_LOWEST, rate / 2))
    return 700.0 * (10.0 ** (np.linspace(lowest, highest, bands + 2) / 2595.0) - 1.0)


@lru_cache(maxsize=16)
def mel_filters(rate: int, bins: int, bands: int) -> npt.NDArray[np.float32]:
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
    return _features(str(path), state.st_mtime_ns, state.st_size, kind, name, row)


@lru_cache(maxsize=_MOST_CACHED)
def _features(path: str, changed: int, size: int, kind: Audio, name: str, row: int) -> Floats:
    """The features of a file as it was when it was `changed`."""
    assert kind.rate is not None
    found = log_mel(read_sound(path, name, row).at(kind.rate).samples, kind)
    found.setflags(write=False)
    return found
