"""Passages that were copied are found where they stand, and nothing else is."""

from __future__ import annotations

import numpy as np

from recurra.evaluation.generation.memorised import copied_share, known_share, passages, prints_of


def test_a_copied_passage_is_found_with_its_place_and_length() -> None:
    rng = np.random.default_rng(0)
    learnt = rng.integers(0, 20, 3000)
    made = np.concatenate([rng.integers(0, 20, 50), learnt[1200:1263], rng.integers(0, 20, 50)])
    made[113] = (learnt[1263] + 1) % 20
    made[49] = (learnt[1199] + 1) % 20
    (found,) = passages(made, learnt, least=10)
    assert (found.place, found.source, found.length) == (50, 1200, 63)
    assert copied_share(made, learnt, 10) == 63 / len(made)


def test_a_text_shorter_than_a_run_has_no_share() -> None:
    assert np.isnan(copied_share(np.arange(3), np.arange(50), 10))
    assert passages(np.arange(3), np.arange(50), least=10) == []


def test_a_text_is_known_again_by_its_runs() -> None:
    rng = np.random.default_rng(0)
    learnt = rng.integers(0, 20, 9000)
    prints = prints_of(learnt, 30)
    assert len(prints) == 300
    assert known_share(learnt[1234:7234], prints, 30) > 0.95
    mixed = np.concatenate([learnt[1000:4000], rng.integers(0, 20, 3000)])
    assert 0.45 < known_share(mixed, prints, 30) < 0.55
    assert known_share(rng.integers(0, 20, 3000), prints, 30) == 0
