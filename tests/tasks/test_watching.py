"""What is said of a watched model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.evaluation.shared.watching import Promise
from recurra.tasks.watching import watched_windows


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (9.0, "Too few rows for the test, but it looks broken: the error is 6.0 times the largest of the backtest; "),
        (1.2, "Too few rows to tell: MASE 1.2"),
    ],
)
def test_a_break_that_the_test_cannot_tell_yet_is_said_where_it_is_plain(error: float, said: str) -> None:
    promise = Promise(np.array([0.8, 1.0, 1.5]), np.array([0.2, 0.2, 0.2]), np.zeros(0), "MASE", 80.0)
    windows = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=1), "error": [error], "covered": [0.8]})
    found, sentence, _since, _windows = watched_windows(promise, windows, alpha=0.05, noun="window")
    assert found.status == "few"
    assert sentence.startswith(said)
