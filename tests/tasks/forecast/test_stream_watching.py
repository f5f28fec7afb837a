"""A stream that watches itself says what `watched` says of the same rows, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import baselines_in_process

import recurra as rc
from recurra.errors import InputError, ModelFileError
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.stream_watching import ForecastWatch

WEEK, KNOWN = 7, 30 * 7  # and 40 weeks more: no more than what a stream keeps
MODEL: dict[str, rc.Forecaster] = {}


def series(seed=0, names=("a", "b"), weeks=75, factor=1.0):
    draw, days = np.random.default_rng(seed), pd.date_range("2020-01-06", periods=weeks * WEEK)
    parts = []
    for name in names:
        noise = draw.normal(size=len(days))
        noise[KNOWN + 10 * WEEK :] *= factor
        parts.append(pd.DataFrame({"series": name, "ds": days, "y": 50 + np.tile(np.arange(7.0), weeks) + noise}))
    return parts


@pytest.fixture(scope="module")
def model():
    found = rc.Forecaster(WEEK, method="seasonal naive", season=WEEK)
    with baselines_in_process():
        found.study(pd.concat([part.iloc[:KNOWN] for part in series()]), windows=20)
    return found


def stepped(model, parts, rows, **given):
    stream = model.streams(list("ab"))
    watch = stream.watch(**given)
    anomalies = 0
    for k in range(KNOWN, KNOWN + rows):
        stream.observe(None, [part["y"].iloc[k] for part in parts])
        anomalies += int(watch.anomalous.sum())
    return stream, watch, anomalies


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_step_by_step_is_as_a_whole(model, factor):
    parts, rows = series(factor=factor), 40 * WEEK
    later = pd.concat([part.iloc[: KNOWN + rows] for part in parts])
    panel, _ = rc.data.build_panel(later, model.model_.panel.schema)
    whole = model.watched(panel, rate=0.02)
    _stream, watch, anomalies = stepped(model, parts, rows, rate=0.02)
    np.testing.assert_allclose(watch.windows["error"], whole.windows["error"], rtol=1e-9)
    np.testing.assert_allclose(watch.windows["covered"], whole.windows["covered"], rtol=1e-9)
    np.testing.assert_allclose(watch.windows["evidence"], whole.windows["evidence"], rtol=1e-9)
    assert (watch.status, watch.since, watch.sentence) == (whole.status, whole.since, whole.sentence)
    assert watch.status == ("holds" if factor == 1.0 else "broken")
    assert list(watch.windows["time"]) == list(whole.windows["time"])
    assert anomalies == len(whole.anomalies) > 0
    mine = watch.anomalies.sort_values(["series", "time"])
    other = whole.anomalies.sort_values(["series", "time"])
    np.testing.assert_allclose(mine["score"], other["score"], rtol=1e-9)
    assert list(mine["time"]) == list(other["time"])


def test_what_was_watched_is_saved_and_goes_on(model, tmp_path):
    parts = series(factor=3.0)
    _stream, watch, _ = stepped(model, parts, 15 * WEEK + 3)
    stream, again, _ = stepped(model, parts, 15 * WEEK + 3)
    watch.save(tmp_path / "watch.safetensors")
    fresh = stream.watch()
    fresh.load(tmp_path / "watch.safetensors")
    for k in range(KNOWN + 15 * WEEK + 3, KNOWN + 40 * WEEK):
        _stream.observe(None, [part["y"].iloc[k] for part in parts])
        stream.observe(None, [part["y"].iloc[k] for part in parts])
    assert fresh.sentence == watch.sentence
    assert fresh.evidence == watch.evidence
    assert again.evidence != watch.evidence  # replaced by `fresh`, and not told any more
    with pytest.raises(ModelFileError, match="another alpha"):
        stream.watch(alpha=0.01).load(tmp_path / "watch.safetensors")


def test_missing_rows_resets_and_new_series(model):
    parts = series()
    stream = model.streams(["a", "new"])
    watch = stream.watch(rate=0.01)
    for k in range(20 * WEEK):
        y = parts[0]["y"].iloc[KNOWN + k]
        stream.observe(None, [np.nan if k % 5 == 0 else y, y])
    assert np.isfinite(watch.windows["error"]).all()
    seen = len(watch.windows)
    assert seen >= 20
    stream.reset([0])
    stream.observe([0], [parts[0]["y"].iloc[KNOWN]], time=parts[0]["ds"].iloc[KNOWN + 2])  # two rows are missing
    assert len(watch.windows) == seen
    assert isinstance(watch, ForecastWatch)
    assert "holds" in repr(watch)


def test_a_row_after_which_a_window_begins_is_forecast_once(model, monkeypatch):
    asked, own, parts = [], ForecastModel.forecast, series()
    monkeypatch.setattr(ForecastModel, "forecast", lambda *given: asked.append(given) or own(*given))
    watched, plain = model.streams(list("ab")), model.streams(list("ab"))
    watched.watch()
    for k in range(KNOWN, KNOWN + 3 * WEEK):
        y, before = [part["y"].iloc[k] for part in parts], len(asked)
        one = watched.step(y)
        assert len(asked) == before + 1
        other = plain.step(y)
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.quantiles, other.quantiles)
    watched.begin_as(1, None)  # a series without a row has no forecast
    plain.begin_as(1, None)
    np.testing.assert_array_equal(watched.forecast().points, plain.forecast().points)


@pytest.mark.usefixtures("baselines_here")
def test_a_model_that_was_not_evaluated_promises_nothing():
    fitted = rc.Forecaster(WEEK, method="seasonal naive", season=WEEK).fit(series()[0][["ds", "y"]])
    with pytest.raises(InputError, match="promises nothing"):
        fitted.stream().watch()
    with pytest.raises(InputError, match="alpha"):
        fitted.stream().watch(alpha=2)
