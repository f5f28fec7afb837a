"""`recurra classify`: from a file of labelled sequences to a tested classifier."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, gestures, reviews, run, written
from torch import Tensor

from recurra.ensemble import members as ensemble
from recurra.tasks import SequenceClassifier, fitted, load
from recurra.tasks.labelled.problem import Batch, SequenceProblem

FILES = ["predictions.csv", "report.html", "report.png", "reviews.safetensors"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classify")
    source = written(reviews(), folder / "reviews.csv")
    assert run(["classify", source, *QUICK, "--out", str(folder / "out"), "--seed", "3", "--quiet"]) == 0
    return folder


def test_it_writes_four_files_and_no_other(made: Path) -> None:
    assert sorted(path.name for path in (made / "out").iterdir()) == FILES


def test_predictions_are_those_of_the_test_part_by_row_and_id(made: Path) -> None:
    frame, source = pd.read_csv(made / "out" / "predictions.csv"), reviews()
    assert list(frame.columns) == [
        "row", "id", "truth", "predicted", "probability", "p_negative", "p_positive", "right",
    ]  # fmt: skip
    assert len(frame) == 24
    there = source.iloc[frame["row"] - 1]
    assert frame["id"].tolist() == there["id"].tolist()
    assert frame["truth"].tolist() == there["sentiment"].tolist()
    assert (frame["right"] == (frame["truth"] == frame["predicted"])).all()
    shares = frame[["p_negative", "p_positive"]].to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(shares.max(axis=1), frame["probability"], atol=1e-9)


def test_the_model_reads_later_files_the_same_way(made: Path) -> None:
    model = load(made / "out" / "reviews.safetensors")
    assert isinstance(model, SequenceClassifier)
    assert model.roles_ is not None
    assert model.roles_.label == ("sentiment",)
    assert list(model.roles_.inputs) == ["sentence"]
    assert model.verdict_


def test_the_page_says_how_it_was_made(made: Path) -> None:
    page = (made / "out" / "report.html").read_text()
    for words in (
        "recurra classify",
        "--seed 3",
        "Classification: sentiment from sentence",
        "Explained predictions",
        "tokenizers",
    ):
        assert words in page


def test_the_same_seed_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    source = str(made / "reviews.csv")
    assert run(["classify", source, *QUICK, "--out", str(tmp_path), "--seed", "3", "--quiet"]) == 0
    for name in ("predictions.csv", "reviews.safetensors"):
        assert (tmp_path / name).read_bytes() == (made / "out" / name).read_bytes()


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(reviews(), tmp_path / "reviews.csv")
    assert run(["classify", source, *QUICK, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    parts = (
        "What was understood",
        "--text",
        "--label",
        "What was decided",
        "VERDICT",
        "On the test part (24 examples)",
    )
    places = [printed.index(part) for part in (*parts, "Written")]
    assert places == sorted(places)
    assert "VERDICT" in printed


@pytest.mark.usefixtures("without_page")
def test_a_test_file_is_the_test_part(tmp_path: Path) -> None:
    every = reviews()
    train, test = (written(part, tmp_path / name) for part, name in ((every[:90], "a.csv"), (every[90:], "b.csv")))
    assert run(["classify", train, "--test", test, *QUICK, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert frame["row"].tolist() == list(range(1, 31))
    assert frame["id"].tolist() == every["id"].iloc[90:].tolist()


@pytest.mark.usefixtures("without_page")
def test_a_column_of_the_file_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = reviews().assign(fold=["test" if k % 4 == 1 else "train" for k in range(120)])
    source = written(every, tmp_path / "reviews.csv")
    assert run(["classify", source, *QUICK, "--out", str(tmp_path / "out")]) == 0
    frame = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert frame["row"].tolist() == list(range(2, 121, 4))
    assert frame["id"].tolist() == every["id"].iloc[1::4].tolist()
    assert "as column fold says" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("flag", ["--group", "--time"])
@pytest.mark.usefixtures("without_page")
def test_groups_and_times_split(flag: str, tmp_path: Path) -> None:
    every = reviews().assign(author=[k // 6 for k in range(120)], date=pd.date_range("2025-01-01", periods=120)[::-1])
    source = written(every, tmp_path / "reviews.csv")
    name = "author" if flag == "--group" else "date"
    assert run(["classify", source, "--text", "sentence", flag, name, *QUICK, "--out", str(tmp_path), "--quiet"]) == 0
    rows = pd.read_csv(tmp_path / "predictions.csv")["row"].to_numpy() - 1
    if flag == "--time":
        assert sorted(rows) == list(range(24))
    else:
        assert set(np.unique(every["author"].iloc[rows], return_counts=True)[1]) == {6}


def test_series_in_long_format(tmp_path: Path) -> None:
    source = written(gestures(), tmp_path / "gestures.parquet")
    arguments = ["classify", source, "--series", "series", "--time", "t", "--label", "gesture"]
    assert run([*arguments, *QUICK, "--out", str(tmp_path), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "predictions.csv")
    assert len(frame) == 8
    assert frame["series"].str.startswith("s").all()


@pytest.mark.parametrize("form", ["cells", "columns"])
@pytest.mark.usefixtures("without_page")
def test_several_labels_at_once(form: str, tmp_path: Path) -> None:
    every = reviews()
    short = every["sentence"].str.len() < 50
    if form == "cells":
        every["genres"] = [f"{mood};short" if s else mood for mood, s in zip(every["sentiment"], short, strict=True)]
        flags = ["--label", "genres", "--label-separator", ";", "--ignore", "sentiment"]
    else:
        every = every.assign(short=short.astype(int), good=(every["sentiment"] == "positive").astype(int))
        flags = ["--label", "short,good", "--ignore", "sentiment"]
    source = written(every, tmp_path / "films.csv")
    assert run(["classify", source, *flags, *QUICK, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "out" / "predictions.csv", keep_default_na=False)
    names = {"short", "positive", "negative"} if form == "cells" else {"short", "good"}
    assert set(";".join(frame["truth"]).split(";")) - {""} == names
    assert {f"p_{name}" for name in names} <= set(frame.columns)
    model = str(tmp_path / "out" / "films.safetensors")
    assert run(["evaluate", model, source, "--quiet"]) == 0


@pytest.mark.parametrize(("at", "note"), [(8, fitted.INTERRUPTED), (30, fitted.UNFINISHED)])
@pytest.mark.usefixtures("without_page")
def test_an_interrupted_training_is_kept_and_evaluated(
    at: int, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loss, calls = SequenceProblem.batch, []

    def interrupted(self: SequenceProblem, numbers: Tensor) -> Batch:
        calls.append(1)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGINT)
        return loss(self, numbers)

    monkeypatch.setattr(SequenceProblem, "batch", interrupted)
    source = written(reviews(), tmp_path / "reviews.csv")
    assert run(["classify", source, *QUICK, "--out", str(tmp_path / "out")]) == 0
    assert note in " ".join(capsys.readouterr().out.split())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES


@pytest.mark.usefixtures("without_page")
def test_a_killed_run_is_resumed_to_the_same_bytes(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train, runs = ensemble.train, []

    def killed(*given: object, **way: object) -> object:
        runs.append(1)
        if len(runs) == 2:
            raise SystemExit(137)
        return train(*given, **way)  # type: ignore[arg-type]

    arguments = ["classify", str(made / "reviews.csv"), *QUICK, "--out", str(tmp_path), "--seed", "3", "--quiet"]
    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "train", killed)
        assert run(arguments) == 137
    assert (tmp_path / ".reviews.recurra-run" / "run.json").is_file()
    assert run([*arguments, "--resume"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    for name in ("predictions.csv", "reviews.safetensors"):
        assert (tmp_path / name).read_bytes() == (made / "out" / name).read_bytes()
