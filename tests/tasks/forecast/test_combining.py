"""What a forecast is made of: the networks and the baselines by their held-out forecasts, or one of them as asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import file_bytes, quick, shops

import recurra as rc
from recurra import Forecaster
from recurra.data import understand
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import BASELINES, NETWORK, NETWORKS, PRETRAINED
from recurra.evaluation.forecast.steps import Steps
from recurra.nn.pretrained import zero_shot
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.combining import (
    fit_combination,
    moments_of,
    pretrained_quantiles,
    single,
    validation_origins,
)
from recurra.tasks.forecast.model import never_below
from recurra.tasks.forecast.plan import held_out_span, split

pytestmark = pytest.mark.usefixtures("baselines_here")


@pytest.fixture(scope="module")
def studied(request: pytest.FixtureRequest):
    with pytest.MonkeyPatch.context() as patch:
        from tests.tasks.small import BaselinesHere

        patch.setattr("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere)
        forecaster = quick(method="auto")
        return forecaster, forecaster.study(shops(), 2)


def test_the_combination_is_a_weighted_mean_of_what_it_names(studied):
    forecaster, _ = studied
    weights = forecaster.model_.combination.weights
    assert (weights >= 0).all()
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert set(forecaster.model_.combination.used) <= {*NETWORKS, *BASELINES}


def test_the_table_shows_every_part_beside_the_combination(studied):
    _, backtest = studied
    assert {"Recurra", *NETWORKS, "naive", "seasonal naive with drift", "AutoTheta"} <= set(backtest.table.index)
    assert not set(NETWORKS) & set(backtest.baselines)
    assert np.isfinite(backtest.table.loc[list(NETWORKS), ["MASE", "sMAPE", "CRPS"]].to_numpy()).all()


def test_it_is_no_worse_than_its_parts_at_the_origins_that_weighed_them(studied):
    forecaster, _ = studied
    facts = {fact.label: fact.value for fact in forecaster.facts()}
    assert "%" in facts["forecast"] or "alone" in facts["forecast"]


def test_saved_and_loaded_it_forecasts_the_same(studied, tmp_path):
    forecaster, _ = studied
    forecaster.save(tmp_path / "m.safetensors")
    loaded = rc.load(tmp_path / "m.safetensors")
    assert loaded.get_params()["method"] == "auto"
    pd.testing.assert_frame_equal(loaded.predict(), forecaster.predict())
    later = shops(100)
    pd.testing.assert_frame_equal(loaded.predict(later), forecaster.predict(later))


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    files = [file_bytes(quick(method="auto").fit(shops()), tmp_path) for _ in range(2)]
    assert files[0] == files[1]


def test_what_lies_after_an_origin_leaves_no_trace_in_the_weights():
    table, changed = shops(), shops()
    last = table["day"] >= table["day"].unique()[-10]
    changed.loc[last, "units"] = 1e4
    models = []
    for data in (table, changed):
        panel, _ = understand(data)
        forecaster = quick(method="auto")
        models.append(forecaster._backtest(panel, 2, forecaster._run(None, forecaster._recipe(panel), 1))[1])
    assert np.array_equal(models[0].combination.weights, models[1].combination.weights)
    assert np.array_equal(models[0].combination.stretch, models[1].combination.stretch)


@pytest.mark.parametrize("method", ["fast", "AutoTheta", "seasonal naive"])
def test_a_method_alone_trains_nothing(method, tmp_path):
    forecaster = quick(method=method)
    backtest = forecaster.study(shops(), 2)
    assert forecaster.model_.members == ()
    assert backtest.model in backtest.table.index
    ahead = forecaster.predict()
    assert len(ahead) == 10
    assert (ahead["lo_95"] <= ahead["forecast"]).all()
    forecaster.save(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(rc.load(tmp_path / "m.safetensors").predict(), ahead)
    with pytest.raises(InputError, match="no network was trained from random weights: method is"):
        forecaster.explain()
    if method != "fast":
        errors = backtest.table["MASE"].to_dict()
        assert errors[method] == pytest.approx(errors["Recurra"])


def test_the_fast_forecast_is_the_pretrained_network(tmp_path):
    table = shops(names=["Bonn"])
    forecaster = quick(method="fast").fit(table)
    expected = zero_shot(table["units"].to_numpy(), 5, season=7)[:, MEDIAN]
    assert forecaster.predict()["forecast"].to_numpy() == pytest.approx(expected, rel=1e-4)
    assert [fact.value for fact in forecaster.facts() if fact.label == "forecast"] == [f"{PRETRAINED} alone"]


@pytest.mark.parametrize("rows", [2, 3, 20])
def test_a_few_rows_are_enough_for_the_fast_forecast(rows):
    table = shops(rows, names=["Bonn"])
    ahead = quick(method="fast").fit(table, time="day", target="units", series="shop").predict()
    assert np.isfinite(ahead.drop(columns=["shop", "day"]).to_numpy()).all()


def test_a_series_never_seen_is_forecast_by_the_overall_weights(studied):
    forecaster, _ = studied
    stranger = shops(30, names=["Oslo"], seed=9)
    ahead = forecaster.predict(stranger)
    assert ahead.loc[ahead["shop"] == "Oslo", "forecast"].between(20, 90).all()


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="method is 'ETS': expected one of auto, fast, fine-tuned, network, naive"):
        quick(method="ETS").fit(shops())


def test_the_network_alone_is_as_it_was():
    forecaster = quick(method="network").fit(shops())
    assert forecaster.model_.combination is None
    assert NETWORK not in [fact.value for fact in forecaster.facts()]
    assert Forecaster(5).get_params()["method"] == "auto"


def test_validation_origins_lie_before_the_end_and_a_horizon_apart():
    found = validation_origins(np.array([200, 30, 12, 3, 1]), 5, 7)
    assert found[0][-1] == 195
    assert (np.diff(found[0]) == 5).all()
    assert 10 <= len(found[0]) <= 24
    assert found[1].tolist() == [17, 21, 25]
    assert all(o.max(initial=n - 5) <= n - 5 for o, n in zip(found, (200, 30, 12, 3, 1), strict=True))
    assert len(found[4]) == 0
    assert sum(len(o) for o in validation_origins(np.full(5000, 100), 5, 1)) <= 1200


def test_networks_are_held_out_of_what_weighs_them_in_many_series_too():
    lengths = np.array([934] * 300 + [80] * 60)
    spans = held_out_span(lengths, 13)
    assert spans[0] == 27
    assert spans[-1] == 8  # a tenth
    found = validation_origins(lengths, 13, 1)
    assert [len(ends) for ends in found] == [3] * 360
    assert all(ends[0] >= 934 - 13 - spans[0] + 1 for ends in found[:300])
    assert held_out_span(np.array([2000]), 13).tolist() == [200]
    assert held_out_span(np.array([9000, 9000]), 13).tolist() == [512, 512]


def test_all_that_is_held_out_of_many_series_may_weigh_not_only_what_ends_the_training():
    panel, _ = understand(shops(200, names=[f"shop {k}" for k in range(300)]))
    parts = split(panel, 5, 14)
    assert (parts.unseen == 185).all()
    assert parts.held_out_origins.min() > 185  # every third one is enough
    assert (parts.training.first + parts.training.counts - 1 + 5 <= 185).all()
    assert all(ends[-3:].tolist() == [185, 190, 195] for ends in validation_origins(panel.lengths, 5, 7))


def test_series_without_times_end_together_and_others_share_their_dates():
    short = shops(30, names=["Bonn"])
    dated, _ = understand(pd.concat([shops(40, names=["Oslo"]), short.iloc[5:]]))
    series, ends = np.array([0, 1]), np.array([20, 20])
    places = dict(zip(dated.series, moments_of(dated, series, ends).tolist(), strict=True))
    assert places["Bonn"] - places["Oslo"] == 5
    names, steps = ["x"] * 30 + ["y"] * 20, [*range(30), *range(20)]
    counted, _ = understand(pd.DataFrame({"a": names, "n": steps, "v": np.arange(50) % 7}))
    assert moments_of(counted, series, np.array([25, 15])).tolist() == [-5, -5]


def test_nothing_known_is_nothing_for_the_pretrained_network():
    table = shops(40, names=["Bonn"])
    table.loc[5:, "units"] = np.nan
    panel, _ = understand(table)
    found = pretrained_quantiles(panel, np.array([0, 0]), np.array([5, 40]), 3, Steps((7,)))
    assert np.isfinite(found).all()


def test_what_was_never_negative_stays_so():
    panel, _ = understand(shops(20, names=["Bonn"]))
    low = np.full((1, 2, 13), -3.0)
    assert (never_below(low, panel, np.array([0]), np.array([20])) == 0.0).all()
    below = shops(20, names=["Bonn"])
    below.loc[3, "units"] = -1.0
    panel, _ = understand(below)
    assert (never_below(low, panel, np.array([0]), np.array([20])) == -3.0).all()
    assert (never_below(low, panel, np.array([0]), np.array([3])) == 0.0).all()


def test_data_that_are_mostly_zero_are_forecast_in_the_mean_with_whole_quantiles():
    rng = np.random.default_rng(6)
    table = shops(300)
    table["units"] = np.where(rng.random(600) < 0.1, rng.integers(2, 8, 600), 0).astype(float)
    forecaster = quick(method="auto")
    backtest = forecaster.study(table, 4)
    ahead = forecaster.predict()
    assert ahead["forecast"].mean() == pytest.approx(table["units"].mean(), rel=0.5)
    bounds = ahead[["lo_80", "hi_80", "lo_95", "hi_95"]].to_numpy()
    assert (bounds >= 0).all()
    assert (bounds % 1 == 0).all()
    assert (bounds[:, 0] == 0).all()
    assert "squared error" in backtest.verdict.sentence or "Too few" in backtest.verdict.sentence
    errors = backtest.table["RMSE"].to_dict()
    assert errors["Recurra"] < errors["naive"]


def test_only_series_that_are_mostly_zero_are_forecast_in_the_mean():
    rng = np.random.default_rng(7)
    table = shops(200, names=["Bonn", "Palermo", "Rare"])
    rare = table["shop"] == "Rare"
    table.loc[rare, "units"] = np.where(rng.random(rare.sum()) < 0.1, rng.integers(2, 8, rare.sum()), 0).astype(float)
    forecaster = quick(method="auto")
    backtest = forecaster.study(table, 4)
    combination = forecaster.model_.combination
    assert combination is not None
    assert combination.sparse is not None
    assert combination.sparse.tolist() == [False, False, True, False]
    names = dict(zip(combination.names, combination.weights[2], strict=True))
    assert names["mean"] == names["pretrained network"] > 0
    assert names.get("MSTL", 0.0) == 0.0
    assert combination.weights[0, combination.names.index("mean")] == 0
    ahead = forecaster.predict()
    rare = ahead["shop"] == "Rare"
    assert (ahead.loc[rare, ["lo_80", "hi_80"]] % 1 == 0).all(axis=None)
    assert (ahead.loc[~rare, ["lo_80", "hi_80"]] % 1 != 0).any(axis=None)
    assert 0 < ahead.loc[rare, "forecast"].mean() < 2
    assert "in MASE" in backtest.verdict.sentence or "MASE is" in backtest.verdict.sentence
    assert "Not counted: 1 series, mostly zero" in backtest.verdict.sentence
    assert backtest.verdict.n_series == 2


@pytest.mark.parametrize(("windows", "share"), [(8, 8 / 32), (72, 72 / 96)])
def test_few_windows_stretch_the_quantiles_less(windows, share):
    horizon = 4
    values = np.tile([3.0, -3.0], (windows + 2) * horizon // 2)  # always three half-widths from the median
    panel, _ = understand(pd.DataFrame({"ds": pd.date_range("2020", periods=len(values)), "y": values}))
    origins = horizon * np.arange(1, windows + 1)
    series, width = np.zeros(windows, dtype=np.int64), np.sign(np.arange(len(QUANTILES)) - MEDIAN)
    members = {PRETRAINED: np.broadcast_to(width.astype(float), (windows, horizon, len(QUANTILES)))}
    found = fit_combination(members, panel, series, origins, np.ones(windows), 1, series)
    np.testing.assert_allclose(found.stretch, 3.0**share)


def test_a_network_that_is_part_of_no_forecast_is_not_trained_again(tmp_path, monkeypatch):
    from recurra.tasks.forecast import forecaster as module

    found = quick(method="auto")
    found.study(shops(), 2)
    combination = found.model_.combination
    assert combination is not None
    assert (NETWORK in combination.used) == (found.model_.members != found.holdout_.members)
    series = len(found.model_.scaling.series)
    monkeypatch.setattr(module, "combination_of", lambda *_: single("AutoTheta", series))
    idle = quick(method="auto")
    idle.study(shops(), 2)
    assert idle.model_.members == idle.holdout_.members
    assert all(a is b for a, b in zip(idle.model_.members, idle.holdout_.members, strict=True))
    facts = {fact.label: fact.value for fact in idle.facts()}
    assert facts["network"].endswith("units; part of no forecast, and so left as it was evaluated")
    assert idle.model_.panel.lengths.tolist() == found.model_.panel.lengths.tolist()
    alone = quick(method="AutoTheta").fit(shops())
    pd.testing.assert_series_equal(idle.predict()["forecast"], alone.predict()["forecast"])
    idle.save(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(rc.load(tmp_path / "m.safetensors").predict(), idle.predict())
    assert len(idle.explain())
