"""Spoken digits from a small synthesiser: a voice is a comb of harmonics, a throat three resonances, a hiss noise.

    s(t) = sum over k of A(k f0, t) sin(2 pi k f0 t) + noise
    A(f, t) = sum over formants of a / (1 + ((f - F) / B)^2)

Formants glide from phone to phone. Speakers differ in pitch, in the length of the throat, which scales all formants,
and in pace. The formants are about those of Peterson, Barney (1952), "Control methods used in a study of the vowels".
It sounds like a machine of the fifties; it is for trying commands out, and for tests.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.samples import Sound

RATE = 8000
_FRAME = 40  # samples: 5 ms
_WIDTHS = (70.0, 110.0, 160.0)  # of the formants [Hz]

# phone: three formants [Hz], how loud voice and noise are, centre of the noise [Hz], seconds
_PHONES: dict[str, tuple[tuple[float, float, float], float, float, float, float]] = {
    "w": ((300, 610, 2200), 0.5, 0.0, 1000, 0.06),
    "ah": ((640, 1190, 2390), 1.0, 0.0, 1000, 0.10),
    "n": ((280, 1700, 2600), 0.4, 0.0, 1000, 0.07),
    "t": ((400, 1700, 2600), 0.0, 0.5, 3000, 0.04),
    "uw": ((300, 870, 2240), 0.9, 0.0, 1000, 0.14),
    "th": ((400, 1400, 2500), 0.0, 0.12, 2800, 0.08),
    "r": ((420, 1300, 1600), 0.6, 0.0, 1000, 0.06),
    "iy": ((270, 2290, 3010), 0.9, 0.0, 1000, 0.14),
    "f": ((400, 1300, 2300), 0.0, 0.15, 2000, 0.09),
    "ao": ((570, 840, 2410), 1.0, 0.0, 1000, 0.13),
    "ay": ((660, 1720, 2410), 1.0, 0.0, 1000, 0.08),
    "aa": ((730, 1090, 2440), 1.0, 0.0, 1000, 0.10),
    "v": ((300, 1200, 2300), 0.3, 0.06, 2000, 0.06),
    "s": ((400, 1600, 2600), 0.0, 0.5, 3600, 0.10),
    "ih": ((390, 1990, 2550), 0.9, 0.0, 1000, 0.08),
    "k": ((400, 1900, 2500), 0.0, 0.4, 1800, 0.05),
    "eh": ((530, 1840, 2480), 1.0, 0.0, 1000, 0.11),
    "ey": ((400, 2100, 2650), 1.0, 0.0, 1000, 0.14),
    "z": ((300, 1700, 2600), 0.3, 0.3, 3500, 0.08),
    "ow": ((450, 900, 2350), 0.9, 0.0, 1000, 0.14),
}
WORDS = {
    "zero": "z ih r ow",
    "one": "w ah n",
    "two": "t uw",
    "three": "th r iy",
    "four": "f ao r",
    "five": "f aa ay v",
    "six": "s ih k s",
    "seven": "s eh v ah n",
    "eight": "ey t",
    "nine": "n aa ay n",
}

Floats = npt.NDArray[np.float64]


def make_numbers(count: int = 240, *, speakers: int = 120, seed: int = 0) -> pd.DataFrame:
    """`audio` (sounds), `words` (one to four digits) and `speaker`; the same seed gives the same ones.

    >>> frame = make_numbers(3)
    >>> frame.columns.tolist(), frame["audio"][0].rate, frame["words"][0].split()[0] in WORDS
    (['audio', 'words', 'speaker'], 8000, True)
    """
    rng = np.random.default_rng(seed)
    voices = [(rng.uniform(90, 230), rng.uniform(0.92, 1.12), rng.uniform(0.85, 1.2)) for _k in range(speakers)]
    rows = []
    for k in range(count):
        words = rng.choice(list(WORDS), size=int(rng.integers(1, 5)))
        speaker = k % speakers
        samples = say(list(map(str, words)), *voices[speaker], rng=rng)
        rows.append((Sound(samples, RATE), " ".join(words), f"speaker {speaker + 1}"))
    return pd.DataFrame(rows, columns=["audio", "words", "speaker"])


def make_voice(count: int = 200, *, seed: int = 0) -> pd.DataFrame:
    """`audio` (sounds) and `words` (two to five digits), all by one speaker; the same seed gives the same ones.

    >>> make_voice(2).columns.tolist()
    ['audio', 'words']
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _k in range(count):
        words = list(map(str, rng.choice(list(WORDS), size=int(rng.integers(2, 6)))))
        rows.append((Sound(say(words, 150.0, 1.0, 1.0, rng=rng), RATE), " ".join(words)))
    return pd.DataFrame(rows, columns=["audio", "words"])


def say(
    words: list[str], pitch: float, throat: float, pace: float, *, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Samples [n] of words, by a voice of `pitch` [Hz], its formants times `throat`, its durations times `pace`."""
    phones: list[tuple[tuple[float, float, float], float, float, float, int]] = []
    pause = _PHONES["n"]
    for word in words:
        phones.append((pause[0], 0.0, 0.0, 1000.0, _frames(rng.uniform(0.03, 0.12))))
        for name in WORDS[word].split():
            formants, voice, noise, centre, seconds = _PHONES[name]
            near = tuple(float(f * throat * rng.normal(1, 0.03)) for f in formants)
            size = _frames(seconds * pace * rng.uniform(0.8, 1.25))
            phones.append((near, voice, noise, min(centre * throat, 3800.0), size))  # pyright: ignore[reportArgumentType]
    phones.append((pause[0], 0.0, 0.0, 1000.0, _frames(0.08)))
    tracks = np.concatenate([np.tile([*f, v, n, c], (size, 1)) for f, v, n, c, size in phones])
    kernel = np.hanning(9) / np.hanning(9).sum()
    padded = np.pad(tracks, ((4, 4), (0, 0)), mode="edge")
    tracks = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in range(tracks.shape[1])], axis=1)
    return _sound(tracks, pitch, rng)


def _sound(tracks: Floats, pitch: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Samples of tracks [frames, 6]: three formants, voice, noise and its centre."""
    size = len(tracks) * _FRAME
    at = np.arange(size) / _FRAME
    track = np.stack([np.interp(at, np.arange(len(tracks)), tracks[:, k]) for k in range(6)])
    melody = pitch * (1.08 - 0.16 * at / max(len(tracks), 1)) * (1 + 0.01 * np.sin(2 * np.pi * 5 * at * _FRAME / RATE))
    phase = 2 * np.pi * np.cumsum(melody) / RATE
    samples = np.zeros(size)
    for k in range(1, int(3800 / melody.max()) + 1):
        amplitude = sum(1.0 / (j + 1) / (1 + ((k * melody - track[j]) / _WIDTHS[j]) ** 2) for j in range(3))
        samples += amplitude * np.sin(k * phase)
    hiss = rng.normal(0, 1, size)
    carrier = np.cos(2 * np.pi * np.cumsum(track[5]) / RATE)
    smooth = np.convolve(hiss, np.hanning(9) / 4.0, "same")  # a band around 0 Hz, moved to the centre
    samples = 0.5 * track[3] * samples + 0.9 * track[4] * smooth * carrier + rng.normal(0, 0.004, size)
    return (0.5 * samples / max(np.abs(samples).max(), 1e-9)).astype(np.float32)


def _frames(seconds: float) -> int:
    return max(2, round(seconds * RATE / _FRAME))
