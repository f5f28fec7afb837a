from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.panel.building import understand
from recurra.data.schema.roles import infer_schema
from recurra.errors import InputError

N = 60
DAYS = pd.date_range("2024-01-01", periods=N)
RNG = np.random.default_rng(0)
AHEAD = np.where(np.arange(N) < 50, RNG.normal(size=N), np.nan)


@pytest.mark.slow
def test_what_reaches_beyond_the_target_is_known_in_advance() -> None:
    frame = pd.DataFrame({"day": DAYS, "y": AHEAD, "promo": RNG.normal(size=N), "temp": AHEAD, "wd": DAYS.day_name()})
    schema = infer_schema(frame)
    assert schema.known == ("promo",)
    assert schema.known_categorical == ("wd",)
    assert schema.past == ("temp",)
    assert infer_schema(frame, past=["promo"]).past == ("promo", "temp")
    assert infer_schema(frame, known=["temp"]).known == ("promo", "temp")


def test_known_in_advance_means_in_every_series() -> None:
    frame = pd.DataFrame(
        {"day": [*DAYS, *DAYS], "id": ["a"] * N + ["b"] * N, "y": [*AHEAD, *AHEAD], "x": RNG.normal(size=2 * N)}
    )
    assert infer_schema(frame, target="y").known == ("x",)
    frame.loc[N + 50 :, "x"] = np.nan
    assert infer_schema(frame, target="y").past == ("x",)


def test_what_never_changes_in_a_series_is_static() -> None:
    frame = pd.DataFrame(
        {
            "day": [*DAYS, *DAYS],
            "id": ["a"] * N + ["b"] * N,
            "size": [1.0] * N + [2.0] * N,
            "region": ["e"] * N + [None] * 5 + ["w"] * (N - 5),
            "same": 3.0,
            "empty": np.nan,
            "note": [f"n{k}" for k in range(2 * N)],
            "y": RNG.normal(size=2 * N),
        }
    )
    schema = infer_schema(frame, target="y")
    assert schema.static == ("size",)
    assert schema.static_categorical == ("region",)
    assert schema.past == schema.past_categorical == schema.known == ()
    with pytest.raises(InputError, match=r"column 'note' .* changes within a series \(row 2\).*past= or known="):
        infer_schema(frame, target="y", static=["note"])
    assert infer_schema(frame, target="y", past=["note"]).past_categorical == ("note",)


def test_an_infinite_covariate_is_refused() -> None:
    frame = pd.DataFrame({"day": DAYS, "y": RNG.normal(size=N), "x": np.where(np.arange(N) == 7, np.inf, 1.0)})
    with pytest.raises(InputError, match=r"column 'x' of x.csv is infinite \(inf\) in row 8"):
        infer_schema(frame, target="y", source="x.csv")
    assert infer_schema(frame, target="y", ignore=["x"]).past == ()


def test_a_mark_in_some_rows_is_not_called_the_same_everywhere() -> None:
    mark = pd.Series([None] * N, dtype=object)
    mark[[3, 9]] = "sale"
    frame = pd.DataFrame({"day": DAYS, "y": RNG.normal(size=N), "note": mark, "same": 1.0})
    facts = {fact.label: fact.value for fact in understand(frame, target="y")[1]}
    assert facts["ignored"] == "note (one value, given in 2 rows), same (always the same)"
    assert infer_schema(frame, target="y", past=["note"]).past_categorical == ("note",)
