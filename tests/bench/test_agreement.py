"""What differs is named and refused; what is not finite differs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from recurra.bench.agreement import TOLERANCE, Disagreement, check_agreement, largest_error

EXPECTED = {"outputs": torch.tensor([1.0, -4.0]), "last h": torch.tensor([2.0])}


def changed(name: str, value: Tensor) -> dict[str, Tensor]:
    return EXPECTED | {name: value}


def test_the_error_is_a_share_of_the_largest_value() -> None:
    assert largest_error(changed("outputs", torch.tensor([1.0, -3.0])), EXPECTED) == ("outputs", 0.25)
    assert largest_error(EXPECTED, EXPECTED)[1] == 0


@pytest.mark.parametrize("value", [torch.tensor([math.nan]), torch.tensor([math.inf]), torch.tensor([2.0, 2.0])])
def test_not_finite_or_of_another_shape_is_as_wrong_as_can_be(value: Tensor) -> None:
    assert largest_error(changed("last h", value), EXPECTED) == ("last h", math.inf)


def test_nan_on_both_sides_is_refused_too() -> None:
    nan = changed("last h", torch.tensor([math.nan]))
    with pytest.raises(Disagreement):
        check_agreement(nan, nan, torch.float32)


def test_zeros_and_nothing_agree_with_themselves() -> None:
    zeros = {"a": torch.zeros(3), "b": torch.zeros(0)}
    assert largest_error(zeros, zeros)[1] == 0
    assert largest_error({"a": torch.full((3,), 0.5), "b": torch.zeros(0)}, zeros) == ("a", 0.5)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_the_tolerance_is_that_of_the_dtype(dtype: torch.dtype) -> None:
    double = {name: tensor.double() for name, tensor in EXPECTED.items()}
    for factor, agrees in ((0.9, True), (1.1, False)):
        found = double | {"last h": double["last h"] * (1 + factor * TOLERANCE[dtype])}
        if agrees:
            assert check_agreement(found, double, dtype) == pytest.approx(factor * TOLERANCE[dtype], rel=1e-3)
        else:
            with pytest.raises(Disagreement, match=r"last h by .* of its largest value, expected at most"):
                check_agreement(found, double, dtype)


def test_no_more_is_asked_of_ours_than_the_peer_reaches() -> None:
    found = changed("last h", torch.tensor([2.2]))
    assert check_agreement(found, EXPECTED, torch.float32, peer=0.11) == pytest.approx(0.1)
    with pytest.raises(Disagreement):
        check_agreement(found, EXPECTED, torch.float32, peer=0.09)


def test_a_result_that_is_missing_is_refused() -> None:
    with pytest.raises(Disagreement, match="differ in kind"):
        largest_error({"outputs": EXPECTED["outputs"]}, EXPECTED)
