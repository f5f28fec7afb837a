"""Patches in causal units: later values change nothing, nor do level and scale; plain forecasts are what they say."""

from __future__ import annotations

import pytest
import torch

from recurra.nn.pretrained.features import PLAIN, describe, inputs_size, plain_forecasts

PATCH, HORIZON = 8, 16
LAST, BEFORE, AVERAGE, _, MOVED, _, MEAN, _, SLOPE4, SLOPE16, GROWTH = range(PLAIN)


def drawn(rows: int = 3, length: int = 64, seed: int = 0) -> torch.Tensor:
    x = torch.randn(rows, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x[0, 5:9] = torch.nan
    x[1, :11] = torch.nan
    return x


def described(x: torch.Tensor, lag: int = 6):
    lags = torch.tensor([[lag, 0]]).expand(len(x), 2)
    zero = torch.zeros(len(x), dtype=x.dtype)
    return describe(x, zero, lags, torch.zeros(len(x), 2, dtype=x.dtype), PATCH), lags


def test_the_sizes() -> None:
    of, lags = described(drawn())
    assert of.inputs.shape == (8, 3, inputs_size(PATCH))
    assert plain_forecasts(of, lags, torch.tensor([2, 7]), PATCH, HORIZON).shape == (3, 2, HORIZON, PLAIN)


@pytest.mark.parametrize("lag", [0, 1, 6, 30, 500])
def test_the_future_changes_nothing_before_it(lag: int) -> None:
    x = drawn()
    other = x.clone()
    other[:, 40:] = torch.randn(3, 24, dtype=x.dtype) * 100
    other[2, 40:] = torch.nan
    at = torch.arange(5)
    (one, lags), (two, _) = described(x, lag), described(other, lag)
    assert torch.equal(one.inputs[:5], two.inputs[:5])
    assert torch.equal(one.unit[:, :5], two.unit[:, :5])
    assert torch.equal(plain_forecasts(one, lags, at, PATCH, HORIZON), plain_forecasts(two, lags, at, PATCH, HORIZON))


def test_everything_is_finite_where_all_is_missing_or_constant() -> None:
    x = torch.stack([torch.full((64,), torch.nan), torch.ones(64)])
    of, lags = described(x)
    assert torch.isfinite(of.inputs).all()
    assert torch.isfinite(plain_forecasts(of, lags, torch.arange(8), PATCH, HORIZON)).all()


def in_units_of_x(x: torch.Tensor, lag: int) -> torch.Tensor:
    of, lags = described(x, lag)
    at = torch.tensor([x.shape[1] // PATCH - 1])
    plain = plain_forecasts(of, lags, at, PATCH, HORIZON)
    return (plain * of.unit[:, at, None, None] + of.last[:, at, None, None])[:, 0]


def test_plain_forecasts_of_a_straight_line() -> None:
    line = torch.arange(64, dtype=torch.float64)[None] / 10
    ahead = (64 + torch.arange(HORIZON, dtype=torch.float64)) / 10
    plain = in_units_of_x(line, 6)
    for kind in (SLOPE4, SLOPE16, GROWTH):
        torch.testing.assert_close(plain[0, :, kind], ahead)
    torch.testing.assert_close(plain[0, :, LAST], torch.full((HORIZON,), 6.3, dtype=torch.float64))
    torch.testing.assert_close(plain[0, :6, BEFORE], ahead[:6] - 0.6)
    torch.testing.assert_close(plain[0, 0, MEAN], line.mean())


def test_plain_forecasts_of_a_season() -> None:
    season = torch.tensor([0.0, 3, 1, 5, -2, 1], dtype=torch.float64)
    x = season.repeat(11)[None, :64]
    truth = season.repeat(15)[64 : 64 + HORIZON]
    plain = in_units_of_x(x, 6)
    for kind in (BEFORE, AVERAGE, MOVED, GROWTH):
        torch.testing.assert_close(plain[0, :, kind], truth)


def test_a_gap_at_the_end_counts_as_time_that_has_passed() -> None:
    season = torch.tensor([0.0, 3, 1, 5, -2, 1], dtype=torch.float64)
    x = season.repeat(11)[None, :64].clone()
    x[:, 45:] = torch.nan
    truth = season.repeat(15)[64 : 64 + HORIZON]
    torch.testing.assert_close(in_units_of_x(x, 6)[0, :, BEFORE], truth)


def test_level_and_scale_leave_the_inputs_as_they_are() -> None:
    x = drawn()
    one, _ = described(x)
    lags = torch.tensor([[6, 0]]).expand(3, 2)
    scores = torch.zeros(3, 2, dtype=x.dtype)
    two = describe(x * 40 + 7, torch.full((3,), 7.0, dtype=x.dtype), lags, scores, PATCH)
    torch.testing.assert_close(one.inputs, two.inputs, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(two.unit, one.unit * 40, rtol=1e-4, atol=1e-5)
