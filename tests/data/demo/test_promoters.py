"""Promoters whose expression follows from a grammar: what it says is what the sequences have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from recurra.data.demo.promoters import LENGTH, MOTIFS, NOISE, find_motifs, make_promoters, noiseless_expression


def test_the_same_seed_gives_the_same_promoters() -> None:
    first, again, other = make_promoters(20), make_promoters(20), make_promoters(20, seed=1)
    assert first.sequences == again.sequences
    np.testing.assert_array_equal(first.expression, again.expression)
    assert first.sequences != other.sequences


def test_places_hold_their_motifs() -> None:
    made = make_promoters(50)
    for k, motif, start, end in made.places.itertuples(index=False):
        assert made.sequences[k][start:end] in MOTIFS[motif]
    assert {len(sequence) for sequence in made.sequences} == {LENGTH}
    assert set("".join(made.sequences)) == set("ACGT")


@pytest.mark.slow
def test_expression_follows_from_the_sequence_but_for_the_noise() -> None:
    made = make_promoters(2000)
    computed = [noiseless_expression(find_motifs(sequence)) for sequence in made.sequences]
    np.testing.assert_array_equal(made.noiseless, computed)
    assert np.std(made.expression - made.noiseless) == pytest.approx(NOISE, rel=0.05)
    np.testing.assert_array_equal(make_promoters(20, noise=0.0).expression, make_promoters(20).noiseless)


@pytest.mark.slow
def test_the_attainable_rank_correlation_is_what_is_said() -> None:
    made = make_promoters(2000, seed=3)
    assert spearmanr(made.noiseless, made.expression)[0] == pytest.approx(0.96, abs=0.01)


def test_place_and_spacing_count() -> None:
    here, there = ("tata", 130, 136), ("tata", 20, 26)
    assert noiseless_expression([here]) == pytest.approx(1.0)
    assert noiseless_expression([there]) == pytest.approx(0.0, abs=1e-6)
    assert noiseless_expression([("weak tata", 130, 136)]) == pytest.approx(0.5)
    near, far = ("inr", 160, 165), ("inr", 172, 177)
    gain = noiseless_expression([here, near]) - noiseless_expression([here]) - noiseless_expression([near])
    assert gain == pytest.approx(1.2)
    lost = noiseless_expression([here, far]) - noiseless_expression([here]) - noiseless_expression([far])
    assert lost < 0.001
    boxes = [("gc", 10 * k, 10 * k + 6) for k in range(4)]
    steps = np.diff([noiseless_expression(boxes[:k]) for k in range(5)])
    assert (np.diff(steps) < 0).all()
    assert (steps > 0).all()
