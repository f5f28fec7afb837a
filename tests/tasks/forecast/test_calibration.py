"""What the trust in a network is measured by, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.calibration import HeldOutForecasts, calibrate
from recurra.tasks.forecast.decided import trust_of


def held(share: float, noise: float, *, n: int = 200) -> HeldOutForecasts:
    """Forecasts whose correction of the naive one (always 0) holds `share` of the truth, and `noise` of its own."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(n, 4))
    median = share * truth + noise * rng.normal(size=(n, 4))
    quantiles = median[..., None] + np.linspace(-1, 1, len(QUANTILES))
    return HeldOutForecasts(quantiles, np.zeros((n, 4, 1)), truth, np.ones((n, 1)), 1.0)


def test_a_correction_that_holds_the_truth_is_trusted_and_said_by_how_much() -> None:
    found = calibrate(held(1.0, 0.1))
    assert found.trust == 1.0
    assert found.forecasts == 200
    assert 0.85 < found.gain < 1.0
    said = trust_of(found)
    assert said.startswith("100 % of the network's correction of the naive forecast, which lowers the error of 200")
    assert f"{100 * found.gain:.1f} %" in said


def test_a_correction_of_noise_is_not_trusted_and_said_why() -> None:
    found = calibrate(held(0.0, 1.0))
    assert found.trust == 0.0
    assert found.gain <= found.error
    assert "0 %: " in trust_of(found)


def test_a_gain_within_its_error_is_named_with_it() -> None:
    said = trust_of(replace(calibrate(held(0.0, 1.0)), gain=0.02, error=0.05))
    assert said.endswith("by 2.0 % at best, which is within its standard error (5.0 %)")


def test_nothing_held_out_is_said() -> None:
    nothing = held(0.0, 1.0)
    found = calibrate(replace(nothing, truth=np.full_like(nothing.truth, np.nan)))
    assert (found.trust, found.naive) == (1.0, 0)
    assert trust_of(found).endswith("no forecast was held out")
    assert found.apply(nothing.quantiles, nothing.naive)[0, 0, MEDIAN] == pytest.approx(nothing.quantiles[0, 0, MEDIAN])
