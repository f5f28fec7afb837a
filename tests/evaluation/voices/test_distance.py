"""How far sentences lie apart, whatever their tempo; joined and mean sounds."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.examples.ragged import Ragged
from recurra.evaluation.voices.distance import cepstra, distance, warped
from recurra.evaluation.voices.units import MeanSounds, Units


def test_the_tempo_does_not_count() -> None:
    bands = np.random.default_rng(0).normal(size=(20, 40))
    slow = np.repeat(bands, 2, axis=0)
    found = distance(slow, np.full(40, 100.0), bands, np.full(20, 100.0))
    assert found.cepstral == pytest.approx(0.0, abs=1e-4)
    assert found.pitch == pytest.approx(0.0)


def test_the_distance_is_that_of_the_formula() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(1, 40)), rng.normal(size=(1, 40))
    k, b = np.arange(1, 14)[:, None], np.arange(40)
    by_hand = [(0.5 * x * np.cos(np.pi * k * (b + 0.5) / 40)).mean(axis=1) for x in (first, second)]
    assert cepstra(first)[0] == pytest.approx(by_hand[0])
    wanted = 10 / np.log(10) * np.sqrt(2 * np.square(by_hand[0] - by_hand[1]).sum())
    assert distance(first, np.zeros(1), second, np.zeros(1)).cepstral == pytest.approx(wanted)


def test_an_octave_is_twelve_semitones_where_both_have_a_voice() -> None:
    bands = np.random.default_rng(0).normal(size=(4, 40))
    found = distance(bands, np.array([200.0, 200, 0, 200]), bands, np.array([100.0, 0, 100, 100]))
    assert (found.pitch, found.voiced) == (288.0, 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_path_is_the_cheapest(seed: int) -> None:
    apart = np.random.default_rng(seed).uniform(size=(4, 5))

    def cheapest(i: int, j: int) -> float:
        ways = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        before = [cheapest(a, b) for a, b in ways if a >= 0 and b >= 0]
        return apart[i, j] + (min(before) if before else 0.0)

    a, b = warped(apart)
    assert apart[a, b].sum() == pytest.approx(cheapest(3, 4))
    assert set(zip(np.diff(a).tolist(), np.diff(b).tolist(), strict=True)) <= {(0, 1), (1, 0), (1, 1)}


def units() -> Units:
    frames = Ragged.of([np.arange(12, dtype=np.float32)[:, None], np.arange(50, 56, dtype=np.float32)[:, None]])
    symbols = [np.array([0, 5, 6, 1]), np.array([0, 6, 5])]
    return Units.learn(frames, symbols, [np.array([2, 4, 3, 3]), np.array([1, 3, 2])], np.array([0, 1]))


def test_what_was_said_is_found_again() -> None:
    frames, durations = units().say(np.array([0, 5, 6, 1]), 0)
    assert frames[:, 0].tolist() == list(range(12))
    assert durations.tolist() == [2, 4, 3, 3]


def test_a_speaker_uses_his_own_recordings_where_he_has_them() -> None:
    frames, _durations = units().say(np.array([0, 6]), 1)
    assert frames[:, 0].tolist() == [50, 51, 52, 53]
    borrowed, _durations = units().say(np.array([1]), 1)
    assert borrowed[:, 0].tolist() == [9, 10, 11]


def test_mean_sounds_are_means() -> None:
    found = MeanSounds.learn(units(), 8)
    frames, durations = found.say(np.array([6, 7]))
    assert durations.tolist()[0] == 3
    assert frames[0, 0] == pytest.approx(np.mean([6, 7, 8, 51, 52, 53]))
