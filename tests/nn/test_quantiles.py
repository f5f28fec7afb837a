"""Quantiles never cross, start at the centre given, and the loss is the pinball loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.nn.quantiles import MEDIAN, QUANTILES, QuantileOutput, pinball_loss


@given(st.integers(0, 2**31), st.floats(0.01, 100.0))
def test_quantiles_do_not_cross_whatever_the_weights(seed, size):
    torch.manual_seed(seed)
    output = QuantileOutput(4)
    with torch.no_grad():
        for parameter in output.parameters():
            parameter.normal_(0.0, size)
    quantiles = output(torch.randn(3, 5, 4) * size, torch.randn(3, 5))
    assert (quantiles.diff(dim=-1) >= 0).all()


def test_an_untrained_median_is_the_centre():
    centre = torch.randn(3, 5)
    torch.testing.assert_close(QuantileOutput(4)(torch.randn(3, 5, 4), centre)[..., MEDIAN], centre, rtol=0, atol=0)


def test_the_loss_is_smallest_at_the_quantiles_of_the_truth():
    truth = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    at = torch.from_numpy(np.quantile(truth.numpy(), QUANTILES)).float().expand(len(truth), 1, -1)
    best = pinball_loss(at, truth)
    for move in (-0.1, 0.1):
        assert pinball_loss(at + move, truth) > best


def test_unknown_truth_does_not_count():
    quantiles = torch.randn(4, 3, len(QUANTILES)).sort(-1).values.requires_grad_()
    truth = torch.randn(4, 3)
    part = truth.clone()
    part[2:] = torch.nan
    loss = pinball_loss(quantiles, part)
    torch.testing.assert_close(loss, pinball_loss(quantiles[:2], truth[:2]))
    (gradient,) = torch.autograd.grad(loss, quantiles)
    assert torch.isfinite(gradient).all()
    assert (gradient[2:] == 0).all()
    assert float(pinball_loss(quantiles.detach(), torch.full((4, 3), torch.nan))) == 0.0


def test_the_median_counts_half_as_much_as_all_others_together():
    quantiles = torch.zeros(1, 1, len(QUANTILES))
    quantiles[..., MEDIAN] = -1.0
    assert float(pinball_loss(quantiles, torch.zeros(1, 1))) == pytest.approx(0.5 / 3)


def test_steps_lead_away_from_the_median():
    output = QuantileOutput(4).double()
    with torch.no_grad():
        for parameter in output.parameters():
            parameter.normal_()
    features, centre = torch.randn(3, 5, 4, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    raw = output.project(features)
    step = (raw + (raw * raw + 4).sqrt()) / 2
    expected = (centre + raw[..., MEDIAN]).unsqueeze(-1).repeat(1, 1, len(QUANTILES))
    for k in range(len(QUANTILES)):
        expected[..., k] -= step[..., k:MEDIAN].sum(-1) if k < MEDIAN else 0
        expected[..., k] += step[..., MEDIAN + 1 : k + 1].sum(-1)
    torch.testing.assert_close(output(features, centre), expected)


@given(st.integers(0, 2**31), st.booleans())
def test_the_loss_and_its_gradient_are_those_of_the_definition(seed, weighted):
    generator = torch.Generator().manual_seed(seed)
    levels = torch.tensor(QUANTILES)
    # Whole numbers, so that some truths are hit: there the gradient is the mean of those on both sides.
    quantiles = torch.randint(-2, 3, (4, 3, len(QUANTILES)), generator=generator).float().requires_grad_()
    truth = torch.randint(-2, 3, (4, 3), generator=generator).float()
    weight = torch.rand(4, 1, generator=generator) if weighted else None
    error = truth.unsqueeze(-1) - quantiles
    each = torch.maximum(levels * error, (levels - 1) * error)
    each = torch.where(levels == 0.5, (len(QUANTILES) - 1) / 2, 1.0) * each / (1.5 * (len(QUANTILES) - 1))
    expected = (each.sum(-1) * (1 if weight is None else weight)).mean()
    found = pinball_loss(quantiles, truth, weight)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found, quantiles), torch.autograd.grad(expected, quantiles))
