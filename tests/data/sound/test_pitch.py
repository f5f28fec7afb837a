"""The pitch of tones, glides and noise."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.examples.audio import log_mel
from recurra.data.examples.inputs import Audio
from recurra.data.sound.pitch import pitch

KIND = Audio(rate=16000, bands=80, window=0.05, hop=0.0125, absolute=True)


def voice(hertz: np.ndarray) -> np.ndarray:
    """A buzz of eight harmonics at the pitch of each sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / 16000
    return sum(0.1 * np.sin(k * phase) for k in range(1, 9)).astype(np.float32)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("hertz", [80.0, 143.7, 310.0])
def test_a_steady_voice_has_its_pitch_and_not_an_octave_of_it(hertz: float) -> None:
    found = pitch(voice(np.full(16000, hertz)), KIND)
    assert np.abs(1200 * np.log2(found / hertz)).max() < 15


def test_a_glide_is_followed() -> None:
    track = np.linspace(120, 240, 16000)
    found = pitch(voice(track), KIND)
    middles = track[(np.arange(len(found)) * 200 + 400)]
    assert np.abs(1200 * np.log2(found / middles)).max() < 60


def test_noise_and_silence_have_none() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 16000).astype(np.float32)
    assert (pitch(noise, KIND) > 0).mean() < 0.15
    assert not pitch(np.zeros(8000, np.float32), KIND).any()


@pytest.mark.parametrize("size", [1, 799, 801, 5000])
def test_it_has_as_many_frames_as_the_bands(size: int) -> None:
    samples = voice(np.full(size, 200.0))
    assert len(pitch(samples, KIND)) == len(log_mel(samples, KIND))
