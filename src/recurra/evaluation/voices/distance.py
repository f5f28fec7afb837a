"""How far a spoken sentence lies from its recording, whatever their tempo.

    c_k = 1/B sum over b of 1/2 e_b cos(pi k (b + 1/2) / B)            e_b: log-mel energies
    MCD = mean over the path of 10 / ln 10 sqrt(2 sum over k = 1 .. 13 of (c_k - c'_k)^2)        dB
    F0 error = root of the mean over the path's frames with two voices of (12 log2(f / f'))^2     semitones

The path is the one of dynamic time warping with the smallest sum of distances.
Sources: Kubichek (1993), "Mel-cepstral distance measure for objective speech quality assessment"; Sakoe, Chiba (1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

COEFFICIENTS = 13


@dataclass(frozen=True)
class Distance:
    """`cepstral` [dB], the mean over the path; `pitch`, the sum of squared semitones over `voiced` frames of it."""

    cepstral: float
    pitch: float
    voiced: int


def distance(bands: Floats, pitch: Floats, true_bands: Floats, true_pitch: Floats) -> Distance:
    """Of log-mel bands [T, B] and pitch [T] in Hz (0: no voice) to those of the recording.

    >>> bands = np.random.default_rng(0).normal(size=(30, 40))
    >>> distance(bands, np.full(30, 200.0), bands, np.full(30, 100.0))
    Distance(cepstral=0.0, pitch=4320.0, voiced=30)
    """
    first, second = cepstra(bands), cepstra(true_bands)
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1) - 2 * first @ second.T
    # What is left of equal frames by rounding is no distance.
    apart = 10 / np.log(10) * np.sqrt(2 * np.where(squares < 1e-9, 0.0, squares))
    a, b = warped(apart)
    both = (pitch[a] > 0) & (true_pitch[b] > 0)
    semitones = 12 * np.log2(pitch[a][both] / true_pitch[b][both])
    return Distance(float(apart[a, b].mean()), float(np.square(semitones).sum()), int(both.sum()))


def cepstra(bands: Floats) -> Floats:
    """The coefficients 1 to 13 of log-mel bands [T, B]."""
    every: npt.NDArray[np.floating] = np.asarray(dct(0.5 * bands.astype(np.float64), type=2, axis=1))
    return every[:, 1 : COEFFICIENTS + 1] / (2 * bands.shape[1])


def warped(apart: Floats) -> tuple[Ints, Ints]:
    """The path with the smallest sum through distances [I, J]: the row and the column of each of its steps.

    >>> a, b = warped(np.array([[0.0, 9.0, 9.0], [9.0, 0.0, 0.0]]))
    >>> a.tolist(), b.tolist()
    ([0, 1, 1], [0, 1, 2])
    """
    rows, columns = apart.shape
    total = np.empty_like(apart)
    total[0] = np.cumsum(apart[0])
    for i in range(1, rows):
        best = total[i - 1].copy()
        best[1:] = np.minimum(best[1:], total[i - 1, :-1])
        along = np.cumsum(apart[i])
        total[i] = along + np.minimum.accumulate(best - (along - apart[i]))
    i, j = rows - 1, columns - 1
    path = [(i, j)]
    while i or j:
        ways = [
            (total[i - 1, j - 1] if i and j else np.inf, i - 1, j - 1),
            (total[i - 1, j] if i else np.inf, i - 1, j),
            (total[i, j - 1] if j else np.inf, i, j - 1),
        ]
        _least, i, j = min(ways)
        path.append((i, j))
    found = np.array(path[::-1], dtype=np.int64)
    return found[:, 0], found[:, 1]
