"""The pitch of a voice, frame by frame: where its autocorrelation is highest, along a path without needless jumps.

    r(lag) = autocorrelation of the windowed frame / autocorrelation of the window
    voiced candidates: maxima of r, of strength r - 0.01 log2(lowest lag); one unvoiced candidate
    path: the largest sum of strengths less 0.35 |log2(f'/f)| a change of pitch, 0.14 a change of voicing

Source: Boersma (1993), "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from recurra.data.examples.audio import frames_of
from recurra.data.examples.inputs import Audio

Floats = npt.NDArray[np.floating]

LOWEST, HIGHEST = 65.0, 500.0  # Hz
_CANDIDATES = 4
_VOICED, _SILENT = 0.45, 0.03  # strength from which a frame has a voice, share of the peak below which it has none
_OCTAVE, _JUMP, _SWITCH = 0.01, 0.35, 0.14
_AT_ONCE = 2000  # frames


def pitch(samples: npt.NDArray[np.float32], kind: Audio) -> npt.NDArray[np.float32]:
    """The pitch [T] in Hz of samples [n] at `kind.rate`, 0 where there is no voice; T as of `log_mel`.

    >>> tone = np.sin(2 * np.pi * 200 * np.arange(8000) / 8000).astype(np.float32)
    >>> found = pitch(tone, Audio(rate=8000, window=0.05, hop=0.0125))
    >>> bool(np.all(np.abs(found - 200) < 2))
    True
    """
    assert kind.rate is not None
    frames = frames_of(samples, kind)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= 0:
        return np.zeros(len(frames), np.float32)
    parts = [_candidates(frames[k : k + _AT_ONCE], kind.rate, peak) for k in range(0, len(frames), _AT_ONCE)]
    hertz, strength = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _path(hertz, strength, kind.hop).astype(np.float32)


def _candidates(frames: Floats, rate: int, peak: float) -> tuple[Floats, Floats]:
    """Pitches [T, C + 1] in Hz and their strengths, the first the unvoiced one (0 Hz)."""
    width = frames.shape[1]
    size = 1 << (2 * width - 1).bit_length()
    window = np.hanning(width + 1)[:-1].astype(np.float32)
    centred = frames - frames.mean(axis=1, keepdims=True)
    first, last = max(2, int(rate / HIGHEST)), min(int(np.ceil(rate / LOWEST)), width - 3)
    own = _autocorrelation((window / np.linalg.norm(window))[None], size, last + 2)[0]
    found = _autocorrelation(centred * window, size, last + 2)
    energy = found[:, :1].copy()
    r = found / np.maximum(energy, 1e-12) / np.maximum(own, 1e-3)
    lags = np.arange(first, last + 1)
    left, middle, right = r[:, lags - 1], r[:, lags], r[:, lags + 1]
    there = (middle > left) & (middle >= right)
    bend = np.where(there, left - 2 * middle + right, -1.0)
    shift = np.where(there, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    height = np.minimum(middle - 0.25 * (left - right) * shift, 1.0)
    fine = rate / (lags + shift)
    strength = np.where(there, height - _OCTAVE * np.log2(LOWEST * np.maximum(1 / fine, 1e-9)), -1.0)
    best = np.argsort(-strength, axis=1)[:, :_CANDIDATES]
    loud = np.abs(centred).max(axis=1) / peak
    unvoiced = _VOICED + np.maximum(0.0, 2.0 - loud / (_SILENT / (1 + _VOICED)))
    hertz = np.concatenate([np.zeros((len(frames), 1)), np.take_along_axis(fine, best, axis=1)], axis=1)
    return hertz, np.concatenate([unvoiced[:, None], np.take_along_axis(strength, best, axis=1)], axis=1)


def _autocorrelation(frames: Floats, size: int, lags: int) -> Floats:
    spectrum = np.asarray(fft.rfft(frames, size, axis=1))
    return np.asarray(fft.irfft(np.square(np.abs(spectrum)), size, axis=1))[:, :lags]


def _path(hertz: Floats, strength: Floats, hop: float) -> Floats:
    """The pitch [T] of the best path through candidates [T, C + 1]."""
    scale = 0.01 / hop  # the costs are those of a hop of 10 ms
    octaves = np.log2(np.maximum(hertz, 1.0))
    voiced = hertz > 0
    came = np.zeros(hertz.shape, np.int64)
    total = strength[0]
    for t in range(1, len(hertz)):
        both = voiced[t - 1][:, None] & voiced[t]
        cost = np.where(
            both,
            _JUMP * np.abs(octaves[t - 1][:, None] - octaves[t]),
            _SWITCH * (voiced[t - 1][:, None] != voiced[t]),
        )
        ways = total[:, None] - scale * cost
        came[t] = ways.argmax(axis=0)
        total = ways.max(axis=0) + strength[t]
    found = np.zeros(len(hertz))
    state = int(total.argmax())
    for t in range(len(hertz) - 1, -1, -1):
        found[t] = hertz[t, state]
        state = int(came[t, state])
    return found
