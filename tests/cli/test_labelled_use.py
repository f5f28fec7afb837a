"""`recurra predict`, `evaluate` and `inspect` with a model of labelled sequences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, empty_page, reviews, run, written

from recurra.objectives import weighing
from recurra.tasks.labelled import results
from recurra.tasks.labelled.parts import beside_ours


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    source = written(reviews(), folder / "reviews.csv")
    with pytest.MonkeyPatch.context() as patch:
        empty_page(patch)
        assert run(["classify", source, *QUICK, "--empty", "drop", "--out", str(folder), "--quiet"]) == 0
    return str(folder / "reviews.safetensors")


def new_reviews() -> pd.DataFrame:
    return reviews(150).iloc[120:].drop(columns="sentiment").reset_index(drop=True)


def test_a_row_for_every_row(model: str, tmp_path: Path) -> None:
    source = written(new_reviews(), tmp_path / "new.csv")
    assert run(["predict", model, source, "--out", str(tmp_path / "out" / "p.csv"), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "out" / "p.csv")
    assert list(frame.columns) == ["row", "id", "predicted", "probability", "p_negative", "p_positive"]
    assert frame["row"].tolist() == list(range(1, 31))
    assert frame["id"].tolist() == new_reviews()["id"].tolist()
    likelier = np.where(frame["p_positive"] > frame["p_negative"], "positive", "negative")
    assert frame["predicted"].tolist() == likelier.tolist()


def test_parts_pipes_and_files_say_the_same(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(new_reviews(), tmp_path / "new.csv")
    assert run(["predict", model, source, "--out", str(tmp_path / "whole.csv"), "--quiet"]) == 0
    monkeypatch.setattr(results, "AT_ONCE", 7)
    assert run(["predict", model, source, "--out", str(tmp_path / "lines.jsonl"), "--quiet"]) == 0
    capsys.readouterr()
    assert run(["predict", model, source, "--out", "-"]) == 0
    (tmp_path / "piped.csv").write_text(capsys.readouterr().out)
    whole, piped = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("whole", "piped"))
    lines = pd.DataFrame([json.loads(line) for line in (tmp_path / "lines.jsonl").read_text().splitlines()])
    for other in (piped, lines):
        pd.testing.assert_frame_equal(whole, other, rtol=1e-5)


def test_the_order_of_the_rows_does_not_matter(model: str, tmp_path: Path) -> None:
    frame = new_reviews()
    for name, part in (("there", frame), ("back", frame[::-1])):
        assert (
            run(["predict", model, written(part, tmp_path / f"{name}.csv"), "--out", str(tmp_path / name), "-q"]) == 0
        )
    there, back = (pd.read_csv(tmp_path / name).drop(columns="row").set_index("id") for name in ("there", "back"))
    pd.testing.assert_frame_equal(there, back.loc[there.index], rtol=1e-5)


def test_an_empty_example_keeps_its_row_without_a_prediction(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = new_reviews()
    frame.loc[[3, 7], "sentence"] = [None, " "]
    assert run(["predict", model, written(frame, tmp_path / "new.csv"), "--out", str(tmp_path / "p.csv")]) == 0
    assert "Without a prediction, since they have no step: 2 rows" in capsys.readouterr().out
    found = pd.read_csv(tmp_path / "p.csv")
    assert found.index[found["predicted"].isna()].tolist() == [3, 7]
    assert found["row"].tolist() == list(range(1, 31))


def test_evaluate_agrees_with_what_it_writes(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(reviews(150).iloc[120:], tmp_path / "later.csv")
    assert run(["evaluate", model, source, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    frame = pd.read_csv(tmp_path / "out" / "evaluation.csv")
    assert len(frame) == 30
    assert f"{100 * frame['right'].mean():.1f} %" in printed
    assert "VERDICT" in printed
    assert "later.csv (30 examples)" in printed
    assert "recurra evaluate" in (tmp_path / "out" / "evaluation.html").read_text()


def test_inspect_explains_the_predictions(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(new_reviews().head(6), tmp_path / "new.csv")
    assert run(["inspect", model, source, "--out", str(tmp_path / "out")]) == 0
    names = ["reviews-memory.png", "reviews-moved.csv", "reviews-moved.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    frame = pd.read_csv(tmp_path / "out" / "reviews-moved.csv")
    assert list(frame.columns) == ["row", "id", "input", "step", "token", "attribution", "target"]
    first = frame[frame["row"] == 1]
    assert " ".join(first["token"]) == " ".join(new_reviews()["sentence"][0].replace(",", " , ").split())
    assert first["step"].tolist() == list(range(1, len(first) + 1))
    assert "gradient reaches back" in capsys.readouterr().out


def test_a_text_of_numbers_is_read_as_it_is_written(model: str, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,sentence\nn1,007\nn2,1.0\nn3,2024\n")
    assert run(["predict", model, str(tmp_path / "new.csv"), "--out", str(tmp_path / "p.csv"), "-q"]) == 0
    assert len(pd.read_csv(tmp_path / "p.csv")["predicted"].dropna()) == 3
    assert run(["inspect", model, str(tmp_path / "new.csv"), "--out", str(tmp_path), "-q"]) == 0
    moved = pd.read_csv(tmp_path / "reviews-moved.csv", dtype=str)
    assert {number: "".join(part["token"]) for number, part in moved.groupby("id")} == {
        "n1": "007",
        "n2": "1.0",
        "n3": "2024",
    }


def test_examples_of_one_step_are_explained(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.csv").write_text("id,sentence\nn1,superb\nn2,dull\n")
    assert run(["inspect", model, str(tmp_path / "new.csv"), "--out", str(tmp_path)]) == 0
    assert "each of these examples has a single step" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "reviews-moved.csv")["token"].tolist() == ["superb", "dull"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "MODEL"], "keeps no data: give the FILE"),
        (["inspect", "MODEL"], "keeps no data: give the FILE"),
        (["inspect", "MODEL", "new.csv", "--step", "2"], "--step 2 is about a model that tags every step"),
        (["evaluate", "MODEL", "new.csv"], "column 'sentiment' is not in new.csv"),
        (["predict", "MODEL", "other.csv"], "column 'sentence' is not in other.csv: did you mean 'sentences'?"),
        (["evaluate", "MODEL", "unseen.csv"], "'sentiment' of unseen.csv holds 'mixed' in row 2 (1 unseen label"),
        (["evaluate", "MODEL", "empty.csv"], "'sentiment' of empty.csv holds 'mixed' in row 4 (1 unseen label"),
        (
            ["evaluate", "MODEL", "lists.jsonl"],
            "'sentiment' of lists.jsonl holds ['positive'] (list) in row 1: expected",
        ),
        (["evaluate", "MODEL", "unknown.csv"], "column 'sentiment' of unknown.csv holds no label"),
        (["predict", "MODEL", "MODEL"], "reviews.safetensors"),
    ],
    ids=lambda given: " ".join(given)[:40] if isinstance(given, list) else "",
)
def test_refusals(
    arguments: list[str],
    message: str,
    model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = new_reviews().head(4)
    written(frame, Path("new.csv"))
    written(frame.rename(columns={"sentence": "sentences"}), Path("other.csv"))
    written(frame.assign(sentiment=["positive", "mixed", "negative", "positive"]), Path("unseen.csv"))
    known = ["positive", "positive", "negative", "mixed"]
    written(frame.assign(sentiment=known, sentence=["", *frame["sentence"][1:]]), Path("empty.csv"))
    written(frame.assign(sentiment=pd.Series([["positive"]] * 4)), Path("lists.jsonl"))
    written(frame.assign(sentiment=None), Path("unknown.csv"))
    before = sorted(tmp_path.iterdir())
    assert run([model if part == "MODEL" else part for part in arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("error: ") == 1
    assert "Traceback" not in said
    assert sorted(tmp_path.iterdir()) == before


def test_an_identifier_stays_beside_its_row_where_rows_are_left_out(model: str, tmp_path: Path) -> None:
    frame = reviews(150).iloc[120:].reset_index(drop=True)
    frame.loc[[3, 7], "sentence"] = [None, " "]
    assert run(["evaluate", model, written(frame, tmp_path / "later.csv"), "--out", str(tmp_path / "out"), "-q"]) == 0
    found = pd.read_csv(tmp_path / "out" / "evaluation.csv")
    assert len(found) == 28
    assert found["id"].tolist() == frame["id"].drop([3, 7]).tolist()
    assert found["id"].tolist() == frame["id"].iloc[found["row"] - 1].tolist()
    assert found["truth"].tolist() == frame["sentiment"].drop([3, 7]).tolist()


@pytest.mark.parametrize("empty", [range(8), range(8, 16)], ids=["first", "later"])
def test_a_part_without_a_usable_row_has_the_columns_of_the_others(
    empty: range, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 8)
    frame = new_reviews()
    frame.loc[list(empty), "sentence"] = None
    assert run(["predict", model, written(frame, tmp_path / "new.csv"), "--out", str(tmp_path / "p.csv"), "-q"]) == 0
    found = pd.read_csv(tmp_path / "p.csv")
    assert list(found.columns) == ["row", "id", "predicted", "probability", "p_negative", "p_positive"]
    assert found.index[found["predicted"].isna()].tolist() == list(empty)
    assert found["id"].tolist() == frame["id"].tolist()


def test_classes_are_counted_where_there_are_too_many_for_columns(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weighing, "MOST_CLASSES", 1)
    source = written(new_reviews(), tmp_path / "new.csv")
    assert run(["predict", model, source, "--out", str(tmp_path / "p.csv")]) == 0
    assert list(pd.read_csv(tmp_path / "p.csv")) == ["row", "id", "predicted", "probability"]
    assert "Predicted: " in capsys.readouterr().out


def test_an_identifier_called_row_stands_beside_ours(model: str, tmp_path: Path) -> None:
    frame = reviews(150).iloc[120:].drop(columns="id")
    frame.insert(0, "row", range(30))
    source, out = written(frame, tmp_path / "new.csv"), tmp_path / "out"
    assert run(["predict", model, source, "--out", str(out / "p.csv"), "-q"]) == 0
    assert run(["evaluate", model, source, "--out", str(out), "-q"]) == 0
    assert run(["inspect", model, source, "--out", str(out), "-q"]) == 0
    for file in ("p.csv", "evaluation.csv", "reviews-moved.csv"):
        found = pd.read_csv(out / file)
        assert list(found)[:2] == ["row", "row (file)"]
        assert (found["row"] == found["row (file)"] + 1).all()


@pytest.mark.parametrize("name", ["truth", "predicted", "probability", "right", "input", "step", "token", "p_id"])
def test_a_name_of_ours_is_not_taken(name: str) -> None:
    assert beside_ours(name) == f"{name} (file)"
    assert beside_ours(f"my {name}") == f"my {name}"
