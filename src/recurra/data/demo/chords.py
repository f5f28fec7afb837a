"""Pieces in four voices from a small grammar of harmony: chords that follow one another as they usually do.

chord_t ~ P(chord_{t-1})    a walk over the degrees of a key, that ends on the first
voices                      each takes the note of the chord that is nearest to its last, the bass the root
"""

from __future__ import annotations

import numpy as np

_DEGREES = {0: (0, 4, 7), 1: (2, 5, 9), 2: (4, 7, 11), 3: (5, 9, 12), 4: (7, 11, 14), 5: (9, 12, 16)}
_NEXT = {0: (1, 3, 4, 5), 1: (4, 4, 3), 2: (5, 3), 3: (4, 0, 1), 4: (0, 0, 5), 5: (3, 1, 4)}
_RANGES = ((48, 62), (55, 69), (60, 76))


def make_chords(count: int = 120, *, seed: int = 0) -> list[tuple[tuple[int, ...], ...]]:
    """So many pieces of frames of notes (MIDI numbers); the same seed gives the same ones.

    >>> len(make_chords(2)[0][0])
    4
    """
    rng = np.random.default_rng(seed)
    return [_piece(rng) for _ in range(count)]


def _piece(rng: np.random.Generator) -> tuple[tuple[int, ...], ...]:
    key, degree = int(rng.integers(-5, 6)), 0
    voices = [52, 60, 67]
    frames: list[tuple[int, ...]] = []
    for step in range(int(rng.integers(12, 24))):
        if step:
            degree = int(rng.choice(_NEXT[degree]))
        frames += _frames(key, degree, voices, rng)
    return tuple(frames + _frames(key, 0, voices, rng))


def _frames(key: int, degree: int, voices: list[int], rng: np.random.Generator) -> list[tuple[int, ...]]:
    """A chord for one to three frames; at times the upper voice passes through a neighbour."""
    tones = [(tone + key) % 12 for tone in _DEGREES[degree]]
    bass = 36 + (_DEGREES[degree][0] + key) % 12
    for k, (low, high) in enumerate(_RANGES):
        near = [note for note in range(low, high) if note % 12 in tones]
        voices[k] = min(near, key=lambda note: (abs(note - voices[k]), note))  # called at once
    chord = tuple(sorted({bass, *voices}))
    frames = [chord] * int(rng.choice([1, 2, 2, 3]))
    if rng.random() < 0.3:
        frames[-1] = tuple(sorted({bass, *voices[:2], voices[2] + 2}))
    return frames
