"""The network: torch.nn's layers and ours give the same, quantiles are ordered, what comes later changes nothing."""

from __future__ import annotations

import pytest
import torch

from recurra.nn.pretrained.forecasting import forecast, standardise
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.shape import Shape
from recurra.nn.pretrained.weights import own_recurrence
from recurra.nn.quantiles import QUANTILES

SMALL = Shape(patch=8, horizon=16, context=64, width=24, step_width=8)


def network(shape: Shape = SMALL, **arguments) -> Pretrained:
    torch.manual_seed(3)
    return Pretrained(shape, **arguments).eval()


def windows(rows: int = 4, length: int = 64) -> torch.Tensor:
    x = torch.randn(rows, length, generator=torch.Generator().manual_seed(5), dtype=torch.float64).cumsum(1)
    x[1, 10:19] = torch.nan
    return x


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_our_layers_take_the_place_of_torch_s(kind: str) -> None:
    shape = Shape(patch=8, horizon=16, context=64, width=24, step_width=8, recurrence=kind)
    one = network(shape)
    two = Pretrained(shape, own_recurrence).eval()
    two.load_state_dict(one.state_dict())
    torch.testing.assert_close(forecast(one, windows(), 40), forecast(two, windows(), 40), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("horizon", [1, 16, 17, 50])
def test_quantiles_increase(horizon: int) -> None:
    quantiles = forecast(network(), windows(), horizon)
    assert quantiles.shape == (4, horizon, len(QUANTILES))
    assert (quantiles.diff(dim=2) > 0).all()


def test_a_long_horizon_begins_with_the_short_one() -> None:
    torch.testing.assert_close(forecast(network(), windows(), 50)[:, :16], forecast(network(), windows(), 16))


def test_later_values_change_no_earlier_forecast() -> None:
    x, _, _ = standardise(windows())
    x = x.float()
    other = x.clone()
    other[:, 40:] = 3.0
    lags, scores, zero = torch.tensor([[6, 0]]).expand(4, 2), torch.zeros(4, 2), torch.zeros(4)
    at = torch.tensor([1, 4])
    one, _ = network()(x, zero, lags, scores, at)
    two, _ = network()(other, zero, lags, scores, at)
    assert torch.equal(one, two)


@pytest.mark.parametrize(("scale", "level"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e5), (250.0, -40.0)])
def test_forecasts_follow_scale_and_level(scale: float, level: float) -> None:
    x = windows()
    # the level tells where nought is, which the network may use: it is held where it was
    base = forecast(network(), x, 16)
    moved = forecast(network(), x * scale, 16) / scale
    torch.testing.assert_close(base, moved, atol=1e-4, rtol=1e-4)
    assert torch.isfinite(forecast(network(), x + level, 16)).all()


def test_a_row_is_forecast_the_same_alone_and_among_others() -> None:
    x = windows()
    together = forecast(network(), x, 20)
    for row in range(len(x)):
        torch.testing.assert_close(
            together[row : row + 1], forecast(network(), x[row : row + 1], 20), atol=1e-4, rtol=1e-4
        )


def test_a_season_that_is_given_is_used() -> None:
    x = windows()
    assert not torch.equal(forecast(network(), x, 16, season=5), forecast(network(), x, 16, season=9))
    assert torch.equal(forecast(network(), x, 16, season=1), forecast(network(), x, 16, season=1))


@pytest.mark.parametrize("wrong", [{"horizon": 12}, {"context": 60}, {"recurrence": "rnn"}])
def test_sizes_that_do_not_fit_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"multiples of patch|expected 'lstm' or 'gru'"):
        Shape(**{"patch": 8, "horizon": 16, "context": 64, **wrong})
