"""The generator of series: seeded, finite, varied, with what it says in it."""

from __future__ import annotations

import pytest
import torch
from benchmarks.pretraining.synthetic import noise, observe, shapes
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.mixture import RECIPES, Synthetic

ROWS, LENGTH = 128, 256


@pytest.fixture(scope="module")
def made() -> torch.Tensor:
    return Synthetic(1, LENGTH, bank=4).make(ROWS, 0)


def test_the_same_number_gives_the_same_series(made: torch.Tensor) -> None:
    other = Synthetic(1, LENGTH, bank=4)
    other.make(ROWS, 5)
    assert torch.equal(other.make(ROWS, 0), made)
    assert not torch.equal(other.make(ROWS, 1), made)
    assert not torch.equal(Synthetic(2, LENGTH, bank=4).make(ROWS, 0), made)


def test_every_series_is_finite(made: torch.Tensor) -> None:
    assert made.shape == (ROWS, LENGTH)
    assert torch.isfinite(made).all()


def test_hardly_any_is_constant_and_they_differ(made: torch.Tensor) -> None:
    assert (made.std(1) > 0).float().mean() > 0.95
    scaled = (made - made.mean(1, keepdim=True)) / made.std(1, keepdim=True).clamp(min=1e-9)
    alike = (scaled @ scaled.T / LENGTH).fill_diagonal_(0)
    assert (alike > 0.999).float().mean() < 0.01


def test_the_shares_are_of_a_hundred() -> None:
    assert sum(RECIPES.values()) == 100


@pytest.mark.parametrize("period", [7.0, 12.0, 24.0])
def test_a_season_comes_back(period: float) -> None:
    x = shapes.season(Draw(3), 32, 240, torch.full((32, 1), period))
    step = int(period)
    change = (x[:, step:] - x[:, :-step]).abs().mean(1)
    half = (x[:, step // 2 :] - x[:, : -(step // 2)]).abs().mean(1)
    assert (change < half).float().mean() > 0.9


def test_an_integrated_process_wanders_further_than_noise() -> None:
    draw = Draw(4)
    walk = noise.local_level(draw, 64, 512)
    white = noise.white(draw, 64, 512)

    def roughness(x: torch.Tensor) -> torch.Tensor:
        return x.diff(dim=1).std(1) / x.std(1)

    assert roughness(walk).median() < 0.5 * roughness(white).median()


def test_counts_are_whole_and_not_negative() -> None:
    x = observe.counts(Draw(5), 64, 128)
    assert torch.equal(x, x.round())
    assert (x >= 0).all()
    assert (x == 0).float().mean(1).max() > 0.5  # some are intermittent


def test_gaps_are_in_some_series_only() -> None:
    x = observe.gaps(Draw(6), torch.zeros(400, 128))
    share = torch.isnan(x).float().mean(1)
    assert 0.1 < (share > 0).float().mean() < 0.4
    assert torch.isnan(x).float().mean() < 0.2
