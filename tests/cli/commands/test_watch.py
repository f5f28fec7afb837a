"""`recurra watch`: the sentence, the exit status, the files; a forecaster and a classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import LONGER, classifier, reviews
from tests.tasks.small import BaselinesHere, quick, shops

import recurra as rc
from recurra.cli.main import main
from recurra.errors import InputError

TABLE = shops(400)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere)
        model = quick(method="AutoTheta")
        model.study(TABLE[TABLE["day"] < "2024-08-01"], 12)
    model.save(folder / "sales.safetensors")
    worse = TABLE.copy()
    late = worse["day"] >= "2024-10-01"
    worse.loc[late, "units"] += np.random.default_rng(0).normal(size=late.sum()) * 5
    worse.loc[worse.index[(worse["day"] == "2024-09-10") & (worse["shop"] == "Bonn")], "units"] += 40
    TABLE.to_csv(folder / "same.csv", index=False)
    worse.to_csv(folder / "worse.csv", index=False)
    TABLE[TABLE["day"] < "2024-08-08"].to_csv(folder / "few.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [("same", 0, "Still holds: MASE"), ("worse", 3, "No longer holds since 2024-"), ("few", 0, "Too few rows to tell")],
)
def test_one_sentence_and_its_status(
    folder: Path, capsys: pytest.CaptureFixture, name: str, status: int, said: str
) -> None:
    assert run("watch", str(folder / "sales.safetensors"), str(folder / f"{name}.csv")) == status
    assert said in capsys.readouterr().out


def test_anomalies_are_a_column_a_plot_and_few(folder: Path, tmp_path: Path) -> None:
    arguments = ("--anomalies", "--rate", "0.01", "--out", str(tmp_path), "-q")
    run("watch", str(folder / "sales.safetensors"), str(folder / "worse.csv"), *arguments)
    rows = pd.read_csv(tmp_path / "watch.csv")
    early = rows[rows["time"] < "2024-10-01"]
    spike = early[(early["series"] == "Bonn") & (early["time"] == "2024-09-10")]
    assert spike["anomaly"].all()
    assert (early["anomaly"].sum() - 1) <= 0.02 * len(early) + 3  # what follows the spike may be told, too
    page = (tmp_path / "watch.html").read_text(encoding="utf-8")
    assert "anomalies-0" in page
    assert "watched-evidence" in page
    with pytest.raises(InputError, match="expected a share of false alarms"):
        rc.load(folder / "sales.safetensors").watched(rc.load(folder / "sales.safetensors").model_.panel, rate=0.7)


def test_a_model_that_promises_nothing_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    quick().fit(TABLE[TABLE["day"] < "2024-08-01"]).save(tmp_path / "plain.safetensors")
    assert run("watch", str(tmp_path / "plain.safetensors"), str(folder / "same.csv")) == 2
    assert "promises nothing" in capsys.readouterr().err
    TABLE[TABLE["day"] < "2024-07-20"].to_csv(tmp_path / "old.csv", index=False)
    assert run("watch", str(folder / "sales.safetensors"), str(tmp_path / "old.csv")) == 2
    assert "nothing later" in capsys.readouterr().err


def test_a_classifier_is_watched_example_by_example(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    texts, labels = reviews(200)
    pd.DataFrame({"review": texts, "sentiment": labels}).to_csv(tmp_path / "reviews.csv", index=False)
    model = classifier(training=LONGER, members=1)
    model.study_file(tmp_path / "reviews.csv", label="sentiment", text=["review"])
    model.save(tmp_path / "reviews.safetensors")
    texts, labels = reviews(120, seed=3)
    later = pd.DataFrame({"review": texts, "sentiment": labels})
    later.to_csv(tmp_path / "same.csv", index=False)
    later.loc[60::2, "sentiment"] = later.loc[60::2, "sentiment"].map({"pos": "neg", "neg": "pos"})
    later.to_csv(tmp_path / "worse.csv", index=False)
    file = str(tmp_path / "reviews.safetensors")
    assert run("watch", file, str(tmp_path / "same.csv")) == 0
    assert "All 120 examples" not in capsys.readouterr().out
    assert run("watch", file, str(tmp_path / "reviews.csv")) == 0
    assert "All 200 examples are among those that the model was trained on" in capsys.readouterr().out
    assert run("watch", file, str(tmp_path / "worse.csv")) == 3
    assert "No longer holds since 6" in capsys.readouterr().out
    assert run("watch", file, str(tmp_path / "worse.csv"), "--anomalies") == 2
