"""Rates and what they refuse."""

from __future__ import annotations

import pytest

from recurra.errors import InputError
from recurra.nn import Regularisation


def test_the_cell_follows_unless_told():
    assert Regularisation(zoneout=0.1).zoneout_rates == (0.1, 0.1)
    assert Regularisation(zoneout=0.1, zoneout_cell=0.0).zoneout_rates == (0.1, 0.0)
    assert Regularisation() == Regularisation(0.0, 0.0, None)


@pytest.mark.parametrize("name", ["recurrent_dropout", "zoneout", "zoneout_cell"])
@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), "0.1", True])
def test_rates_are_shares_below_one(name, rate):
    with pytest.raises(InputError, match=f"{name} is {rate!r}: expected a share of at least 0 and below 1"):
        Regularisation(**{name: rate})
