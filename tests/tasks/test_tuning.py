"""A search of settings: by what is held out of the learnt part, resumed to the same result, and said honestly."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from tests.tasks.small import HORIZON, quick, shops

from recurra import Forecaster, InputError, SequenceClassifier
from recurra.cli.main import main
from recurra.data import understand
from recurra.tasks.forecast.fitting import fit_model
from recurra.tasks.tuning import Between, OneOf, Search, search_settings, tune
from recurra.training import Run

pytest.importorskip("optuna")
pytestmark = pytest.mark.train


class Parabola(BaseEstimator):
    """Its loss is lowest at x = 3, kind "b", and differs a little by seed."""

    tried: list[tuple[float, str, int]] = []  # noqa: RUF012, shared by clones

    def __init__(self, x: float = 0.0, kind: str = "a", seed: int = 0, noise: float = 0.0) -> None:
        self.x, self.kind, self.seed, self.noise = x, kind, seed, noise

    def choices(self, part):
        return {"x": Between(-10.0, 10.0), "kind": OneOf(("a", "b"))}

    def settings(self, names):
        return {name: getattr(self, name) for name in names}

    def held_out_loss(self, part, run: Run) -> float:
        self.tried.append((self.x, self.kind, self.seed))
        if len(self.tried) == part:
            return math.nan
        if self.noise:  # all of it is luck
            return 1.0 + self.noise * np.random.default_rng([self.seed, len(self.tried)]).random()
        return 1.0 + (self.x - 3.0) ** 2 + (self.kind == "a")


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    Parabola.tried.clear()


def test_the_first_trial_is_how_it_was_and_the_best_is_near_the_optimum() -> None:
    found = search_settings(Parabola(), None, Search(40))
    assert Parabola.tried[0] == (0.0, "a", 0)
    assert found.before == 11.0
    assert found.settings["kind"] == "b"
    assert abs(found.settings["x"] - 3.0) < 1.0
    assert found.gain is not None
    assert found.gain > 0.8
    assert [seed for _x, _kind, seed in Parabola.tried[40:]] == [1, 1, 2, 2]
    assert "40 trials" in found.sentence


def test_a_search_that_was_stopped_goes_on_to_the_same_trials(tmp_path: Path) -> None:
    whole = search_settings(Parabola(), None, Search(14))
    Parabola.tried.clear()
    journal = tmp_path / "t.journal"
    stopped = search_settings(Parabola(), 6, Search(14, journal=journal))
    assert stopped.interrupted
    assert len(stopped.trials) == 5
    again = search_settings(Parabola(), None, Search(14, journal=journal, resume=True))
    same = [c for c in whole.trials if c != "seconds"]
    assert whole.trials[same].equals(again.trials[same])
    assert again.settings == whole.settings


def test_what_is_luck_is_not_kept() -> None:
    found = search_settings(Parabola(x=3.0, kind="b", noise=1e-3), None, Search(12))
    assert found.settings == {}
    assert "the settings stay as they are" in found.sentence or "none is better" in found.sentence


def test_a_setting_outside_of_what_is_searched_stays() -> None:
    found = search_settings(Parabola(x=99.0), None, Search(6))
    assert set(found.settings) <= {"kind"}
    assert {x for x, _kind, _seed in Parabola.tried} == {99.0}
    with pytest.raises(InputError, match="nothing to search"):
        search_settings(Parabola(x=99.0, kind="c"), None, Search(6))


def test_a_journal_of_other_data_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "t.journal"
    search_settings(Parabola(), None, Search(3, journal=journal, digest="one"))
    with pytest.raises(InputError, match="holds a search over other data or settings"):
        search_settings(Parabola(), None, Search(3, journal=journal, resume=True, digest="other"))
    search_settings(Parabola(), None, Search(3, journal=journal, digest="other"))  # begins again


@pytest.mark.parametrize(("trials", "minutes"), [(0, None), (2.5, None), (True, None), (3, 0.0)])
def test_a_budget_that_is_none_is_refused(trials, minutes) -> None:
    with pytest.raises(InputError, match=r"trials is|minutes is"):
        Search(trials, minutes)


def test_the_test_part_changes_no_trial() -> None:
    table = shops(120)
    changed = table.copy()
    days = np.sort(table["day"].unique())
    changed.loc[changed["day"] >= days[-2 * HORIZON], "units"] = -1e3
    frames = [
        tune(quick(epochs=1.0), each, trials=3, windows=2, choices={"network__hidden": OneOf((4, 8, 16))}).trials
        for each in (table, changed)
    ]
    assert frames[0].drop(columns="seconds").equals(frames[1].drop(columns="seconds"))
    part, _digest = quick().learnt_part(table, windows=2)
    assert int(part.lengths.max()) == 120 - 2 * HORIZON


def test_a_trial_is_the_training_that_a_forecaster_does() -> None:
    panel, _ = understand(shops(120))
    forecaster = quick(network={"hidden": 8})
    part, _digest = forecaster.learnt_part(panel)
    loss = forecaster.held_out_loss(part, Run())
    model = fit_model(part, replace(forecaster._recipe(part), method="network"), run=Run(), name="backtest")
    record = model.members[0].record
    assert record is not None
    assert loss == record.best


def test_an_estimator_that_cannot_be_searched_says_so() -> None:
    with pytest.raises(InputError, match="cannot be searched"):
        tune(SequenceClassifier(), ["a"])


@pytest.mark.usefixtures("baselines_here")
def test_the_command_writes_what_forecast_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shops(110).to_csv(tmp_path / "shops.csv", index=False)
    file, out = str(tmp_path / "shops.csv"), str(tmp_path / "out")
    with pytest.raises(SystemExit) as end:
        main(["tune", file, "--horizon", "5", "--epochs", "0.5", "--trials", "2", "--out", out])
    assert not end.value.code
    assert "2 trials" in capsys.readouterr().out
    settings = tmp_path / "out" / "shops-settings.json"
    Forecaster(5, **json.loads(settings.read_text()))
    settings.write_text(json.dumps({"cell": "gru", "network": {"hidden": 4}, "training": {"epochs": 1.0}}))
    command = ["forecast", file, "--horizon", "5", "--method", "network", "--windows", "1", "--out", out]
    with pytest.raises(SystemExit) as end:
        main([*command, "--settings", str(settings), "--epochs", "0.5"])
    assert not end.value.code
    assert "gru, 4 units" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is no file of settings"), ("[1]", "expected an object"), ('{"colour": 1}', "sets 'colour'")],
)
def test_a_file_that_holds_no_settings_is_refused(
    tmp_path: Path, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(SystemExit) as end:
        main(["forecast", "demo:co2", "--settings", str(tmp_path / "s.json"), "--out", str(tmp_path)])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
