"""Sound out of bands: the bands of the sound are those again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.sound.test_pitch import KIND, voice

from recurra.data.examples.audio import log_mel
from recurra.data.examples.inputs import Audio
from recurra.data.sound.pitch import pitch
from recurra.data.sound.vocoder import PEAK, Vocoder, spectra


def test_the_bands_of_the_sound_are_those_that_it_was_made_of() -> None:
    samples = voice(np.linspace(150, 220, 12000))
    bands = log_mel(samples, KIND)
    again = Vocoder(KIND).samples(bands)
    assert abs(len(again) - len(samples)) < 800
    loud = bands > bands.max() - 6
    assert np.abs(log_mel(again, KIND) - bands)[loud].mean() < 0.6
    assert np.abs(np.log2(pitch(again, KIND)[3:-3] / pitch(samples, KIND)[3:-3])).max() < 0.03


def test_momentum_and_more_rounds_bring_it_nearer() -> None:
    bands = log_mel(voice(np.linspace(150, 220, 12000)), KIND)
    loud = bands > bands.max() - 6
    far = [np.abs(log_mel(Vocoder(KIND, n).samples(bands), KIND) - bands)[loud].mean() for n in (0, 4, 32)]
    assert far[0] > far[1] > far[2]


def test_spectra_have_the_energies_that_are_asked_for() -> None:
    bands = log_mel(voice(np.full(8000, 200.0)), KIND)
    filters_applied = np.log(np.square(spectra(bands, KIND)) @ _filters())
    assert np.abs(filters_applied - bands)[bands > bands.max() - 3].mean() < 0.2


def test_nothing_exceeds_full_scale_and_silence_stays_silent() -> None:
    loud = np.full((40, KIND.bands), 12.0, np.float32)
    assert np.abs(Vocoder(KIND, 4).samples(loud)).max() <= PEAK + 1e-6
    assert np.abs(Vocoder(KIND, 4).samples(np.full((40, KIND.bands), -20.0, np.float32))).max() < 1e-3


@pytest.mark.parametrize(("rate", "hop", "steps"), [(8000, 0.0125, 1), (22050, 0.0125, 3), (16000, 0.011, 17)])
def test_odd_sizes_fit(rate: int, hop: float, steps: int) -> None:
    kind = Audio(rate=rate, bands=40, window=0.05, hop=hop, absolute=True)
    samples = Vocoder(kind, 2).samples(np.zeros((steps, 40), np.float32))
    assert len(log_mel(samples, kind)) == steps


def _filters() -> np.ndarray:
    from recurra.data.examples.audio import fft_size, mel_filters

    assert KIND.rate is not None
    return mel_filters(KIND.rate, fft_size(KIND), KIND.bands)
