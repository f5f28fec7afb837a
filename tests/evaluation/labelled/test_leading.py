"""The score that decides for classes: accuracy, unless one class is nearly all."""

from __future__ import annotations

from recurra.evaluation.labelled.leading import leading_of_classes


def test_leading_score() -> None:
    assert leading_of_classes([1]) == "accuracy"
    assert leading_of_classes([75, 25]) == "accuracy"
    assert leading_of_classes([76, 24]) == leading_of_classes([76, 24, 0]) == "balanced accuracy"
    assert leading_of_classes([56] + [5] * 9) == "balanced accuracy"
    assert leading_of_classes([54] + [5] * 9) == "accuracy"
