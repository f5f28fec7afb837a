"""Verdicts of series: of those that differ by chance hardly any is called so."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.evaluation.forecast.series_verdicts import with_verdicts


def test_of_a_thousand_series_without_a_difference_none_is_called_better() -> None:
    p = np.random.default_rng(0).random(1000)
    told = with_verdicts(pd.DataFrame({"p_value": p, "improvement": 0.1}))
    assert (p < 0.05).sum() > 30
    assert (told["verdict"] == "better").sum() == 0


def test_clear_series_are_told_and_small_gains_are_not() -> None:
    p = np.array([1e-9] * 20 + [0.5] * 80 + [np.nan])
    gain = np.array([0.2] * 10 + [-0.2] * 9 + [0.001] + [0.3] * 81)
    verdict = with_verdicts(pd.DataFrame({"p_value": p, "improvement": gain}))["verdict"]
    assert verdict.value_counts().to_dict() == {"undecided": 81, "better": 10, "worse": 9, "too few windows": 1}
