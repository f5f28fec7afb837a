"""The test that may be looked at after every window: it does not cry wolf, sees what is worse, and says since when."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.evaluation.forecast.anomalies import normal_scores, threshold
from recurra.evaluation.shared.watching import Bets, Promise, could_tell, upper_bound, watch
from recurra.nn.quantiles import QUANTILES


def losses(n: int, seed: int, worse: float = 1.0) -> np.ndarray:
    return worse * np.abs(np.random.default_rng(seed).normal(size=(n, 5))).mean(axis=1)


@pytest.mark.slow
def test_false_alarms_are_rarer_than_allowed_and_a_worse_model_is_seen() -> None:
    promises = [Promise(losses(20, seed)) for seed in range(60)]
    held = [watch(p, losses(80, 1000 + k)).status for k, p in enumerate(promises)]
    worse = [watch(p, losses(80, 2000 + k, 2.0)).status for k, p in enumerate(promises)]
    assert held.count("broken") <= 3
    assert worse.count("broken") >= 57


def test_since_is_where_it_began() -> None:
    error = np.concatenate([losses(30, 1), losses(30, 2, 2.5)])
    found = watch(Promise(losses(30, 0)), error)
    assert found.status == "broken"
    assert found.since is not None
    assert abs(found.since - 30) <= 2
    assert found.alarm is not None
    assert 30 < found.alarm < 50


def test_wealth_is_a_martingale_where_the_promise_holds_exactly() -> None:
    """The mean of E over all sequences of coin flips of a fair coin is 1, whatever the length."""
    flips = np.array(np.meshgrid(*[[0.0, 1.0]] * 8)).reshape(8, -1)
    bets = Bets(np.full(flips.shape[1], 0.5))
    for row in flips:
        assert bets.add(row).mean() == pytest.approx(1.0)


def test_intervals_that_cover_less_break_the_promise_too() -> None:
    rng = np.random.default_rng(0)
    promise = Promise(losses(30, 0), rng.binomial(7, 0.2, 30) / 7)
    same = losses(80, 1)
    assert watch(promise, same, rng.binomial(7, 0.2, 80) / 7).status == "holds"
    assert watch(promise, same, rng.binomial(7, 0.5, 80) / 7).status == "broken"


def test_too_few_windows_say_nothing() -> None:
    promise = Promise(losses(30, 0))
    assert not could_tell(promise, 1, 0.05)
    assert could_tell(promise, 20, 0.05)
    assert watch(promise, losses(1, 1, 9.0)).status == "few"
    assert watch(Promise(losses(1, 0)), losses(50, 1)).status == "few"  # one window promises nothing


def test_missing_windows_change_nothing() -> None:
    promise, error = Promise(losses(30, 0)), losses(20, 1, 2.0)
    gaps = np.full(40, np.nan)
    gaps[::2] = error
    assert watch(promise, gaps).evidence[-2] == pytest.approx(watch(promise, error).evidence[-1])


def test_the_bound_shrinks_with_windows_and_is_one_for_a_single_one() -> None:
    assert upper_bound(np.array([0.2]), 0.05, 0.0) == 1.0
    bounds = [upper_bound(0.2 * losses(n, 0), 0.05, 0.0) for n in (3, 10, 100, 1000)]
    assert bounds == sorted(bounds, reverse=True)


def test_a_promise_out_of_a_file_is_checked() -> None:
    for wrong in (Promise(np.zeros(0)), Promise(np.array([-1.0])), Promise(np.ones(2), np.ones(3))):
        with pytest.raises(InputError):
            wrong.check()


def test_scores_are_those_of_the_normal_distribution() -> None:
    from scipy.special import ndtri

    q = np.broadcast_to(3 + 2 * ndtri(np.array(QUANTILES)), (5, len(QUANTILES)))
    y = np.array([3.0, 5.0, -7.0, 23.0, np.nan])
    np.testing.assert_allclose(normal_scores(y, q, QUANTILES)[:4], [0, 1, -5, 10])
    assert np.isnan(normal_scores(y, q, QUANTILES)[4])
    flat = np.ones((3, len(QUANTILES)))
    np.testing.assert_allclose(normal_scores(np.array([0.0, 1.0, 2.0]), flat, QUANTILES), [-40.0, 0.0, 40.0], atol=0.2)


def test_the_threshold_leaves_the_rate_out() -> None:
    scores = np.abs(np.random.default_rng(0).standard_t(4, size=1999))
    beyond, enough = threshold(scores, 0.01)
    assert enough
    assert (scores > beyond).sum() == 19
    far, enough = threshold(scores[:20], 0.01)
    assert not enough
    assert far > scores[:20].max()
