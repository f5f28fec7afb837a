"""Resampling gives the spread that theory gives, draws whole units, and pairs the methods."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import ttest_1samp

from recurra.evaluation.shared import bootstrap
from recurra.evaluation.shared.bootstrap import (
    Score,
    interval,
    linear,
    mean_score,
    of_units,
    p_value,
    ratio,
    resample,
)

RNG = np.random.default_rng(1)
VALUES = RNG.normal(size=400)


def test_the_spread_of_a_mean_is_its_standard_error() -> None:
    draws = resample({"m": mean_score(VALUES)}, draws=4000)["m"]
    assert draws.mean() == pytest.approx(VALUES.mean(), abs=0.005)
    assert draws.std() == pytest.approx(VALUES.std() / 20, rel=0.05)
    low, high = interval(draws)
    assert low < VALUES.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * VALUES.std() / 20, rel=0.06)


def test_a_draw_is_the_score_of_drawn_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CHUNK", 900)  # two draws at a time
    draws = resample({"m": mean_score(VALUES)}, draws=5, seed=3)["m"]
    rng = np.random.default_rng(3)
    numbers = np.concatenate([rng.integers(400, size=(rows, 400)) for rows in (2, 2, 1)])
    np.testing.assert_allclose(draws, VALUES[numbers].mean(axis=1), rtol=1e-12)


def test_methods_share_their_draws() -> None:
    draws = resample({"a": mean_score(VALUES), "b": mean_score(VALUES + 1)})
    np.testing.assert_allclose(draws["b"] - draws["a"], 1.0)


def test_dense_and_sparse_sums_are_one() -> None:
    score = mean_score(VALUES)
    thin = Score(sparse.csr_matrix(score.sums), score.of)
    assert thin.value == pytest.approx(score.value)
    draws = resample({"dense": score, "sparse": thin})
    np.testing.assert_allclose(draws["dense"], draws["sparse"])


def test_twins_in_one_group_count_once() -> None:
    score = mean_score(np.repeat(VALUES, 2))
    grouped = of_units({"m": score}, np.repeat(np.arange(400), 2))["m"]
    assert grouped.value == pytest.approx(score.value)
    np.testing.assert_allclose(resample({"m": grouped})["m"], resample({"m": mean_score(VALUES)})["m"])
    assert resample({"m": grouped})["m"].std() > 1.3 * resample({"m": score})["m"].std()


def test_no_draw_of_one_unit() -> None:
    draws = resample({"m": mean_score([1.0])})["m"]
    assert len(draws) == 0
    assert np.isnan(interval(draws)).all()
    assert np.isnan(p_value(draws))


def test_many_units_are_drawn_fewer_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_COUNTS", 400 * 300)
    assert len(resample({"m": mean_score(VALUES)})["m"]) == 300
    monkeypatch.setattr(bootstrap, "MOST_COUNTS", 1)
    assert len(resample({"m": mean_score(VALUES)})["m"]) == bootstrap.FEWEST_DRAWS


def test_p_of_a_mean_is_that_of_the_t_test() -> None:
    values = VALUES + 0.1 - VALUES.mean()
    draws = resample({"m": mean_score(values)}, draws=20000)["m"]
    assert p_value(draws) == pytest.approx(ttest_1samp(values, 0.0)[1], abs=0.01)
    assert p_value(-draws) == p_value(draws)
    assert p_value(np.zeros(9)) == 1.0


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng = np.random.default_rng(5)
    alarms = sum(
        p_value(resample({"d": mean_score(rng.integers(-1, 2, size=80))}, draws=300, seed=k)["d"]) < 0.05
        for k in range(300)
    )
    assert 3 <= alarms <= 27  # 5 % of 300 is 15, standard deviation 4


def test_linear_scores_stay_in_their_range() -> None:
    score = linear(0.99, RNG.normal(size=20), 0.0, 1.0)
    draws = resample({"s": score})["s"]
    assert draws.max() == 1.0
    assert draws.min() >= 0.0


def test_ratio() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])), [0.5, np.nan])
