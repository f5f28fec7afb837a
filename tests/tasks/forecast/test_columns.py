"""Tables as Python has them, results that can be merged back on their columns, refusals that name arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops

import recurra as rc
from recurra import InputError
from recurra.data import understand
from recurra.data.schema.series_names import join_name, name_columns, split_name


def two_columns(stores: list[object]) -> pd.DataFrame:
    table = shops(80, [f"{k}" for k in range(4)])
    place = table["shop"].astype(int)
    table["store"] = pd.Series([stores[k // 2] for k in place])
    table["family"] = [["b c", "c"][k % 2] for k in place]
    return table.drop(columns="shop")


def test_series_of_two_columns_come_back_as_two(tmp_path: Path) -> None:
    table = two_columns([1, 12])
    model = quick(epochs=0.1).fit(table, target="units", series="store,family")
    ahead = model.predict()
    assert list(ahead.columns[:4]) == ["store", "family", "day", "forecast"]
    assert ahead["store"].dtype == np.int64
    merged = table[["store", "family"]].drop_duplicates().merge(ahead, on=["store", "family"])
    assert len(merged) == len(ahead) == 4 * HORIZON
    assert list(model.explain(points=2).columns[:2]) == ["store", "family"]
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.predict(), ahead)
    pd.testing.assert_frame_equal(again.predict(table), ahead, rtol=1e-6)


def test_names_of_series_are_never_the_same() -> None:
    table = two_columns(["a", "a b"])  # "a" + "b c" and "a b" + "c"
    panel, _ = understand(table, target="units", series="store,family")
    assert len(set(panel.series)) == 4


@pytest.mark.parametrize("parts", [("a", "b"), ("a|", "|b"), ("a | b", "c"), ("", ""), ("|", "||"), (" | ", "x ")])
def test_a_name_has_its_parts_again(parts: tuple[str, ...]) -> None:
    assert split_name(join_name(parts), 2) == parts


def test_one_column_whose_name_holds_a_comma() -> None:
    columns = name_columns(pd.Series(["a", "b", "a"]), "store, city", ())
    assert {name: list(values) for name, values in columns.items()} == {"store, city": ["a", "b", "a"]}


def test_one_constant_column_of_series_keeps_its_name() -> None:
    table = shops(80, ["Bonn"]).rename(columns={"shop": "unique_id", "day": "ds", "units": "y"})
    ahead = quick(epochs=0.1).fit(table).predict()
    assert list(ahead.columns[:2]) == ["unique_id", "ds"]
    assert set(ahead["unique_id"]) == {"Bonn"}


def test_a_series_and_an_array_are_tables() -> None:
    table = shops(80, ["Bonn"])
    dated = table.set_index("day")["units"]
    by_table, by_series = (quick(epochs=0.1).fit(data) for data in (table[["day", "units"]], dated))
    pd.testing.assert_frame_equal(by_series.predict(), by_table.predict())
    pd.testing.assert_frame_equal(by_series.predict(dated), by_table.predict())
    array = quick(epochs=0.1).fit(dated.to_numpy()).predict()
    assert array["ds"].tolist() == list(range(80, 80 + HORIZON))
    with pytest.raises(InputError, match=r"is a ndarray of shape \(80, 2\): expected a pandas DataFrame"):
        quick().fit(np.ones((80, 2)))


def test_how_a_table_is_read_can_be_said_in_python() -> None:
    table = shops(80, ["Bonn"]).assign(day=lambda t: t["day"].dt.strftime("%Y|%d|%m"))
    model = quick(epochs=0.1)
    model.fit(table, time="day", target="units", time_format="%Y|%d|%m", freq="D", ignore=["shop"])
    facts = {fact.label: fact.value for fact in model.facts()}
    assert facts["time"] == "day (D, dates written %Y|%d|%m)"
    assert facts["range"] == "2024-01-01 to 2024-03-20"
    with pytest.raises(InputError, match=r"layout= wide-rows|layout 'tall' is not known.*\(layout=\)"):
        model.fit(table, layout="tall")
    with pytest.raises(InputError, match="takes no argument 'colour'"):
        model.fit(table, colour="red")  # pyright: ignore[reportCallIssue]


def test_a_refusal_in_python_names_arguments() -> None:
    table = shops(80, ["Bonn"]).assign(other=1.5)
    for call in (lambda: quick().fit(table, time="dya"), lambda: quick().study(table.assign(day="soon"), time="day")):
        with pytest.raises(InputError) as refused:
            call()
        assert "--" not in str(refused.value)
        assert "time=" in str(refused.value)


def test_a_known_column_that_ends_with_the_target_is_said() -> None:
    model = quick(epochs=0.1).fit(shops(80).assign(promo=lambda t: t.index % 3), target="units", known=["promo"])
    said = next(fact.value for fact in model.facts() if fact.label == "known-future values")
    assert said == "0 steps beyond the last target: in the horizon every value is missing"


@pytest.mark.usefixtures("baselines_here")
@pytest.mark.parametrize("rows", [10, 20])
def test_short_series_are_refused_with_the_number_that_is_enough(rows: int) -> None:
    with pytest.raises(InputError, match=r"needs at least \d+ \(\d+ to learn from, 7 for 1 test window\)") as refused:
        quick(7).backtest(shops(rows, ["Bonn"]))
    need = int(str(refused.value).split("at least ")[1].split()[0])
    with pytest.raises(InputError, match=f"needs at least {need} "):
        quick(7).backtest(shops(need - 1, ["Bonn"]))
    assert len(quick(7, epochs=0.1).backtest(shops(need, ["Bonn"])).forecasts) == 7
