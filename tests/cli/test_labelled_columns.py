"""Columns of a file that are no input: a date says which examples are the test part, a name what they are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, gestures, reviews, run, written

pytestmark = pytest.mark.usefixtures("without_page")


@pytest.mark.parametrize("name", ["row", "truth", "p_nod"])
def test_series_that_are_called_as_what_is_written(name: str, tmp_path: Path) -> None:
    source = written(gestures().rename(columns={"series": name}), tmp_path / "g.csv")
    asked = ["--series", name, "--time", "t", "--label", "gesture", *QUICK, "--out", str(tmp_path), "--quiet"]
    assert run(["classify", source, *asked]) == 0
    found = pd.read_csv(tmp_path / "predictions.csv")
    assert set(found[f"{name} (file)"]) <= {f"s{k}" for k in range(40)}
    assert set(found["truth"]) == {"nod", "wave"}
    assert found["p_nod"].between(0, 1).all()
    later = ["predict", str(tmp_path / "g.safetensors"), source, "--out", str(tmp_path / "p.csv"), "--quiet"]
    assert run(later) == 0
    assert pd.read_csv(tmp_path / "p.csv")["row"].tolist() == list(range(1, 41))


def test_the_date_is_for_the_split_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = reviews(60).assign(date=np.repeat(["2019-01-01", "2020-01-01"], [20, 40]))
    asked = ["--text", "sentence", "--label", "sentiment", "--time", "date", *QUICK]
    assert run(["classify", written(frame, tmp_path / "r.csv"), *asked, "--out", str(tmp_path)]) == 0
    assert "the latest 40 of 60 examples by date" in " ".join(capsys.readouterr().out.split())
    model = str(tmp_path / "r.safetensors")
    later: list[pd.DataFrame] = [frame.drop(columns="date"), frame.assign(date=pd.Series([None, *frame["date"][1:]]))]
    for k, rows in enumerate(later):
        source = written(rows.drop(columns="sentiment"), tmp_path / f"{k}.csv")
        assert run(["predict", model, source, "--out", str(tmp_path / f"p{k}.csv"), "--quiet"]) == 0


def test_labels_and_texts_that_look_like_numbers(tmp_path: Path) -> None:
    frame = reviews(60).assign(stars=["1.0", "02", "x"] * 20)
    few = pd.DataFrame({"sentence": ["10", "007"] * 4, "stars": ["1.0", "02"] * 4})
    source, test = written(frame, tmp_path / "r.csv"), written(few, tmp_path / "few.csv")
    asked = ["--text", "sentence", "--label", "stars", "--ignore", "sentiment", *QUICK, "--out", str(tmp_path), "-q"]
    assert run(["classify", source, "--test", test, *asked]) == 0
    found = pd.read_csv(tmp_path / "predictions.csv", dtype=str)
    assert found["truth"].tolist() == few["stars"].tolist()
    assert run(["evaluate", str(tmp_path / "r.safetensors"), test, "--out", str(tmp_path), "-q"]) == 0
    assert pd.read_csv(tmp_path / "evaluation.csv", dtype=str)["truth"].tolist() == few["stars"].tolist()


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_sequences_of_digits_are_sequences(task: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(1000, 2000, 40)
    frame = pd.DataFrame({"bits": numbers, "state": numbers % 2 if task == "classify" else numbers + 1})
    asked = ["--sequence", "bits", "--label", "state", *QUICK, "--out", str(tmp_path), "-q"]
    assert run([task, written(frame, tmp_path / "b.csv"), *asked]) == 0
    later = ["predict", str(tmp_path / "b.safetensors"), written(frame, tmp_path / "new.csv")]
    assert run([*later, "--out", str(tmp_path / "p.csv"), "-q"]) == 0
    lengths = pd.read_csv(tmp_path / "p.csv", dtype=str)["predicted"].str.len()
    assert (lengths == (1 if task == "classify" else 4)).all()


def test_steps_of_numbers_are_not_taken_for_words_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = gestures()[["series", "t", "x", "gesture"]]
    asked = ["--series", "series", "--time", "t", "--label", "gesture", *QUICK, "--out", str(tmp_path), "-q"]
    assert run(["classify", written(frame, tmp_path / "g.csv"), *asked]) == 0
    later = written(frame.assign(x="far"), tmp_path / "later.csv")
    assert run(["predict", str(tmp_path / "g.safetensors"), later, "--out", str(tmp_path / "p.csv"), "-q"]) == 2
    assert "the features x of later.csv hold text, and held numbers" in capsys.readouterr().err
