"""What is not known does not count, and what is counts as the formula says."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from recurra.nn.losses import class_loss, label_loss, number_loss

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0], [-3.0, 1.0, 1.0]])


@pytest.mark.parametrize("weight", [None, torch.tensor([1.0, 5.0, 0.5])])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_classes_are_torch_s_cross_entropy(weight, smoothing):
    truth = torch.tensor([0, 2, 1])
    expected = functional.cross_entropy(LOGITS, truth, weight, label_smoothing=smoothing)
    torch.testing.assert_close(class_loss(LOGITS, truth, weight, smoothing), expected)


def test_masked_tags_count_nothing():
    """Logits [T, B, K]: other outputs at masked steps change neither the loss nor any gradient."""
    logits = LOGITS.unsqueeze(1).clone().requires_grad_()
    truth = torch.tensor([[0], [-1], [1]])
    loss = class_loss(logits, truth, None, 0.1)
    torch.testing.assert_close(loss, class_loss(LOGITS[[0, 2]], torch.tensor([0, 1]), None, 0.1))
    loss.backward()
    assert logits.grad is not None
    assert not logits.grad[1].any()
    assert logits.grad[0].any()


@pytest.mark.parametrize("weight", [None, torch.tensor([0.0, 1.0, 1.0])])
def test_a_batch_without_anything_to_learn_has_no_loss(weight):
    truth = torch.tensor([-1, -1, -1]) if weight is None else torch.tensor([0, 0, -1])
    logits = LOGITS.clone().requires_grad_()
    loss = class_loss(logits, truth, weight, 0.0)
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_a_missing_label_of_several_counts_nothing():
    truth = torch.tensor([[1.0, math.nan, 0.0], [0.0, 1.0, 1.0], [math.nan] * 3])
    known = torch.isfinite(truth)
    expected = functional.binary_cross_entropy_with_logits(LOGITS[known], truth[known])
    torch.testing.assert_close(label_loss(LOGITS, truth, None, 0.0), expected)
    assert float(label_loss(LOGITS[2:], truth[2:], None, 0.0)) == 0


def test_smoothing_draws_labels_to_one_half():
    sure, half = torch.full((1, 1), 50.0), torch.zeros(1, 1)
    one = torch.ones(1, 1)
    assert label_loss(sure, one, None, 0.0) < label_loss(half, one, None, 0.0)
    assert label_loss(sure, one, None, 0.2) > label_loss(half, one, None, 0.2)


def test_numbers_are_squared_within_three_spreads_and_linear_beyond():
    truth = torch.zeros(1, 1)
    assert float(number_loss(torch.full((1, 1), 2.0), truth)) == 2.0  # half the square
    far, farther = (float(number_loss(torch.full((1, 1), x), truth)) for x in (10.0, 11.0))
    assert farther - far == pytest.approx(3.0, abs=1e-5)


def test_a_missing_number_counts_nothing():
    values = torch.tensor([[1.0, 9.0], [2.0, 0.0]], requires_grad=True)
    loss = number_loss(values, torch.tensor([[0.0, math.nan], [0.0, 0.0]]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx((0.5 + 2.0) / 3)
    assert values.grad is not None
    assert values.grad[0, 1] == 0
    assert float(number_loss(values, torch.full((2, 2), math.nan)).detach()) == 0
