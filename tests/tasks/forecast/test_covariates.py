"""Columns of every kind are used for what they are worth, and may be missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick, shops, with_covariates

import recurra as rc
from recurra import InputError, NetworkOptions, TrainingOptions


def numbers(frame: pd.DataFrame) -> np.ndarray:
    return frame.select_dtypes("number").to_numpy()


def determined(days: int = 300, ahead: int = 10, *, words: bool = False) -> pd.DataFrame:
    """Sales that follow a promotion, which nothing else foretells, and little else."""
    rng = np.random.default_rng(0)
    promotion = rng.integers(0, 2, days + ahead)
    units = np.where(promotion == 1, 120.0, 80.0) + rng.normal(0, 1, days + ahead)
    units[days:] = np.nan
    values = np.where(promotion == 1, "radio", "none") if words else promotion
    return pd.DataFrame({"day": pd.date_range("2024-01-01", periods=days + ahead), "promotion": values, "units": units})


@pytest.mark.parametrize("words", [False, True])
def test_a_covariate_known_ahead_that_decides_the_target_is_learnt(words: bool) -> None:
    table = determined(words=words)
    network, training = (
        NetworkOptions(hidden=16, context=8),
        TrainingOptions(epochs=15, batch_size=64, learning_rate=0.01),
    )
    options: dict[str, Any] = dict(season=1, block=5, network=network, training=training)
    truth = np.where(table["promotion"].isin([1, "radio"]), 120.0, 80.0)[300:305]
    errors = {}
    for part, columns in (("with", table.columns), ("without", ["day", "units"])):
        used = table[list(columns)]
        ahead = quick(5, **options).fit(used, target="units").predict()
        errors[part] = np.abs(ahead["forecast"].to_numpy() - truth).mean()
    assert errors["with"] < 0.5 * errors["without"]


@pytest.fixture(scope="module")
def fitted() -> rc.Forecaster:
    forecaster = quick(embedding=2, training=TrainingOptions(epochs=4, learning_rate=0.01))
    return forecaster.fit(with_covariates(shops()), time="day", target="units", series="shop")


def test_every_part_is_found_and_enters_the_network(fitted: rc.Forecaster) -> None:
    schema, inputs = fitted.model_.panel.schema, fitted.model_.members[0].network.inputs
    assert (schema.past, schema.past_categorical) == (("visitors",), ("weather",))
    assert (schema.known, schema.known_categorical) == (("price",), ("promotion",))
    assert (schema.static, schema.static_categorical) == (("size",), ("town",))
    assert (inputs.past, inputs.past_gaps, inputs.known, inputs.static, inputs.series) == (1, 1, 1, 1, 2)
    assert (inputs.past_categories, inputs.known_categories, inputs.static_categories) == ((3,), (3,), (2,))
    assert np.isfinite(numbers(fitted.predict())).all()


def network_output(forecaster: rc.Forecaster, table: pd.DataFrame) -> np.ndarray:
    """The networks' own median, before it is calibrated; the latter may leave little of it."""
    from dataclasses import replace

    from recurra.data import build_panel
    from recurra.tasks.forecast.calibration import Calibration

    model = forecaster.model_
    panel, _ = build_panel(table, model.panel.schema)
    trusting = replace(model, calibration=Calibration(1.0, 0, np.ones_like(model.calibration.stretch)))
    return trusting.quantiles(panel, np.arange(len(panel)), panel.lengths)


@pytest.mark.parametrize(
    ("column", "value", "ahead"),
    [
        ("visitors", 500.0, False),
        ("weather", "snow", False),
        ("price", 50.0, False),
        ("price", 50.0, True),
        ("promotion", "radio", True),
        ("size", 40.0, False),
    ],
)
def test_every_column_moves_the_networks_forecast(fitted: rc.Forecaster, column: str, value, ahead: bool) -> None:
    table = with_covariates(shops())
    before = network_output(fitted, table)
    future = (table["day"] > "2024-03-30").to_numpy()
    rows = future if ahead else ~future if column != "size" else np.ones(len(table), dtype=bool)
    table.loc[rows, column] = value
    after = network_output(fitted, table)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 1e-6


def test_nothing_known_ahead_is_a_forecast_still(fitted: rc.Forecaster) -> None:
    table = with_covariates(shops())
    assert np.isfinite(numbers(fitted.predict(table[table["day"] <= "2024-03-30"]))).all()
    half = fitted.predict(table[table["day"] <= "2024-04-02"])
    assert np.isfinite(numbers(half)).all()


@pytest.mark.parametrize("column", ["visitors", "weather", "price", "promotion", "size", "town"])
def test_a_column_without_any_value_is_missing_values(fitted: rc.Forecaster, column: str) -> None:
    table = with_covariates(shops(100))
    table[column] = None
    assert np.isfinite(numbers(fitted.predict(table))).all()


def test_unseen_categories_count_as_missing(fitted: rc.Forecaster) -> None:
    table = with_covariates(shops(100))
    strange, missing = table.copy(), table.copy()
    recent = table["day"] > "2024-03-25"
    for column in ("weather", "promotion", "town"):
        strange.loc[recent if column != "town" else slice(None), column] = "never heard of"
        missing.loc[recent if column != "town" else slice(None), column] = None
    pd.testing.assert_frame_equal(fitted.predict(strange), fitted.predict(missing), check_exact=True)


@pytest.mark.parametrize("column", ["visitors", "weather", "price", "promotion", "size", "town"])
def test_a_column_that_is_not_there_is_named(fitted: rc.Forecaster, column: str) -> None:
    with pytest.raises(InputError, match=f"'{column}' is not in the table"):
        fitted.predict(with_covariates(shops(100)).drop(columns=column))


def test_words_where_numbers_were_are_refused(fitted: rc.Forecaster) -> None:
    table = with_covariates(shops(100)).astype({"price": object})
    table.loc[3, "price"] = "five"
    with pytest.raises(InputError, match=r"column 'price' of the table is not numeric: row 4 holds 'five'"):
        fitted.predict(table)


def test_a_series_embedding_tells_series_apart() -> None:
    """Two series that look alike until the end: only their names tell how they go on."""
    n, rng = 240, np.random.default_rng(0)
    shape = np.tile([0.0] * 6 + [1.0], n // 7 + 1)[:n]
    tables = [
        pd.DataFrame(
            {
                "day": pd.date_range("2024-01-01", periods=n),
                "shop": name,
                "units": 50 + k * shape + rng.normal(0, 0.1, n),
            }
        )
        for name, k in (("a", 5.0), ("b", -5.0))
    ]
    table = pd.concat(tables)
    for embedding in (0, 3):
        forecaster = quick(embedding=embedding, epochs=1).fit(table)
        names = [name for name, _ in forecaster.model_.members[0].network.named_parameters()]
        assert any("series_embedding" in name for name in names) == bool(embedding)
        stranger = table[table["shop"] == "a"].assign(shop="c")
        assert np.isfinite(numbers(forecaster.predict(stranger))).all()
