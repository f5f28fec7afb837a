"""Tokens that keep the same company get like vectors, and the vectors are a function of tokens and seed alone."""

from __future__ import annotations

import numpy as np

from recurra.data.encoders.cooccurrence import token_vectors
from recurra.data.examples.ragged import Ragged


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_the_same_company_means_like_vectors():
    tokens = Ragged.of([[1, 3, 2], [1, 4, 2], [5, 6, 7], [5, 8, 7]] * 40)
    vectors = token_vectors(tokens, 9, 4)
    assert vectors.shape == (9, 4)
    assert vectors.dtype == np.float32
    assert cosine(vectors[3], vectors[4]) > 0.99
    assert cosine(vectors[6], vectors[8]) > 0.99
    assert cosine(vectors[3], vectors[6]) < 0.5


def test_the_same_seed_gives_the_same_bits():
    tokens = Ragged.of([[1, 2, 3], [3, 2, 1, 1]] * 10)
    assert np.array_equal(token_vectors(tokens, 5, 8, seed=3), token_vectors(tokens, 5, 8, seed=3))
    assert not np.array_equal(token_vectors(tokens, 5, 8, seed=3), token_vectors(tokens, 5, 8, seed=4))


def test_neighbours_end_with_their_sequence():
    """Tokens of different sequences are no neighbours: alone in their sequences they keep no company."""
    alone = Ragged.of([[1], [2], [1], [2]])
    noise = token_vectors(alone, 4, 3, seed=1)
    np.testing.assert_allclose(noise, 0.3 * np.random.default_rng(1).normal(size=(4, 3)), rtol=1e-6)


def test_vectors_are_as_wide_as_asked():
    for width in (1, 3, 50):
        assert token_vectors(Ragged.of([[1, 2], [2, 1]]), 3, width).shape == (3, width)
    assert token_vectors(Ragged.of([[], []]), 1, 2).shape == (1, 2)
