"""A forecaster's stream: the forecasts of `predict`, row by row, whatever steps when; and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops, with_covariates

import recurra as rc
from recurra import Forecaster
from recurra.errors import InputError, ModelFileError
from recurra.tasks.forecast.stream_rows import as_numbers

NAMES = ("Bonn", "Palermo")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return shops(120)


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Forecaster:
    return quick().fit(table[table["day"] < "2024-03-31"])


def days(table: pd.DataFrame) -> list[pd.Timestamp]:
    return sorted(day for day in table["day"].unique() if day >= pd.Timestamp("2024-03-31"))


def row_of(table: pd.DataFrame, day: pd.Timestamp, names: tuple[str, ...] = NAMES) -> np.ndarray:
    return table[table["day"] == day].set_index("shop").loc[list(names)]["units"].to_numpy()


def test_every_step_says_what_predict_says_of_the_whole_history(model: Forecaster, table: pd.DataFrame) -> None:
    stream = model.streams(rate=0)
    for day in days(table):
        ours = stream.step(row_of(table, day))
        pd.testing.assert_frame_equal(ours.frame(), model.predict(table[table["day"] <= day]), rtol=1e-6)


def test_rows_step_alone_begin_anew_and_skip(model: Forecaster, table: pd.DataFrame) -> None:
    stream, later = model.streams(rate=0), days(table)
    stream.step(row_of(table, later[0]))
    stream.step_rows([1], [99.0])
    one = stream.step_rows([0], row_of(table, later[1], ("Bonn",)))
    known = table[(table["shop"] == "Bonn") & (table["day"] <= later[1])]
    pd.testing.assert_frame_equal(one.frame(), model.predict(known), rtol=1e-6)
    stream.reset([1])
    fresh = model.stream(series="Palermo", rate=0)
    np.testing.assert_array_equal(stream.forecast([1]).points, fresh.forecast().points)
    skipped = fresh.step(50.0, time=later[3])
    assert fresh.time == later[4]
    part = table[(table["shop"] == "Palermo") & (table["day"] < later[0])]
    gap = pd.concat([part, pd.DataFrame({"day": [later[3]], "shop": "Palermo", "units": 50.0})])
    pd.testing.assert_frame_equal(skipped.frame(), model.predict(gap), rtol=1e-6)


def test_covariates_of_every_kind_go_with_the_row() -> None:
    table = with_covariates(shops(100), ahead=HORIZON + 3)
    first = pd.Timestamp("2024-03-31")
    known = table[(table["day"] < first) | table["units"].isna()]
    model = quick().fit(
        known.assign(units=known["units"].where(known["day"] < first)),
        target="units", past=["visitors", "weather"], known=["price", "promotion"], static=["size", "town"],
    )  # fmt: skip
    stream = model.streams(rate=0)
    columns = ["units", "visitors", "weather"]
    for day in sorted(table["day"].unique()):
        if not first <= day < first + pd.Timedelta(days=6):
            continue
        now = table[table["day"] == day].set_index("shop").loc[list(NAMES)]
        ours = stream.step({name: now[name].to_list() for name in (*columns, "price", "promotion")}, time=day)
        seen = table.assign(units=table["units"].where(table["day"] <= day))
        seen["visitors"] = seen["visitors"].where(seen["day"] <= day)
        seen["weather"] = seen["weather"].where(seen["day"] <= day)
        if now["units"].isna().any():
            continue
        expected = model.predict(seen)
        np.testing.assert_allclose(ours.points.ravel(), expected["forecast"], rtol=1e-5)


def test_state_goes_through_a_file(model: Forecaster, table: pd.DataFrame, tmp_path: Path) -> None:
    later = days(table)
    one, path = model.streams(), tmp_path / "state.safetensors"
    for day in later[:12]:
        one.step(row_of(table, day))
    one.save(path)
    model.save(tmp_path / "model.safetensors")
    other = rc.load(tmp_path / "model.safetensors").streams()
    other.load(path)
    for day in later[12:20]:
        a, b = one.step(row_of(table, day)), other.step(row_of(table, day))
        np.testing.assert_array_equal(a.quantiles, b.quantiles)
    pd.testing.assert_frame_equal(one.coverage(), other.coverage())
    with pytest.raises(ModelFileError, match="of another model, or of other series"):
        model.stream(series="Bonn").load(path)
    before = other.forecast().points
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ModelFileError, match="damaged"):
        other.load(path)
    np.testing.assert_array_equal(other.forecast().points, before)


def test_new_series_begin_with_nothing(model: Forecaster) -> None:
    stream = model.streams(3)
    assert np.isnan(stream.forecast().points).all()
    found = stream.step_rows([0, 2], [1.0, 5.0], time="2025-01-01")
    assert np.isfinite(found.quantiles).all()
    assert np.isnan(stream.forecast([1]).points).all()
    assert stream.times([0])[0] == pd.Timestamp("2025-01-02")


def test_intervals_follow_a_shift_and_coverage_is_kept(model: Forecaster) -> None:
    rng, stream = np.random.default_rng(0), model.stream(series="Bonn")
    week = np.array([0.0, 1.0, 2.0, 1.0, 3.0, 9.0, 7.0])
    for k in range(300):
        stream.step(40.0 + 2 * week[(k + 90) % 7] + (12.0 if k % 2 else 1.0) * rng.normal())
    found = stream.coverage().query("level == 80")
    assert (found["count"] == 300 - found["step"]).all()
    assert (found["coverage"] - 0.8).abs().max() < 0.05
    ahead = stream.forecast()
    low, high = ahead.interval(80)
    plain = np.subtract(*ahead.interval(80, adapted=False)[::-1])
    assert not np.allclose(high - low, plain)


def test_every_row_is_read_in_bounded_memory(model: Forecaster) -> None:
    stream = model.stream(series="Bonn")
    sizes = {name: array.nbytes for name, array in stream._tensors().items()}
    for k in range(400):
        stream.observe([0], [float(k % 7)])
    assert {name: array.nbytes for name, array in stream._tensors().items()} == sizes
    assert set(stream.rows_read) == {"trained network"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda s: s.step([1.0]), r"units has shape \(1,\): expected \(2,\)"),
        (lambda s: s.step({"units": [1, 2], "rain": [1, 2]}), "'rain', which the model does not know"),
        (lambda s: s.step(["a", "b"]), "units holds .*: expected numbers"),
        (lambda s: s.step([1.0, np.inf]), "infinite"),
        (lambda s: s.step([1.0, 2.0], time="2024-01-01"), "whose next row is that of 2024-03-31"),
        (lambda s: s.step([1.0, 2.0], time="soon"), "expected a time as in the data"),
        (lambda s: s.step([1.0, 2.0], ahead={"units": [[1], [1]]}), "known in advance"),
        (lambda s: s.step_rows([0, 0], [1.0, 2.0]), "twice"),
    ],
)
def test_refusals_leave_the_stream_as_it_is(model: Forecaster, step, said: str) -> None:
    stream = model.streams()
    before = {name: array.copy() for name, array in stream._tensors().items()}
    with pytest.raises(InputError, match=said):
        step(stream)
    for name, array in stream._tensors().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_stream_of_several_series_has_to_be_named(model: Forecaster) -> None:
    with pytest.raises(InputError, match="name one, or use streams"):
        model.stream()
    with pytest.raises(InputError, match="each once"):
        model.streams(["Bonn", "Bonn"])
    with pytest.raises(InputError, match="rate is 2"):
        model.stream(series="Bonn", rate=2)
    with pytest.raises(InputError, match="fitted"):
        Forecaster(3).stream()


@pytest.mark.parametrize("value", [1e308, -1e101, float("inf")])
def test_what_files_may_not_hold_streams_may_not_either(value: float) -> None:
    with pytest.raises(InputError, match="y holds"):
        as_numbers("y", [1.0, None, value])
    assert np.isnan(as_numbers("y", [1.0, None, 3.0])[1])


def test_a_row_says_when_it_is_as_the_data_do(table: pd.DataFrame) -> None:
    """By the columns of times, in their own format, and by text: a day first, where a library would take a month."""
    written = table.assign(day=table["day"].dt.strftime("%d.%m.%Y"))
    model = quick().fit(written[table["day"] < "2024-04-01"], day_first=True)
    late = pd.Timestamp("2024-04-05")
    for told in ({"y": {"units": [1.0, 2.0], "day": ["05.04.2024"] * 2}}, {"y": [1.0, 2.0], "time": "05.04.2024"}):
        stream = model.streams(rate=0)
        stream.step(**told)  # pyright: ignore[reportArgumentType]
        assert stream.times()[0] == late + pd.Timedelta(days=1)
    each = model.streams(rate=0)
    each.step({"units": [1.0, 2.0], "day": ["02.04.2024", "05.04.2024"]})
    assert [str(time.date()) for time in each.times()] == ["2024-04-03", "2024-04-06"]
    with pytest.raises(InputError, match=r"time is 2024-04-02 .*expected this one or a later one"):
        each.step({"units": [1.0, 2.0], "day": ["06.04.2024", "02.04.2024"]})


def test_a_row_may_name_its_series_and_no_other(model: Forecaster) -> None:
    stream = model.stream(series="Bonn", rate=0)
    alone = model.stream(series="Bonn", rate=0).step(50.0)
    np.testing.assert_array_equal(stream.step({"units": [50.0], "shop": ["Bonn"]}).points, alone.points)
    with pytest.raises(InputError, match="the row is of series 'Palermo', the stream of 'Bonn': leave shop out"):
        stream.step({"units": [50.0], "shop": ["Palermo"]})


def test_the_first_rows_of_a_new_series_have_intervals_that_hold(tmp_path: Path) -> None:
    """Of one series, which says nothing of what others begin like: as wide as the mean of as few rows was wrong."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=220), "units": 100 + 20 * rng.normal(size=220)})
    model = quick(method="fast").fit(rows, target="units")
    held = []
    for _ in range(40):
        stream, later = model.streams(1, rate=0), 100 + 20 * rng.normal(size=4 + HORIZON)
        for k in range(4):
            low, high = stream.step(later[k]).interval(80)
            held.append((low[0] <= later[k + 1 : k + 1 + HORIZON]) & (later[k + 1 : k + 1 + HORIZON] <= high[0]))
    assert 0.7 < np.mean(held) < 0.95
    model.save(tmp_path / "m.safetensors")
    again: Forecaster = rc.load(tmp_path / "m.safetensors")  # pyright: ignore[reportAssignmentType]
    ours, theirs = (each.streams(1, rate=0).step(90.0).quantiles for each in (model, again))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert not model.streams(1).unsure().any()


def test_too_few_rows_to_tell_how_wide_intervals_must_be_are_said() -> None:
    model = quick(3, method="fast").fit(np.array([5.0, 6.0, 5.0, 7.0, 6.0, 5.0, 6.0, 7.0, 5.0]))
    stream = model.streams(1)
    for k in range(8):
        stream.step(5.0 + k % 2)
        assert stream.unsure().item() is (k < 7)
