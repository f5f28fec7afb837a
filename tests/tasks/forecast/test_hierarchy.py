"""Groups that add up: sums as series of their own, forecasts that add up to them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick

import recurra as rc
from recurra import InputError
from recurra.data import understand
from recurra.data.panel.sums import ALL, parse_hierarchy, with_sums
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.reconciling import fit_reconciliation


def chain(days: int = 120) -> pd.DataFrame:
    """Two shops in the north, one in the south, with a weekly season."""
    rng = np.random.default_rng(0)
    parts = []
    for region, shop, level in (("north", "a", 30), ("north", "b", 60), ("south", "a", 20)):
        units = level * (1 + 0.3 * np.sin(np.arange(days) * 2 * np.pi / 7)) + rng.normal(0, 2, days)
        times = pd.date_range("2024-01-01", periods=days)
        parts.append(pd.DataFrame({"region": region, "shop": shop, "day": times, "units": units}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def studied() -> rc.Forecaster:
    model = quick(method="fast", hierarchy="region/shop")
    model.study(chain(), 4)
    return model


def adds_up(frame: pd.DataFrame) -> bool:
    table = frame.set_index(["region", "shop", "day"])["forecast"].unstack("day")
    leaves = table[[ALL not in name for name in table.index]]
    regions = all(np.allclose(table.loc[(r, ALL), :], leaves.loc[r].sum()) for r in ("north", "south"))
    return regions and np.allclose(table.loc[(ALL, ALL), :], leaves.sum())


def test_forecasts_of_all_levels_add_up(studied: rc.Forecaster) -> None:
    frame = studied.predict()
    assert len(frame) == 6 * HORIZON
    assert list(frame.columns[:4]) == ["region", "shop", "day", "forecast"]
    assert frame[["region", "shop"]].drop_duplicates().iloc[0].tolist() == [ALL, ALL]
    assert adds_up(frame)
    inside = (
        (frame["lo_95"] < frame["lo_80"]) & (frame["lo_80"] < frame["forecast"]) & (frame["forecast"] < frame["hi_80"])
    )
    assert inside.all()
    total = frame[frame["region"] == ALL]["forecast"].mean()
    assert total == pytest.approx(110, rel=0.1)


def test_the_backtest_is_of_what_adds_up(studied: rc.Forecaster) -> None:
    frame = studied.backtest_.forecasts
    wide = frame.pivot_table(index=["origin", "step"], columns="series", values="forecast")
    np.testing.assert_allclose(wide["(all) | (all)"], wide[["north | a", "north | b", "south | a"]].sum(axis=1))
    fact = next(fact.value for fact in studied.facts() if fact.label == "hierarchy")
    assert fact.startswith("3 sums of 3 series, reconciled by minimum trace")


def test_a_model_file_and_newer_rows_add_up_too(studied: rc.Forecaster, tmp_path: Path) -> None:
    studied.save(tmp_path / "m.safetensors")
    served = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(served.predict(), studied.predict())
    newer = chain(130)
    later = served.predict(newer[newer["day"] >= "2024-04-20"])
    assert adds_up(later)
    assert later["day"].min() == pd.Timestamp("2024-01-01") + pd.Timedelta(days=130)
    assert served.hierarchy == "region/shop"


def test_sums_by_hand() -> None:
    """A series that has not begun counts as nothing, and a missing value makes the sum missing."""
    table = chain(10)
    table.loc[3, "units"] = np.nan
    table = table[~((table["region"] == "south") & (table["day"] < "2024-01-04"))]
    panel = with_sums(understand(table, target="units", time="day", series="region,shop")[0])
    assert panel.series[:3] == ("(all) | (all)", "north | (all)", "south | (all)")
    parts = {name: panel.values(s) for s, name in enumerate(panel.series)}
    both = parts["north | a"] + parts["north | b"]
    np.testing.assert_allclose(parts["north | (all)"], both)
    assert np.isnan(parts["(all) | (all)"]).tolist() == [k == 3 for k in range(10)]
    np.testing.assert_allclose(parts["(all) | (all)"][:3], both[:3])
    np.testing.assert_allclose(parts["(all) | (all)"][4:], both[4:] + parts["south | a"][1:])
    panel.check()


def test_minimum_trace_on_errors_that_are_known() -> None:
    """Independent errors of equal size: the sum of two series is a weighted mean of itself and of their sum."""
    rng = np.random.default_rng(1)
    values = [np.full(400, 5.0), np.full(400, 7.0)]
    table = pd.concat(
        [
            pd.DataFrame({"shop": s, "day": pd.date_range("2020-01-01", periods=400), "y": v})
            for s, v in zip("ab", values, strict=True)
        ]
    )
    panel = with_sums(understand(table, target="y", time="day", series="shop")[0])
    ends = np.arange(40, 340)
    series, origins = np.repeat(np.arange(3), len(ends)), np.tile(ends, 3)
    truth = np.repeat([12.0, 5.0, 7.0], len(ends))[:, None]
    found = fit_reconciliation(panel, 1, series, origins, truth + rng.normal(size=truth.shape), truth)
    assert found.forecasts == 300
    # W = 1: P = (S'S)^-1 S' = [[1, 2, -1], [1, -1, 2]] / 3
    np.testing.assert_allclose(found.projection, np.array([[1, 2, -1], [1, -1, 2]]) / 3, atol=0.1)
    quantiles = np.array([12.6, 5.0, 7.0])[:, None, None] + np.linspace(-2, 2, len(QUANTILES))
    last = np.full(3, 400)
    points, after = found.apply(quantiles[..., MEDIAN], quantiles, panel, np.arange(3), last)
    assert points[0, 0] == pytest.approx(points[1:, 0].sum())
    assert 12.0 < points[0, 0] < 12.6
    assert (np.ptp(after[:, 0], axis=1) < np.ptp(quantiles[:, 0], axis=1)).all()  # more is known than of each alone


@pytest.mark.parametrize("text", ["", "region/", "shop/shop"])
def test_no_hierarchy_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected different columns, the widest group first"):
        parse_hierarchy(text)


def test_refusals() -> None:
    with pytest.raises(InputError, match="the hierarchy names the columns that identify a series"):
        quick(method="fast", hierarchy="region/shop").fit(chain(), series="shop")
    one = chain()[lambda f: f["region"] == "south"]
    with pytest.raises(InputError, match="nothing to add up"):
        quick(method="fast", hierarchy="region/shop").fit(one)
    with pytest.raises(InputError, match="is named as a sum is"):
        quick(method="fast", hierarchy="region/shop").fit(chain().replace({"shop": {"a": ALL}}))
