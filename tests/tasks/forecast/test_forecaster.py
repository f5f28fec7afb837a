"""The estimator: five lines from a table to a forecast, scikit-learn's manners, and refusals that help."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from tests.tasks.small import HORIZON, file_bytes, quick, shops

import recurra as rc
from recurra import Forecaster, InputError, cells
from recurra.data import understand


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return quick().fit(shops(), time="day", target="units", series="shop")


def test_five_lines(fitted: Forecaster) -> None:
    ahead = fitted.predict(levels=[80, 95])
    assert list(ahead.columns) == ["shop", "day", "forecast", "lo_80", "hi_80", "lo_95", "hi_95"]
    assert len(ahead) == 2 * HORIZON
    expected = pd.date_range("2024-03-31", periods=HORIZON)
    assert [list(part["day"]) for _, part in ahead.groupby("shop")] == [list(expected)] * 2
    assert list(ahead["shop"].unique()) == ["Bonn", "Palermo"]
    # The level of each shop is its own.
    assert ahead.groupby("shop")["forecast"].mean().to_numpy() == pytest.approx([46, 66], abs=8)


def test_intervals_contain_each_other_and_the_forecast(fitted: Forecaster) -> None:
    levels = [2, 20, 50, 80, 90, 95, 99]
    ahead = fitted.predict(levels=levels)
    lower = [ahead[f"lo_{level}"] for level in reversed(levels)]
    upper = [ahead[f"hi_{level}"] for level in levels]
    ladder = np.stack([*lower, ahead["forecast"], *upper])
    assert np.isfinite(ladder).all()
    assert (np.diff(ladder, axis=0) >= 0).all()
    assert (ahead["hi_95"] > ahead["lo_95"]).all()


def test_predicting_twice_is_the_same_and_leaves_the_generators_alone(fitted: Forecaster) -> None:
    import torch

    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    pd.testing.assert_frame_equal(fitted.predict(), fitted.predict(), check_exact=True)
    assert torch.rand(1) == expected


def test_no_levels_give_the_forecast_alone(fitted: Forecaster) -> None:
    assert list(fitted.predict(levels=[]).columns) == ["shop", "day", "forecast"]


def wide() -> pd.DataFrame:
    table = shops().pivot(index="day", columns="shop", values="units")
    return table.set_axis(["shop1", "shop2"], axis="columns").reset_index()


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (shops()[["day", "units"]].iloc[:90], ["unique_id", "day"]),
        (pd.DataFrame({"y": shops()["units"].iloc[:90]}), ["unique_id", "ds"]),
        (shops().rename(columns={"day": "ds", "shop": "unique_id", "units": "y"}), ["unique_id", "ds"]),
        (wide(), ["unique_id", "day"]),
        (shops().set_index("day"), ["shop", "day"]),
    ],
)
def test_columns_keep_their_names(table: pd.DataFrame, columns: list[str]) -> None:
    ahead = quick(epochs=0.1).fit(table).predict(levels=[])
    assert list(ahead.columns) == [*columns, "forecast"]
    assert ahead.notna().all().all()


def test_a_panel_is_as_good_as_its_table(fitted: Forecaster, tmp_path) -> None:
    panel, _ = understand(shops(), target="units")
    assert file_bytes(quick().fit(panel), tmp_path) == file_bytes(fitted, tmp_path)


def test_the_order_of_rows_does_not_matter() -> None:
    table = shops(names=["Bonn"])
    first, second = (quick().fit(part).predict() for part in (table, table.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_the_users_table_is_left_alone() -> None:
    table = shops()
    before = table.copy()
    quick(epochs=0.1).fit(table)
    pd.testing.assert_frame_equal(table, before)


def test_manners_of_scikit_learn(fitted: Forecaster) -> None:
    copy = clone(fitted)
    assert isinstance(copy, Forecaster)
    assert not hasattr(copy, "model_")
    assert {k: str(v) for k, v in copy.get_params().items()} == {k: str(v) for k, v in fitted.get_params().items()}
    assert copy.set_params(horizon=3).horizon == 3
    assert "horizon=5" in repr(fitted)
    assert quick().fit(shops()) is not None


def test_the_seed_decides_everything(fitted: Forecaster, tmp_path) -> None:
    table = shops()
    assert file_bytes(quick().fit(table), tmp_path) == file_bytes(fitted, tmp_path)
    assert file_bytes(quick(seed=4).fit(table), tmp_path) != file_bytes(fitted, tmp_path)


def test_members_differ() -> None:
    model = quick(members=3, epochs=0.5).fit(shops()).model_
    assert len(model.members) == 3
    first, second = (member.network.state_dict() for member in model.members[:2])
    assert any(first[key].shape != second[key].shape or (first[key] != second[key]).any() for key in first)


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_learns_and_comes_back(cell: str, tmp_path) -> None:
    forecaster = quick(cell=cell).fit(shops())
    forecaster.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert again.cell == cell
    pd.testing.assert_frame_equal(again.predict(), forecaster.predict(), check_exact=True)


def test_what_was_decided_is_said(fitted: Forecaster) -> None:
    facts = {fact.label: fact.value for fact in fitted.facts()}
    assert facts["seasons"] == "7 (in steps)"
    assert facts["network"] == "1 x lstm, 8 units"
    assert "correction" in facts["trust"]
    curves = fitted.learning()
    assert set(curves["run"]) == {"training"}
    assert np.isfinite(curves["train_loss"]).all()


@pytest.mark.parametrize("method", ["predict", "facts", "learning"])
def test_not_fitted(method: str) -> None:
    with pytest.raises(InputError, match=r"not fitted: call fit first, or read one with recurra\.load"):
        getattr(quick(), method)()
    with pytest.raises(InputError, match="not fitted"):
        quick().save("nowhere.safetensors")
    with pytest.raises(InputError, match="not fitted"):
        quick().evaluate(shops())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon is 0: expected a whole number of at least 1"),
        ({"horizon": 2.5}, "horizon is 2.5"),
        ({"horizon": "7"}, "horizon is '7'"),
        ({"horizon": True}, "horizon is True"),
        ({"members": 0}, "members is 0"),
        ({"cell": "gnu"}, "cell is 'gnu': expected one of rnn, gru, lstm"),
        ({"block": 0}, "block is 0"),
        ({"block": 2.0}, "block is 2.0"),
        ({"season": 0}, "season"),
        ({"season": "week"}, "season"),
        ({"season": [7, -1]}, "season"),
        ({"season": 7.5}, "season"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "x"}, "seed is 'x'"),
    ],
)
def test_options_are_checked(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        quick(**{"horizon": HORIZON} | options).fit(shops())


@pytest.mark.parametrize("data", [None, 3, "sales.csv", np.zeros((5, 2)), [1.0, 2.0]])
def test_only_tables_are_data(data: object) -> None:
    with pytest.raises(InputError, match="expected a pandas DataFrame, a Series"):
        quick().fit(data)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("data", [3, "sales.csv", np.zeros((5, 2))])
def test_only_tables_are_newer_data(fitted: Forecaster, data: object) -> None:
    for method in (fitted.predict, fitted.evaluate):
        with pytest.raises(InputError, match="expected a pandas DataFrame, a Series"):
            method(data)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("level", [0, 1, True, 100, -5, 180, float("nan"), "80", None])
def test_levels_are_per_cents(fitted: Forecaster, level: object) -> None:
    with pytest.raises(InputError, match=r"levels holds .*expected per cents above 1 and below 100"):
        fitted.predict(levels=[level])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("level", "meant"), [(0.8, "80"), (0.95, "95"), (np.float32(0.5), "50")])
def test_a_share_is_no_level(fitted: Forecaster, level: float, meant: str) -> None:
    with pytest.raises(InputError, match=rf"levels holds .*: did you mean {meant}\?"):
        fitted.predict(levels=[50, level])


def test_a_level_twice_is_refused(fitted: Forecaster) -> None:
    with pytest.raises(InputError, match=r"levels holds 80.0 twice"):
        fitted.predict(levels=[80, 80.0])


def test_one_level_is_no_list(fitted: Forecaster) -> None:
    with pytest.raises(InputError, match=r"levels is 80: expected a list of per cents, such as \[80\]"):
        fitted.predict(levels=80)  # pyright: ignore[reportArgumentType]


def test_parts_of_a_panel_are_settled(fitted: Forecaster) -> None:
    panel, _ = understand(shops(), target="units")
    with pytest.raises(InputError, match="target was given, but the data is a Panel"):
        quick().fit(panel, target="units")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="'unit' is not in the table: did you mean 'units'"):
        quick().fit(shops(), target="unit")


@pytest.mark.parametrize("horizon", [1, 5, 30])
def test_too_short_says_how_many_rows_are_needed(horizon: int) -> None:
    table = shops(3 * horizon + 40, ["Bonn"])
    with pytest.raises(InputError, match=r"needs at least \d+ of them") as caught:
        quick(horizon, epochs=0.1).fit(table.iloc[: horizon + 7])
    need = int(str(caught.value).split("needs at least ")[1].split()[0])
    for rows in range(need, need + 20):
        quick(horizon, epochs=0.1).fit(table.iloc[:rows])
    with pytest.raises(InputError, match="needs at least"):
        quick(horizon, epochs=0.1).fit(table.iloc[: need - 1])
