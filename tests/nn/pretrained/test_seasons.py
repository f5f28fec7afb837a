"""Lags at which series repeat themselves: found where they are, not found where there are none."""

from __future__ import annotations

import math

import pytest
import torch

from recurra.nn.pretrained.seasons import detect


def wave(period: float, length: int, noise: float, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    t = torch.arange(length)
    shape = torch.sin(2 * math.pi * t / period) + 0.5 * torch.sin(4 * math.pi * t / period + 1)
    return shape + noise * torch.randn(length, generator=draw)


@pytest.mark.parametrize("period", [4, 7, 12, 17, 24, 52])
def test_a_noisy_season_is_found(period: int) -> None:
    x = torch.stack([wave(period, 12 * period, 0.4, seed) for seed in range(5)])
    lags, scores = detect(x)
    assert lags[:, 0].tolist() == [period] * 5
    assert (scores[:, 0] > 0).all()


def test_a_trend_hides_no_season() -> None:
    x = wave(12, 144, 0.2) + torch.arange(144) * 0.3
    assert detect(x[None])[0][0, 0] == 12


def test_missing_values_hide_no_season() -> None:
    x = wave(24, 480, 0.2)
    x[torch.rand(480, generator=torch.Generator().manual_seed(1)) < 0.3] = torch.nan
    x[100:160] = torch.nan
    assert detect(x[None])[0][0, 0] == 24


def test_days_within_weeks_give_both() -> None:
    t = torch.arange(24 * 7 * 5)
    x = torch.sin(2 * math.pi * t / 24) * torch.where((t // 24) % 7 < 5, 1.0, 0.3)
    assert detect(x[None])[0].tolist() == [[24, 168]]


def test_noise_and_walks_have_hardly_ever_one() -> None:
    noise = torch.randn(400, 300, generator=torch.Generator().manual_seed(3))
    for x in (noise, noise.cumsum(1)):
        assert (detect(x)[0][:, 0] > 0).float().mean() < 0.15


@pytest.mark.parametrize("length", [1, 2, 4, 7])
def test_what_is_too_short_has_none(length: int) -> None:
    lags, scores = detect(torch.arange(length, dtype=torch.float32)[None])
    assert lags.tolist() == [[0, 0]]
    assert scores.tolist() == [[0.0, 0.0]]


def test_values_before_the_beginning_change_nothing() -> None:
    x = torch.stack([wave(12, 200, 0.3, seed) for seed in range(4)])
    padded = torch.cat([torch.full((4, 56), torch.nan), x], 1)
    assert torch.equal(detect(x)[0], detect(padded)[0])


def test_a_row_does_not_depend_on_the_others() -> None:
    x = torch.stack([wave(p, 240, 0.3, p) for p in (5, 12, 24)])
    together = detect(x)[0]
    assert all(torch.equal(together[row : row + 1], detect(x[row : row + 1])[0]) for row in range(3))
