"""Sample paths have the quantiles at every step, and their steps go together as errors do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops

from recurra import InputError
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.paths import correlation_of, draw, walk_correlation


def quantiles(horizon: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.sort(rng.gamma(2.0, size=(1, horizon, len(QUANTILES))), axis=-1)


def test_each_step_has_its_quantiles() -> None:
    q = quantiles()
    paths = draw(q, 2000, 0)
    assert paths.shape == (1, 2000, 6)
    found = np.quantile(paths[0], QUANTILES, axis=0).T
    np.testing.assert_allclose(found, q[0], atol=0.02, rtol=0.01)


def test_steps_go_together_as_they_are_told() -> None:
    q = np.tile(np.linspace(-1, 1, len(QUANTILES)), (1, 4, 1))
    apart = np.corrcoef(draw(q, 4000, 1, np.eye(4))[0].T)
    joined = np.corrcoef(draw(q, 4000, 1, np.full((4, 4), 0.9) + 0.1 * np.eye(4))[0].T)
    assert np.abs(apart - np.eye(4)).max() < 0.06
    assert joined[np.triu_indices(4, 1)].min() > 0.8
    np.testing.assert_array_equal(draw(q, 5, 1), draw(q, 5, 1))


def test_the_correlation_is_that_of_held_out_errors() -> None:
    rng = np.random.default_rng(2)
    q = np.tile(np.linspace(-2, 2, len(QUANTILES)), (400, 3, 1))
    found = correlation_of(q, np.repeat(rng.normal(size=(400, 1)), 3, axis=1))
    assert found is not None
    assert found.min() > 0.9
    apart = correlation_of(q, rng.normal(size=(400, 3)))
    assert apart is not None
    assert np.abs(apart - np.eye(3)).max() < 0.15
    assert correlation_of(q[:4], np.zeros((4, 3))) is None
    np.testing.assert_allclose(walk_correlation(3)[0], np.sqrt([1, 1 / 2, 1 / 3]))


def test_a_forecast_with_samples() -> None:
    model = quick(method="fast").fit(shops())
    frame = model.predict(num_samples=40)
    samples = frame.filter(like="sample_")
    assert samples.shape == (2 * HORIZON, 40)
    inside = samples.ge(frame["lo_80"], axis=0) & samples.le(frame["hi_80"], axis=0)
    assert inside.mean(axis=1).between(0.75, 0.85).all()
    pd.testing.assert_frame_equal(frame.drop(columns=samples.columns), model.predict())
    pd.testing.assert_frame_equal(frame, model.predict(num_samples=40))
    with pytest.raises(InputError, match="num_samples is 0: expected a whole number from 1 to 10,000"):
        model.predict(num_samples=0)
