"""Sampling: laws of temperature, top-k and nucleus, and that a seed decides."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest

from recurra.decoding.sampling import Sampling
from recurra.errors import InputError

P = np.array([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])


def test_temperature_is_a_power_of_the_probabilities() -> None:
    found = Sampling(temperature=0.5).probabilities(np.log(P))
    np.testing.assert_allclose(found, P**2 / (P**2).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(Sampling().probabilities(np.log(P) + 7), P)
    assert Sampling(temperature=0).draw(P, np.array([0.99, 0.0])).tolist() == [0, 3]


def test_the_nucleus_is_the_fewest_that_reach_the_share() -> None:
    found = Sampling(top_p=0.6).probabilities(np.log(P))
    assert (found > 0).sum(axis=1).tolist() == [2, 2]
    np.testing.assert_allclose(found[0, :2], [0.625, 0.375])
    assert (Sampling(top_k=3, top_p=0.99).probabilities(np.log(P)) > 0).sum(axis=1).tolist() == [3, 3]


@pytest.mark.parametrize("way", [{}, {"top_k": 2}, {"top_p": 0.7}, {"temperature": 0.6}])
def test_draws_have_the_stated_probabilities(way: dict) -> None:
    sampling = Sampling(**way)
    uniform = (np.arange(4000) + 0.5) / 4000
    drawn = sampling.draw(np.repeat(np.log(P[:1]), 4000, axis=0), uniform)
    np.testing.assert_allclose(
        np.bincount(drawn, minlength=4) / 4000, sampling.probabilities(np.log(P[:1]))[0], atol=1e-3
    )


def test_a_row_is_the_same_whoever_stands_beside_it_and_the_seed_decides() -> None:
    def step(symbols: np.ndarray) -> np.ndarray:
        return np.log(P[symbols % 2]).astype(np.float32)

    def written(seed: int) -> list[list[int]]:
        return np.array(list(islice(Sampling().symbols(step, np.array([0]), 3, seed=seed), 40))).T.tolist()

    assert written(1) == written(1)
    assert written(1) != written(2)


@pytest.mark.parametrize(
    ("way", "text"), [({"temperature": -1}, "at least 0"), ({"top_k": 0}, "at least 1"), ({"top_p": 1.5}, "up to 1")]
)
def test_what_cannot_be_drawn_is_refused(way: dict, text: str) -> None:
    with pytest.raises(InputError, match=text):
        Sampling(**way)


def test_only_what_may_follow_is_drawn() -> None:
    follows = np.array([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [1, 1, 0, 0]], dtype=bool)
    drawn = Sampling().symbols(lambda last: np.zeros((2, 4)), np.array([0]), 2, seed=0, follows=follows)
    rows = np.array([[0, 0], *islice(drawn, 200)]).T
    assert all(follows[a, b] for row in rows for a, b in pairwise(row))
