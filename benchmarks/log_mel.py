"""Recordings as series of log-mel frames, the logarithm of the power in bands that widen as hearing does, or cepstra.

Windows of 25 ms, one every 10 ms; m = 2595 log10(1 + f / 700), a form of the scale of Stevens, Volkmann and Newman
(1937). Cepstra are the lowest waves across the bands of a frame (Davis and Mermelstein 1980): the shape of the throat
without the pitch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

Floats = npt.NDArray[np.floating]

_WINDOW, _HOP = 0.025, 0.010  # seconds
_FLOOR = 1e-10  # power, below that of the quietest sound


def log_mel(samples: Floats, rate: int, bands: int = 40) -> npt.NDArray[np.float32]:
    """Frames [T, bands] of `samples` in -1 .. 1; a recording shorter than a window is one frame."""
    window, hop = round(_WINDOW * rate), round(_HOP * rate)
    size = 1 << (window - 1).bit_length()
    samples = np.pad(samples, (0, max(0, window - len(samples))))
    frames = 1 + (len(samples) - window) // hop
    starts = hop * np.arange(frames)[:, None]
    power = np.abs(np.fft.rfft(samples[starts + np.arange(window)] * np.hanning(window), size)) ** 2 / window
    return np.log(power @ mel_filters(size // 2 + 1, rate, bands) + _FLOOR).astype(np.float32)


def cepstra(frames: Floats, count: int = 13) -> npt.NDArray[np.float32]:
    """The first `count` mel-frequency cepstral coefficients [T, count] of log-mel frames [T, bands]."""
    return np.asarray(dct(frames, norm="ortho", axis=1))[:, :count].astype(np.float32)


def mel_filters(frequencies: int, rate: int, bands: int) -> Floats:
    """Overlapping triangles [frequencies, bands], equally wide on the mel scale, from 0 to half of `rate`."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    f = np.linspace(0, rate / 2, frequencies)[:, None]
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0, np.minimum((f - left) / (peak - left), (right - f) / (right - peak)))
