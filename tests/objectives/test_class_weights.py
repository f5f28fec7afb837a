"""Weights as given, or in inverse proportion to the number of examples."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.labels.labels import Classes, LabelSets
from recurra.objectives.class_weights import checked_smoothing, settings_of, weight_of_classes, weight_of_labels

CLASSES = Classes(("a", "b", "c"))
CODES = np.array([0, 0, 0, 1, -1, 0])


def test_balanced_classes_count_alike():
    weight = weight_of_classes("balanced", CLASSES, CODES)
    assert weight is not None
    np.testing.assert_allclose(weight[:2] * [4, 1], 5 / 3)
    assert np.isfinite(weight).all()


def test_named_weights_and_one_for_the_others():
    weight = weight_of_classes({"b": 3}, CLASSES, CODES)
    assert weight is not None
    assert weight.tolist() == [1, 3, 1]
    assert weight_of_classes(None, CLASSES, CODES) is None


def test_balanced_labels_count_as_much_as_their_absence():
    sets = LabelSets(("u", "v"))
    truth = np.array([[1, 0], [0, 0], [0, 0], [-1, -1]])
    weight = weight_of_labels("balanced", sets, truth)
    named = weight_of_labels({"v": 2.0}, sets, truth)
    assert weight is not None
    assert weight.tolist() == [2.0, 3.0]
    assert named is not None
    assert named.tolist() == [1.0, 2.0]
    assert weight_of_labels(None, sets, truth) is None


def test_settings_give_the_weights_again():
    weight = weight_of_classes("balanced", CLASSES, CODES)
    again = settings_of(weight, 0.1, CLASSES)
    np.testing.assert_array_equal(weight_of_classes(again["class_weight"], CLASSES, CODES), weight)
    assert again["label_smoothing"] == 0.1
    assert settings_of(None, 0.0, CLASSES)["class_weight"] is None


@pytest.mark.parametrize("share", [0, 0.5, np.float32(0.25)])
def test_shares(share):
    assert checked_smoothing(share) == share
