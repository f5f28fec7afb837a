"""The pretrained network as the start of a training on the user's series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.small import HORIZON, SEASON, baselines_in_process, quick, shops

import recurra as rc
from recurra.data import understand
from recurra.errors import InputError, ModelFileError
from recurra.evaluation.forecast.columns import TUNED
from recurra.nn.pretrained.forecasting import forecast
from recurra.nn.pretrained.shape import Shape
from recurra.nn.pretrained.weights import load_network, shipped
from recurra.nn.pretrained.windows import read_windows
from recurra.tasks.forecast.decided import decided
from recurra.tasks.forecast.fine_tuning import TuningProblem, fine_tune, steps_for
from recurra.tasks.forecast.fitting import untrained_model, with_tuned
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.plan import split, steps_of
from recurra.training import Callback, Run, TrainingOptions
from recurra.training.checkpoint import CheckpointFolder

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def tuned() -> rc.Forecaster:
    forecaster = quick(method="fine-tuned", epochs=12.0)
    with baselines_in_process():
        forecaster.study(shops(200))
    return forecaster


def test_a_fine_tuning_that_the_user_stopped_is_told(tuned: rc.Forecaster) -> None:
    member = tuned.holdout_.tuned
    assert member is not None
    assert member.record is not None
    cut = replace(member, record=replace(member.record, interrupted=True))
    told = [fact.value for fact in decided(replace(tuned.holdout_, tuned=cut), {}) if fact.label == "stopped"]
    assert len(told) == 1
    assert told[0].endswith("steps")
    assert not [fact for fact in decided(tuned.holdout_, {}) if fact.label == "stopped"]


def _losses(model: ForecastModel) -> tuple[float, float]:
    """The held-out loss of the pretrained network, and of the fine-tuned one."""
    assert model.tuned is not None
    parts = split(model.panel, HORIZON, 2 * SEASON)
    steps = steps_of(model.panel, (SEASON,))
    problem = TuningProblem(load_network(), model.panel, parts, HORIZON, steps, torch.device("cpu"))
    return problem.validate(problem.network), problem.validate(model.tuned.network)


def test_it_learns_what_the_pretrained_network_does_not_know() -> None:
    draw, hours = np.random.default_rng(0), np.arange(200)
    pulses = np.isin(hours % 11, (3, 4, 9)) * (1 + 0.5 * (hours // 11 % 2)) + 1
    frames = [
        pd.DataFrame({"shop": f"s{k}", "day": pd.date_range("2024-01-01", periods=200), "sales": sales})
        for k, sales in enumerate(draw.uniform(5, 50, (6, 1)) * (pulses + draw.normal(0, 0.02, (6, 200))))
    ]
    forecaster = quick(method="fine-tuned", epochs=40.0)
    forecaster.study(pd.concat(frames), time="day", target="sales", series="shop")
    before, after = _losses(forecaster.holdout_)
    assert after < 0.5 * before


def test_a_network_that_became_clearly_worse_is_no_member_but_where_it_was_asked_for(tuned: rc.Forecaster) -> None:
    before, after = _losses(tuned.holdout_)
    assert after > 1.05 * before
    combined = quick(method="auto", epochs=12.0, fine_tune=True)
    with baselines_in_process():
        combined.study(shops(200))
    assert combined.holdout_.tuned is None
    assert combined.model_.tuned is None
    said = next(fact for fact in combined.facts() if fact.label == "fine-tuned network")
    share = combined.holdout_.tuned_worse
    assert share is not None
    assert share > 0.05
    assert combined.model_.tuned_worse == share
    assert said.value.endswith(f"raised the loss of held-out forecasts by {100 * share:.0f} %")


@pytest.mark.parametrize(
    ("windows", "series", "steps"),
    [(50_000, 1, 80), (3_000, 20, 80), (19_200, 20, 200), (335_000, 359, 960)],
)
def test_many_series_are_gone_through_once(windows: int, series: int, steps: int) -> None:
    assert steps_for(windows, series) == steps


def test_the_shipped_network_stays_as_it_is(tuned: rc.Forecaster) -> None:
    assert not any(p.requires_grad for p in shipped().parameters())
    assert all(torch.equal(p, q) for p, q in zip(load_network().parameters(), shipped().parameters(), strict=True))


def test_a_model_file_forecasts_to_the_same_bits(tuned: rc.Forecaster, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    tuned.save(path)
    again = rc.load(path)
    pd.testing.assert_frame_equal(again.predict(), tuned.predict(), check_exact=True)
    assert again.model_.combination.used == (TUNED,)


def test_a_file_whose_weights_were_altered_is_refused(tuned: rc.Forecaster, tmp_path: Path) -> None:
    from recurra.deploy.model_file import read_model, write_model

    path = tmp_path / "model.safetensors"
    tuned.save(path)
    contents = read_model(path)
    name = next(name for name in contents.tensors if name.startswith("weights/tuned/"))
    contents.tensors[name] = contents.tensors[name].float()
    write_model(path, contents)
    with pytest.raises(ModelFileError, match=r"expected torch\.float16"):
        rc.load(path)


def test_a_stream_forecasts_what_predict_does(tuned: rc.Forecaster) -> None:
    table = shops(203)
    newer = table[table["day"] >= sorted(table["day"].unique())[200]]
    streams = tuned.streams()
    ahead: Any = None
    for day in sorted(newer["day"].unique()):
        rows = newer[newer["day"] == day].set_index("shop")["units"]
        ahead = streams.step([rows[name] for name in streams.names])
    predicted = tuned.predict(newer).set_index("shop")["forecast"]
    for k, name in enumerate(streams.names):
        np.testing.assert_allclose(ahead.points[k], predicted[name].to_numpy(), rtol=1e-6)


def learnt(table: pd.DataFrame, run: Run | None = None, **options: Any) -> ForecastModel:
    """What is learnt of a table, without the baselines."""
    forecaster = quick(**({"method": "fine-tuned", "epochs": 8.0} | options))
    panel = understand(table)[0]
    return with_tuned(untrained_model(panel, forecaster._recipe(panel)), run=run or Run(), name="backtest")


def test_it_is_off_where_it_is_switched_off_and_where_too_little_is_there() -> None:
    assert learnt(shops(120), method="auto", epochs=1.0).tuned is not None
    assert learnt(shops(120), method="auto", fine_tune=False).tuned is None
    assert learnt(shops(120), method="network").tuned is None
    assert learnt(shops(50, ["Bonn"]), method="auto").tuned is None
    with pytest.raises(InputError, match="to fine-tune on: expected at least 100"):
        learnt(shops(50, ["Bonn"]))


def test_no_step_of_training_sees_a_held_out_truth() -> None:
    table, run = shops(120), TrainingOptions(epochs=8.0)
    changed = table.copy()
    changed.loc[changed["day"] >= np.sort(table["day"].unique())[-HORIZON], "units"] *= 3.0
    weights = []
    for each in (table, changed):
        panel = understand(each)[0]
        parts = split(panel, HORIZON, 2 * SEASON)
        none = torch.zeros(0, dtype=torch.int64)
        member = fine_tune(
            panel, replace(parts, held_out_series=none, held_out_origins=none), HORIZON, (SEASON,), run,
            seed=0, run=Run(), name="backtest",
        )  # fmt: skip
        weights.append(list(member.network.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


class StopAt(Callback):
    """Ends the process' work at a step, as a kill would."""

    def __init__(self, step: int) -> None:
        self.left = step

    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_run_that_was_killed_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", -1.0)
    table, one = shops(120), {"a": "1"}
    whole = learnt(table)
    with pytest.raises(KeyboardInterrupt):
        learnt(table, Run(CheckpointFolder(tmp_path / "run", one), callbacks=(StopAt(3),)))
    again = learnt(table, Run(CheckpointFolder(tmp_path / "run", one, resume=True)))
    mine, other = (dict(model.tuned.network.state_dict()) for model in (whole, again) if model.tuned)
    assert all(torch.equal(mine[name], other[name]) for name in mine)


