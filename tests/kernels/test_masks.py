"""Masks: their rates, their values, and that torch's seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.kernels.masks import Masks, bernoulli

LIKE = torch.zeros(1)


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.25, 0.5 + 1 / 512, 0.999])
def test_the_rate_is_exact(rate):
    size = 400_000
    mask = bernoulli(np.random.default_rng(0), size, rate)
    assert mask.dtype == np.uint8
    assert mask.max() <= 1
    assert abs(mask.mean() - rate) < 4.5 * np.sqrt(rate * (1 - rate) / size)


def test_a_rate_between_bytes_is_kept():
    # 0.1 and 26 / 256 = 0.1016 differ by 13 standard deviations of this many draws
    mask = bernoulli(np.random.default_rng(1), 6_000_000, 0.1)
    assert abs(mask.mean() - 0.1) < 4.5 * np.sqrt(0.09 / 6_000_000)


@given(st.integers(0, 40), st.floats(0.01, 0.99))
def test_any_size(size, rate):
    assert bernoulli(np.random.default_rng(0), size, rate).shape == (size,)


def test_torchs_seed_decides():
    def draw(seed: int) -> Any:
        torch.manual_seed(seed)
        masks = Masks()
        return masks.dropout(3, 50, 0.5, LIKE), masks.zoneout(40, 5, 0.5, LIKE), masks.zoneout(40, 5, 0.5, LIKE)

    first, second, third = draw(1), draw(1), draw(2)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, third, strict=True))
    assert not torch.equal(first[1], first[2])


def test_dropout_keeps_the_mean_and_the_dtype():
    mask = Masks().dropout(1000, 100, 0.25, LIKE.double())
    assert mask is not None
    assert mask.dtype == torch.float64
    torch.testing.assert_close(mask.unique(), torch.tensor([0.0, 4 / 3], dtype=torch.float64))
    assert abs(float(mask.mean()) - 1) < 0.01


def test_a_rate_of_zero_draws_nothing():
    state = torch.get_rng_state()
    assert Masks().dropout(2, 3, 0.0, LIKE) is None
    assert Masks().zoneout(2, 3, 0.0, LIKE) is None
    assert torch.equal(torch.get_rng_state(), state)
