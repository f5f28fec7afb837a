"""Random models: their streams say what `predict` says."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_streams_of_random_models_equal_predict(script: Callable[[str], ModuleType]) -> None:
    module = script("estimator_streams")
    for seed in range(12):
        assert module.labelled_difference(seed) < module.CLOSE, seed
    for seed in range(6):
        assert module.forecast_difference(seed) < module.CLOSE, seed


def test_quarters_count_what_the_intervals_held(script: Callable[[str], ModuleType]) -> None:
    module, rng = script("adaptive_intervals"), np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=400), 3 * rng.normal(size=400)])
    from scipy.special import ndtri

    fixed = np.broadcast_to(ndtri(np.array(module.QUANTILES)), (800, 3, len(module.QUANTILES)))
    found = module.in_quarters(np.array(fixed), values, np.arange(800), 3, module.RATE).set_index(["quarter", "level"])
    off = (100 * found["adapted"] - found.index.get_level_values("level")).abs()
    # of the shift itself no more is lost than the logarithm of 3 costs: 1.1 / (rate x 200 rows)
    assert off.loc[3].max() < 15.0
    assert off.drop(index=3).max() < 3.0
    assert found.loc[(4, 80), "fixed"] < 0.45