@pytest.mark.parametrize("horizon", [5, 64, 100])
def test_training_windows_are_what_is_forecast_from(horizon: int) -> None:
    rng = np.random.default_rng(0)
    past, after = 50 + rng.normal(size=200), 50 + rng.normal(size=horizon)
    network = shipped()
    windows = read_windows([(past, after)], SEASON, network.shape, origins=1)
    assert len(windows) == 2  # the values and their logarithms
    with torch.no_grad():
        quantiles, of = network(windows.shown, windows.zero, windows.lags, windows.scores, windows.at)
    unit, last = of.unit[:, windows.at][..., None, None], of.last[:, windows.at][..., None, None]
    mine = (quantiles * unit + last).flatten(1, 2)[0, :horizon].double()
    expected = forecast(network, torch.from_numpy(past)[None], horizon, season=SEASON)[0]
    mean, scale = past.mean(), past.std()
    np.testing.assert_allclose(mine.numpy() * scale + mean, expected.numpy(), rtol=1e-4)


def test_a_training_window_shows_nothing_of_what_comes_after_its_origin() -> None:
    past = np.arange(1.0, 65.0)
    first, second = (read_windows([(past, np.full(100, value))], None, Shape()) for value in (1.0, 1e3))
    assert torch.equal(first.shown.nan_to_num(-9), second.shown.nan_to_num(-9))
    assert not torch.equal(first.truth.nan_to_num(-9), second.truth.nan_to_num(-9))


def test_the_problem_sees_no_row_of_the_held_out_part() -> None:
    panel, _ = understand(shops(120))
    parts = split(panel, HORIZON, 2 * SEASON)
    problem = TuningProblem(shipped(), panel, parts, HORIZON, steps_of(panel, (SEASON,)), torch.device("cpu"))
    ends = [int(parts.held_out_origins[parts.held_out_series == s].min()) for s in range(len(panel))]
    assert [len(problem._history(s)) for s in range(len(panel))] == ends
