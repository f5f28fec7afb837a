"""The joint model is that of an input where there is only one, and its parts read what they say."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.fixed_model import CELLS, MOST_CATEGORIES, fixed_features, numbers_of, sizes_of
from recurra.evaluation.labelled.joint import fit_joint_classifier, fit_joint_labels, fit_joint_ridge
from recurra.evaluation.labelled.linear import fit_ngram_classifier, fit_ngram_labels
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import fit_summary_classifier, fit_summary_ridge

RNG = np.random.default_rng(0)
TOKENS = Ragged.of([RNG.integers(1, 9, int(n)) for n in RNG.integers(1, 12, 120)])
SERIES = Ragged.of([RNG.normal(size=(int(n), 2)) for n in RNG.integers(1, 9, 120)])
LABELS = np.array([len(set(row)) % 3 for row in map(np.ndarray.tolist, (TOKENS[k] for k in range(120)))])
ORDERS = {"tokens": (1, 2)}


def test_of_tokens_alone_it_is_the_model_of_n_grams() -> None:
    joint = fit_joint_classifier({"tokens": TOKENS}, LABELS, 3, orders=ORDERS)
    alone = fit_ngram_classifier(TOKENS, LABELS, 3)
    np.testing.assert_allclose(joint.outputs({"tokens": TOKENS}), alone.outputs(TOKENS), atol=0.02)
    sets = np.stack([LABELS == 1, LABELS == 2], axis=1).astype(float)
    several = fit_joint_labels({"tokens": TOKENS}, sets, orders=ORDERS)
    np.testing.assert_allclose(
        several.outputs({"tokens": TOKENS}), fit_ngram_labels(TOKENS, sets).outputs(TOKENS), atol=0.05
    )


def test_of_a_series_alone_it_is_the_model_of_summaries() -> None:
    joint = fit_joint_classifier({"walk": SERIES}, LABELS, 3, orders={})
    alone = fit_summary_classifier(SERIES, LABELS, 3)
    np.testing.assert_allclose(joint.outputs({"walk": SERIES}), alone.outputs(SERIES), atol=0.02)
    values = SERIES.lengths[:, None].astype(float)
    ridge = fit_joint_ridge({"walk": SERIES}, values, orders={})
    np.testing.assert_allclose(
        ridge.outputs({"walk": SERIES}), fit_summary_ridge(SERIES, values).outputs(SERIES), atol=0.02
    )


def test_what_tokens_contribute_is_their_part_exactly() -> None:
    columns = Fixed(RNG.normal(size=(120, 2)).astype(np.float32), np.ones(120, bool))
    inputs = {"tokens": TOKENS, "facts": columns}
    joint = fit_joint_classifier(inputs, LABELS, 3, orders=ORDERS)
    part, rest = joint.parts["tokens"], joint.parts["facts"]
    assert isinstance(part, NGramModel)
    owner = np.repeat(np.arange(120), TOKENS.lengths)
    shares = np.stack([np.bincount(owner, each, 120) for each in part.contributions(TOKENS).T], axis=1)
    expected = joint.outputs(inputs) - joint.intercepts - rest.outputs(columns)  # type: ignore[arg-type]
    np.testing.assert_allclose(shares, expected, atol=1e-6)


@pytest.mark.parametrize("missing", [-1, np.nan])
def test_an_example_without_a_label_is_left_out(missing: float) -> None:
    inputs = {"walk": SERIES}
    part = {"walk": SERIES.take(np.arange(60))}
    sets = np.stack([LABELS == 1, LABELS == 2], axis=1).astype(float)
    sets[60:, 0] = missing
    found = fit_joint_labels(inputs, sets, orders={}).parts["walk"].coefficients[:, 0]
    other = fit_joint_labels(part, sets[:60], orders={}).parts["walk"].coefficients[:, 0]
    # Only the scale of the features comes from all of them.
    assert np.corrcoef(found, other)[0, 1] > 0.95


def test_categories_beyond_those_of_the_fit_are_unknown() -> None:
    values, there = np.zeros((3, 0), np.float32), np.ones(3, bool)
    fixed = Fixed(values, there, np.array([[1, 2], [0, 1], [5, 1]]))
    features = fixed_features(fixed, np.ones(1), np.ones(1), (2, 2)).toarray()
    assert features.tolist() == [[0, 0, 1, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1, 0]]
    assert sizes_of(fixed) == (5, 2)
    assert sizes_of(Fixed(values, there, np.full((3, 1), 10**6))) == (MOST_CATEGORIES,)
    assert sizes_of(Fixed(values, there)) == ()


@pytest.mark.parametrize("shape", [(4, 4), (8, 8), (24, 16), (13, 9)])
def test_an_image_is_seen_from_afar(shape: tuple[int, int]) -> None:
    images = RNG.normal(size=(2, 3, *shape)).astype(np.float32)
    found = numbers_of(Fixed(images, np.array([True, False])))
    assert found.shape == (2, 1 + 3 * CELLS * CELLS)
    assert found[:, 0].tolist() == [1, 0]
    cells = found[:, 1:].reshape(2, 3, CELLS, CELLS)
    height, width = (max(side // CELLS, 1) for side in shape)
    np.testing.assert_allclose(cells[:, :, 0, 0], images[:, :, :height, :width].mean((2, 3)), atol=1e-6)
