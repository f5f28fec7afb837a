"""`recurra play`, and what later commands do with an agent."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recurra.cli.main import main

pytest.importorskip("gymnasium")
SMALL = [
    "--frames",
    "256",
    "--members",
    "1",
    "--episodes",
    "4",
    "--hidden",
    "8",
    "--environments",
    "4",
    "--steps",
    "32",
]


def left(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as found:
        main(arguments)
    return int(found.value.code or 0)


@pytest.mark.train
def test_an_agent_is_learnt_evaluated_asked_and_looked_into(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert left(["play", "CartPoleNoVel", *SMALL, "--epochs", "2"]) == 0
    told = capsys.readouterr().out
    assert "one of 2" in told
    assert "without memory" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "CartPoleNoVel.safetensors",
        "episodes.csv",
        "report.html",
        "report.png",
    ]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "An episode, and the memory beside it" in page
    assert left(["evaluate", "CartPoleNoVel.safetensors", "--out", "later"]) == 0
    assert "fresh episode" in capsys.readouterr().out
    assert (tmp_path / "later" / "evaluation.csv").is_file()
    pd.DataFrame({"place": [0.0, 0.1], "angle": [0.0, -0.1]}).to_csv("seen.csv", index=False)
    assert left(["predict", "CartPoleNoVel.safetensors", "seen.csv", "--out", "done.csv"]) == 0
    assert set(pd.read_csv("done.csv")["action"]) <= {0, 1}
    assert left(["inspect", "CartPoleNoVel.safetensors", "--out", "looked"]) == 0
    assert (tmp_path / "looked" / "CartPoleNoVel-moved.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["play", "CartPoleNoVell"], "Closest are: CartPoleNoVel"),
        (["play", "CartPoleNoVel", "--devices", "2"], "--devices"),
    ],
)
def test_what_cannot_be_played_is_refused(arguments, told, tmp_path: Path, capsys):
    assert left([*arguments, "--out", str(tmp_path)]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_data_that_do_not_evaluate_an_agent_and_models_that_need_data_say_so(tmp_path: Path, capsys):
    forecast = Path(__file__).parents[2] / "golden" / "0.1" / "command-forecast.safetensors"
    assert left(["evaluate", str(forecast)]) == 2
    assert "give the FILE" in " ".join(capsys.readouterr().err.split())
