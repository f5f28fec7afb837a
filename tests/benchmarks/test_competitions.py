"""The competition's measures on numbers that can be checked by hand."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

Script = Callable[[str], ModuleType]


@pytest.fixture
def two(script: Script):
    history = (np.arange(1.0, 30.0), np.arange(0.0, 60.0, 2.0))
    return script("competitions").Competition(("W2", "W10"), history, np.full((2, 13), 100.0))


def test_score_is_the_mean_over_series_with_each_ones_own_scale(two) -> None:
    smape, mase = two.score(np.stack([np.full(13, 98.0), np.full(13, 100.0)]))
    assert smape == pytest.approx(200 * 2 / 198 / 2)
    assert mase == pytest.approx(2 / 1 / 2)


def test_aligned_follows_the_names_not_the_order_of_the_rows(two) -> None:
    frame = pd.DataFrame({"id": ["W10"] * 13 + ["W2"] * 13, "forecast": np.arange(26.0)})
    assert two.aligned(frame, "forecast")[:, 0].tolist() == [13.0, 0.0]


@pytest.mark.parametrize("spoil", ["missing series", "not finite"])
def test_aligned_refuses_what_is_not_complete(two, spoil: str) -> None:
    frame = pd.DataFrame({"id": ["W10"] * 13 + ["W2"] * 13, "forecast": np.arange(26.0)})
    frame = frame[:13] if spoil == "missing series" else frame.replace(3.0, np.inf)
    with pytest.raises(ValueError, match=r"inhomogeneous|not complete and finite"):
        two.aligned(frame, "forecast")


def test_real_data_has_359_series_of_13_truths(script: Script, shared_data) -> None:
    m4 = script("competitions").read_competition(shared_data / "forecasting")
    assert m4.truth.shape == (359, 13)
    assert len(m4.long()) == sum(map(len, m4.history))
    naive = np.stack([np.full(13, values[-1]) for values in m4.history])
    assert m4.score(naive) == pytest.approx((9.161, 2.777), abs=1e-3)  # as the competition published
