"""How wide the combination's intervals are: the stretch of few held-out windows, corrected by many of the past."""

import numpy as np
import pytest

from recurra.evaluation.forecast.steps import Steps
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.widths import PRIOR, Asked, fit_widths, past_origins

HORIZON = 4


def asked(errors, first=0, half_width=1.0):
    """Windows side by side whose medians are 0, whose pairs all are `half_width` away, with these errors [n, H]."""
    count = len(errors)
    sides = np.sign(np.arange(len(QUANTILES)) - len(QUANTILES) // 2) * half_width
    quantiles = np.broadcast_to(sides, (count, HORIZON, len(QUANTILES)))
    origins = 100 + HORIZON * (first + np.arange(count))
    return Asked(quantiles, np.asarray(errors, dtype=float), np.zeros(count, dtype=np.int64), origins)


def constant(size, windows):
    return np.full((windows, HORIZON), size)


def test_an_easy_season_does_not_make_the_intervals_narrow():
    # In the validation windows both forecasts are wrong by half of what they say; in the longer past the pretrained
    # network was wrong by just what it says, so the combination must be expected to be as well.
    easy, past = constant(0.5, 24), constant(1.0, 176)
    few = fit_widths(asked(easy))
    many = fit_widths(asked(easy), asked(easy), asked(past, first=24))
    assert (few < 0.8).all()
    np.testing.assert_allclose(many, 1.0, atol=0.02)


def test_what_the_combination_does_better_than_the_network_stays():
    # Half as wrong as the network in every validation window: half as wide as the past asks of the network.
    draw = np.random.default_rng(0)
    errors = np.exp(draw.normal(0, 0.5, (24, 1))) * np.ones(HORIZON)
    found = fit_widths(asked(0.5 * errors), asked(errors), asked(constant(1.0, 4000), first=24))
    share = 4024 / (4024 + PRIOR)
    np.testing.assert_allclose(found, 0.5**share, rtol=0.15)


def test_unrelated_errors_correct_nothing():
    draw = np.random.default_rng(1)
    ours, theirs = np.exp(draw.normal(0, 0.5, (2, 400, 1))) * np.ones(HORIZON)
    alone = fit_widths(asked(ours))
    found = fit_widths(asked(ours), asked(theirs), asked(constant(9.0, 400), first=400))
    assert np.abs(np.log(found / alone)).max() < 0.25  # the past alone would ask for a factor of nine


def test_errors_of_two_sizes_are_covered_as_they_come():
    # Held out: the small ones only. The intervals of the past cover 80 and 95 % of both.
    draw = np.random.default_rng(2)
    sizes = np.where(np.arange(400) % 2, 1.0, 3.0)[:, None]
    past = sizes * draw.normal(size=(400, HORIZON))
    seen = draw.normal(size=(24, HORIZON))
    later = sizes * draw.normal(size=(400, HORIZON))
    stretch = fit_widths(asked(seen, first=400), asked(seen, first=400), asked(past))
    alone = fit_widths(asked(seen, first=400))
    inside = [np.mean(np.abs(later) <= stretch[k]) for k in (2, 0)]
    assert inside[0] == pytest.approx(0.8, abs=0.04)
    assert inside[1] == pytest.approx(0.95, abs=0.03)
    assert np.mean(np.abs(later) <= alone[2]) < 0.72


def test_without_a_past_the_validation_windows_decide():
    windows = 24
    found = fit_widths(asked(constant(3.0, windows)))
    np.testing.assert_allclose(found, 3.0 ** (windows / (windows + PRIOR)))
    unknown = asked(constant(np.nan, 5), first=windows)
    again = fit_widths(asked(constant(3.0, windows)), asked(constant(1.0, windows)), unknown)
    np.testing.assert_allclose(again, found)


@pytest.mark.parametrize("size", [0.0, 1e12])
def test_exact_and_absurd_forecasts_give_finite_stretches(size):
    found = fit_widths(asked(constant(size, 3)), asked(constant(1.0, 3)), asked(constant(0.0, 9), first=3))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_a_window_that_no_forecast_was_made_from_does_not_count():
    past = asked(constant(1.0, 50), first=24)
    quantiles = past.quantiles.copy()
    quantiles[::2] = np.nan
    holes = Asked(quantiles, past.truth, past.series, past.origins)
    easy, odd = asked(constant(0.5, 24)), np.arange(50) % 2 == 1
    np.testing.assert_allclose(fit_widths(easy, easy, holes), fit_widths(easy, easy, past.at(odd)))


def test_windows_of_the_past_end_before_those_of_validation():
    horizon, season = 24, 24
    validation = [np.array([9000, 9500]), np.array([40]), np.zeros(0, dtype=np.int64), np.array([30_000])]
    found = past_origins(validation, horizon, season, Steps((24,), 24 * 365.25, 24))
    assert [len(ends) for ends in found] == [96, 0, 0, 96]
    for ends, later in zip(found, validation, strict=True):
        if len(ends):
            assert (np.diff(ends) > 0).all()
            assert ends[0] >= 2 * season
            assert ends[-1] + horizon <= later[0]
    assert found[3][0] >= 30_000 - horizon - int(2 * 24 * 365.25)  # two years are enough


def test_windows_of_the_past_have_all_hours_and_no_common_moments():
    validation = [np.array([9000])] * 5
    found = past_origins(validation, 24, 24, Steps((24,), 24 * 365.25, 24))
    assert len(np.unique(found[0] % 24)) >= 20
    assert np.bincount(found[0] // 24 % 7, minlength=7).min() >= 96 // 14
    assert len(set(found[0]) & set(found[1])) < 10


def test_many_series_share_about_600_windows():
    found = past_origins([np.array([500])] * 1000, 12, 12, Steps((12,), 12.0, 0))
    assert sum(map(len, found)) == 600
    assert max(map(len, found)) == 3
