"""Rates and what they refuse."""

from __future__ import annotations

import pytest
import torch

from recurra.errors import InputError
from recurra.kernels.masks import Masks
from recurra.nn import LSTM, Regularisation


def test_the_cell_follows_unless_told():
    assert Regularisation(zoneout=0.1).zoneout_rates == (0.1, 0.1)
    assert Regularisation(zoneout=0.1, zoneout_cell=0.0).zoneout_rates == (0.1, 0.0)
    assert Regularisation() == Regularisation(0.0, 0.0, None)


@pytest.mark.parametrize("name", ["recurrent_dropout", "zoneout", "zoneout_cell", "weight_drop"])
@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), "0.1", True])
def test_rates_are_shares_below_one(name, rate):
    with pytest.raises(InputError, match=f"{name} is {rate!r}: expected a share of at least 0 and below 1"):
        Regularisation(**{name: rate})


def test_dropped_weights_are_those_of_a_layer_whose_u_is_masked() -> None:
    layer = LSTM(3, 5, regularisation=Regularisation(weight_drop=0.4))
    plain = LSTM(3, 5)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(7, 2, 3)
    torch.testing.assert_close(layer.eval()(x)[0], plain(x)[0])
    layer.train()
    torch.manual_seed(3)
    found = layer(x)[0]
    found.sum().backward()
    torch.manual_seed(3)
    weight = layer.get_parameter("weight_hh_l0")
    masked = Masks().weights(weight.detach(), 0.4)
    share = (masked == 0).float().mean()
    assert 0.1 < share < 0.7
    torch.testing.assert_close(masked[masked != 0], weight.detach()[masked != 0] / 0.6)
    plain.get_parameter("weight_hh_l0").data.copy_(masked)
    torch.testing.assert_close(found, plain(x)[0])
    assert weight.grad is not None
    assert bool((weight.grad[masked == 0] == 0).all())
