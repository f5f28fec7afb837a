"""Columns and series that tell the future are named with their evidence; honest ones are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurra import Forecaster
from recurra.data import understand
from recurra.errors import InputError
from recurra.tasks.forecast.leaks import find_leaks

DAYS = pd.date_range("2024-01-01", periods=200)


def panel_of(**columns: Callable[[np.ndarray, np.random.Generator], np.ndarray]):
    rng = np.random.default_rng(0)
    y = 50 + rng.normal(size=200).cumsum() + 3 * np.sin(np.arange(200) / 3)
    made = {name: make(y, rng) for name, make in columns.items()}
    return understand(pd.DataFrame({"ds": DAYS, "y": y, **made}), target="y", time="ds", known=list(columns))[0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda y, rng: 2 * y + 1, "the target itself"),
        (lambda y, rng: np.roll(y, -1), "the target 1 day later"),
        (lambda y, rng: np.roll(y, 2), "the target 2 days before"),
        (lambda y, rng: pd.Series(y).rolling(7, min_periods=1).mean().to_numpy(), "a mean of the target over 7 days"),
        (lambda y, rng: pd.Series(y).groupby(np.arange(200) // 7).transform("sum").to_numpy(), "total or mean of each"),
    ],
)
def test_the_target_in_disguise_is_named(make, said: str) -> None:
    (leak,) = find_leaks(panel_of(sneaky=make), 5)
    assert leak.name == "sneaky"
    assert said in leak.evidence


def test_what_is_honestly_known_is_not_named() -> None:
    honest = {
        "lagged": lambda y, rng: np.roll(y, 6),  # known when a forecast of 5 days is made
        "price": lambda y, rng: rng.normal(size=200),
        "noisy": lambda y, rng: y + rng.normal(size=200),
        "holiday": lambda y, rng: (np.arange(200) % 9 == 0).astype(float),
        "trend": lambda y, rng: np.arange(200.0),
    }
    assert find_leaks(panel_of(**honest), 5) == []


def test_a_series_that_runs_ahead_of_another_is_named_and_a_copy_is_told() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=203), rng.normal(size=200)
    parts = {"A": a[:200], "ahead": a[3:], "B": b, "copy": b, "zeros": np.zeros(200), "more zeros": np.zeros(200)}
    frame = pd.concat([pd.DataFrame({"unique_id": name, "ds": DAYS, "y": y}) for name, y in parts.items()])
    found = {leak.name: leak for leak in find_leaks(understand(frame, target="y", series="unique_id")[0], 5)}
    assert "has the values of 'ahead' 3 days later" in found["ahead"].evidence
    assert found["ahead"].serious
    assert not found["copy"].serious
    assert len(found) == 2
    with pytest.raises(InputError, match=r"learnt from the other. Leave one of the two out.*allow_leak='ahead'"):
        Forecaster(5, method="naive").fit(frame, target="y", series="unique_id")


@pytest.mark.usefixtures("baselines_here")
def test_where_steps_have_no_times_a_moved_copy_is_told_and_not_refused() -> None:
    a = np.random.default_rng(0).normal(size=203).cumsum()
    parts = {"A": a[:200], "moved": a[3:]}
    frame = pd.concat([pd.DataFrame({"unique_id": n, "step": range(200), "y": y}) for n, y in parts.items()])
    model = Forecaster(5, method="naive").fit(frame, target="y", series="unique_id", time=["step"])
    assert any("series 'A' has the values of 'moved', 3 steps on" in fact.value for fact in model.facts())


def test_training_is_refused_unless_one_insists(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=200).cumsum()
    pd.DataFrame({"ds": DAYS, "y": y, "sneaky": np.roll(y, -1)}).to_csv(tmp_path / "a.csv", index=False)
    model = Forecaster(5, method="naive")
    opened = model.read_file(str(tmp_path / "a.csv"), {})
    with pytest.raises(InputError, match=r"sneaky is known in advance.*allow_leak='sneaky'"):
        model.prepare(opened, target="y", known=["sneaky"])
    prepared = model.prepare(opened, target="y", known=["sneaky"], allow_leak=["sneaky"])
    assert any("sneaky is known in advance" in fact.value for fact in prepared.facts)


@pytest.mark.parametrize("how", ["fit", "study", "backtest"])
def test_python_refuses_it_as_the_command_does(how: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=200).cumsum()
    data = pd.DataFrame({"ds": DAYS, "y": y, "sneaky": np.roll(y, -1)})
    with pytest.raises(InputError, match=r"sneaky is known in advance.*allow_leak='sneaky'"):
        getattr(Forecaster(5, method="naive"), how)(data, target="y", known=["sneaky"])


@pytest.mark.usefixtures("baselines_here")
def test_python_may_insist() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=200).cumsum()
    data = pd.DataFrame({"ds": DAYS, "y": y, "sneaky": np.roll(y, -1)})
    model = Forecaster(5, method="naive")
    with pytest.warns(UserWarning, match="only a trained network reads covariates"):
        model.fit(data, target="y", known=["sneaky"], allow_leak=["sneaky"])
    assert any("sneaky is known in advance" in fact.value for fact in model.facts())


def test_a_series_that_is_the_sum_of_the_others_is_told() -> None:
    rng = np.random.default_rng(0)
    parts = {name: rng.poisson(50, 200).astype(float) for name in "abc"}
    parts["Total"] = np.sum(list(parts.values()), axis=0)
    parts["a"][7] = np.nan

    def told(parts: dict[str, np.ndarray]) -> list[str]:
        frame = pd.concat([pd.DataFrame({"unique_id": name, "ds": DAYS, "y": y}) for name, y in parts.items()])
        return [leak.evidence for leak in find_leaks(understand(frame, target="y", series="unique_id")[0], 5)]

    assert told(parts) == ["series 'Total' is the sum of the others: in errors over all series they count twice"]
    parts["Total"][9] += 1
    assert told(parts) == []


@pytest.mark.usefixtures("baselines_here")
def test_sums_of_groups_hide_no_leak_and_are_none() -> None:
    rng = np.random.default_rng(0)
    parts = [(shop, 50 + rng.normal(size=200).cumsum()) for shop in ("a", "b")]
    frames = [
        pd.DataFrame({"region": "north", "shop": shop, "ds": DAYS, "y": y, "sneaky": np.roll(y, -1)})
        for shop, y in parts
    ]
    model = Forecaster(5, method="naive", hierarchy="region/shop")
    with pytest.raises(InputError, match="sneaky is known in advance"):
        model.fit(pd.concat(frames), target="y", time="ds", known=["sneaky"])
    model.fit(pd.concat(frames).drop(columns="sneaky"), target="y", time="ds")
    assert not [fact for fact in model.understood_ if fact.label == "check"]
