"""Frames of speech: normalised, with differences, stacked; each against the plain formula."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.encoders.speech import SpeechOptions, SpeechReader, cepstra_of, stacked, with_deltas
from recurra.data.examples.ragged import Ragged


def frames(sizes: list[int], seed: int = 0) -> Ragged:
    rng = np.random.default_rng(seed)
    return Ragged.of([rng.normal(k, 1 + k, (size, 3)).astype(np.float32) for k, size in enumerate(sizes)])


def test_differences_are_slopes() -> None:
    x = np.arange(20, dtype=np.float32)[:, None] ** 2
    found = with_deltas(x)
    assert np.allclose(found[5:15, 1], 2 * x[5:15, 0] ** 0.5)
    assert np.allclose(found[5:15, 2], 2.0)


def test_speakers_are_normalised_together() -> None:
    data = frames([80, 70, 90, 60])
    speakers = np.array(["a", "b", "a", "b"])
    reader = SpeechReader.learn(data, speakers, SpeechOptions(normalise="speaker"), None)
    normal = reader.normalised(data, speakers)
    own = np.concatenate([normal[0], normal[2]])
    assert np.allclose(own.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(own.std(axis=0), 1, atol=1e-3)
    alone = reader.normalised(data, None)
    assert np.allclose(alone[1].mean(axis=0), 0, atol=1e-4)


def test_the_corpus_gives_the_same_frame_for_the_same_frame() -> None:
    data = frames([30, 50])
    reader = SpeechReader.learn(data, None, SpeechOptions(normalise="corpus"), None)
    whole = reader.normalised(data, None)[1]
    part = reader.normalised(Ragged.of([data[1][10:20]]), None)[0]
    assert np.array_equal(whole[10:20], part)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_steps_hold_every_frame(size: int) -> None:
    x = frames([17])[0]
    found = stacked(x, size)
    assert len(found) == -(-17 // size)
    assert np.array_equal(found.reshape(-1, 3)[:17], x)
    reader = SpeechReader.learn(frames([17]), None, SpeechOptions(stack=size), None)
    assert reader.steps(x).shape == (reader.count(17), reader.features)


def test_cepstra_are_the_cosine_transform() -> None:
    bands = np.random.default_rng(0).normal(size=(4, 40)).astype(np.float32)
    found = cepstra_of(bands, 13)
    k = 5
    plain = np.sqrt(2 / 40) * (bands * np.cos(np.pi * k * (np.arange(40) + 0.5) / 40)).sum(axis=1)
    assert np.allclose(found[:, k], plain * (1 + 11 * np.sin(np.pi * k / 22)), atol=1e-4)


def test_a_constant_feature_stays_finite() -> None:
    data = Ragged.of([np.ones((60, 2), np.float32)])
    reader = SpeechReader.learn(data, None, SpeechOptions(), None)
    assert np.isfinite(reader.steps(reader.normalised(data, None)[0])).all()
