"""Samples out of log-mel features: a spectrum for each frame, then phases under which neighbouring frames agree.

    S <- S M^T e / M^T M S                         the spectrum [F] whose bands are e (Lee and Seung 2001), some times
    c_n = STFT(inverse STFT(|S| exp(i angle(t_n))))
    t_{n+1} = c_n + alpha (c_n - c_{n-1})          Griffin-Lim with momentum

Sources: Griffin, Lim (1984), "Signal estimation from modified short-time Fourier transform"; Perraudin, Balazs,
Søndergaard (2013), "A fast Griffin-Lim algorithm".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from recurra.checking import require
from recurra.data.examples.audio import fft_size, mel_filters, window_sizes
from recurra.data.examples.inputs import Audio

Floats = npt.NDArray[np.float32]

PEAK = 0.95  # of full scale, which no sample exceeds
_MOMENTUM = 0.99
_UPDATES = 20  # of the spectrum
_LEAST = 1e-10


@dataclass(frozen=True)
class Vocoder:
    """How features of `kind` become sound again, by so many `iterations` of Griffin-Lim.

    >>> kind = Audio(rate=8000, bands=40, window=0.05, hop=0.0125, absolute=True)
    >>> len(Vocoder(kind).samples(np.zeros((80, 40), np.float32)))
    8300
    """

    kind: Audio
    iterations: int = 32

    def check(self) -> None:
        """Refuse features of unknown rate, and frames that leave gaps."""
        require(self.kind.rate is not None, "the sample rate is not known")
        width, hop = window_sizes(self.kind)
        require(2 * hop <= width, "its frames leave gaps")
        require(0 <= self.iterations <= 10_000, "its iterations are none")

    def samples(self, bands: Floats, *, seed: int = 0) -> Floats:
        """Samples [n] at `kind.rate` of log-mel features [T, bands]; the first phases are drawn by `seed`."""
        if not len(bands):
            return np.zeros(0, np.float32)
        transform = _Transform(self.kind)
        wanted = spectra(bands, self.kind)
        rng = np.random.default_rng(seed)
        angles = rng.uniform(-np.pi, np.pi, wanted.shape).astype(np.float32)
        target = wanted * np.exp(1j * angles).astype(np.complex64)
        before: npt.NDArray[np.complexfloating] | None = None
        for _n in range(self.iterations):
            agreed = transform.forward(transform.back(target))
            moved = agreed if before is None else agreed + np.float32(_MOMENTUM) * (agreed - before)
            before = agreed
            target = moved * (wanted / np.maximum(np.abs(moved), np.float32(_LEAST)))
        found = transform.back(target)
        loudest = float(np.abs(found).max())
        return found if loudest <= PEAK else found * np.float32(PEAK / loudest)


def spectra(bands: Floats, kind: Audio) -> Floats:
    """Magnitudes [T, F] whose log-mel features are `bands` [T, B], as nearly as there are any."""
    assert kind.rate is not None
    filters = mel_filters(kind.rate, fft_size(kind), kind.bands)  # [F, B]
    energies = np.exp(bands.astype(np.float32))
    spread = filters / np.maximum(filters.sum(axis=0), _LEAST)
    power = energies @ spread.T + np.float32(_LEAST)
    up = energies @ filters.T
    gram = filters @ filters.T
    for _n in range(_UPDATES):
        power *= up / np.maximum(power @ gram, np.float32(_LEAST))
    return np.sqrt(power)


class _Transform:
    """The short-time Fourier transform of windows that lie as those of `log_mel`, and its least-squares inverse."""

    def __init__(self, kind: Audio) -> None:
        self.width, self.hop = window_sizes(kind)
        self.bins = fft_size(kind)
        self.blocks = -(-self.width // self.hop)
        self.window = np.hanning(self.width + 1)[:-1].astype(np.float32)

    def back(self, spectrum: npt.NDArray[np.complexfloating]) -> Floats:
        """Spectra [T, F] -> samples [n]."""
        frames = np.asarray(fft.irfft(spectrum, self.bins, axis=1))[:, : self.width] * self.window
        weights = np.broadcast_to(np.square(self.window), frames.shape)
        # Where hardly a window reaches, at both ends, nothing is made louder than it is.
        return (self._added(frames) / np.maximum(self._added(weights), np.float32(0.1))).astype(np.float32, copy=False)

    def forward(self, samples: Floats) -> npt.NDArray[np.complexfloating]:
        """Samples [n] -> spectra [T, F]."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.width)[:: self.hop]
        return np.asarray(fft.rfft(frames * self.window, self.bins, axis=1))

    def _added(self, frames: npt.NDArray[np.floating]) -> Floats:
        """Frames [T, width] laid over one another, a hop apart."""
        count = len(frames)
        filled = np.zeros((count, self.blocks * self.hop), np.float32)
        filled[:, : self.width] = frames
        found = np.zeros((count + self.blocks - 1, self.hop), np.float32)
        for k in range(self.blocks):
            found[k : k + count] += filled[:, k * self.hop : (k + 1) * self.hop]
        return found.ravel()[: (count - 1) * self.hop + self.width]
