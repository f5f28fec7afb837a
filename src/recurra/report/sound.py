"""Sound inside a page: notes, a sine for each with its first overtones, fading; and samples as they are."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 11025  # samples a second: enough for the highest note of a choir and its overtones
FRAME = 0.28  # seconds
_OVERTONES = (1.0, 0.4, 0.2, 0.1)


def wav_of(frames: Sequence[Sequence[int]], *, seconds: float = FRAME) -> bytes:
    """A WAV file (mono, 16 bits) of frames of MIDI notes; a note that is held is not struck again.

    >>> wav_of([(60, 64, 67), (60, 65, 69)])[:4]
    b'RIFF'
    """
    size = int(RATE * seconds)
    sound = np.zeros(size * (len(frames) + 2))
    for note in sorted({note for frame in frames for note in frame}):
        there = np.array([note in frame for frame in frames] + [False])
        starts = np.flatnonzero(there & ~np.append(False, there[:-1]))
        for start in starts.tolist():
            length = int(np.argmin(there[start:]))
            t = np.arange(size * length + size // 2) / RATE
            pitch = 440.0 * 2.0 ** ((note - 69) / 12)
            shape = np.exp(-1.2 * t) * np.minimum(1.0, t / 0.01) * np.minimum(1.0, (t[-1] - t) / 0.08)
            tone = sum(share * np.sin(2 * np.pi * (k + 1) * pitch * t) for k, share in enumerate(_OVERTONES))
            sound[size * start : size * start + len(t)] += shape * tone
    loudest = np.abs(sound).max(initial=0.0)
    return _wav(sound * (28000 / 32767 / loudest) if loudest > 0 else sound, RATE)


def sound_uri(samples: npt.NDArray[np.floating], rate: int) -> str:
    """The address that holds samples [n] from -1 to 1: as MP3 where soundfile writes it, else as WAV of 16 bits.

    >>> sound_uri(np.zeros(8), 8000)[:11]
    'data:audio/'
    """
    try:
        import soundfile

        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="MP3")
        return f"data:audio/mpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    except (ImportError, OSError, ValueError, RuntimeError):  # not there, or an older one without MP3
        return data_uri(_wav(samples, rate))


def _wav(sound: npt.NDArray[np.floating], rate: int) -> bytes:
    """A WAV file (mono, 16 bits) of samples from -1 to 1."""
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def data_uri(wav: bytes) -> str:
    """As an address that holds the sound itself."""
    return f"data:audio/wav;base64,{base64.b64encode(wav).decode()}"
