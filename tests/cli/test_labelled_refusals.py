"""What `classify`, `tag` and `regress` cannot use is refused before anything is trained, with row and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import gestures, promoters, proteins, reviews, run, written


def changed(frame: pd.DataFrame, column: str, row: int, value: Any) -> pd.DataFrame:
    frame = frame.copy()
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value
    return frame


def short_tags() -> pd.DataFrame:
    frame = proteins()
    return changed(frame, "topology", 4, str(frame.loc[4, "topology"])[:-3])


CASES: list[tuple[str, str, Callable[[], pd.DataFrame], list[str], str]] = [
    ("one class only", "classify", lambda: reviews().assign(sentiment="good"), [],
     "column 'sentiment' holds one class only, 'good' in every row"),
    ("numbers as classes", "classify", lambda: reviews().assign(sentiment=np.linspace(0, 1, 120)), [],
     "column 'sentiment' holds 0.008403361344537815 in row 2, which is no class: expected words or whole numbers; for "
     "numbers use a regressor"),
    ("tags shorter than the sequence", "tag", short_tags, [],
     "column 'topology' has 37 tags in row 5, and its sequence has 40 steps"),
    ("an empty text", "classify", lambda: changed(reviews(), "sentence", 6, " "), [],
     "'sentence' is empty or missing in 1 row: 7"),
    ("a column that is not there", "classify", reviews, ["--label", "sentment"],
     "column 'sentment' is not in data.csv: did you mean 'sentiment'?"),
    ("a text that is not there", "classify", reviews, ["--text", "review"], "column 'review' is not in data.csv"),
    ("the same column twice", "classify", reviews, ["--text", "sentence", "--label", "sentence"],
     "column 'sentence' is given as --text and as --label"),
    ("words as numbers", "regress", reviews, ["--target", "sentiment"],
     "column 'sentiment' holds 'positive' (str) in row 1: expected numbers"),
    ("an infinite number", "regress", lambda: changed(promoters(), "expression", 2, "inf"), [],
     "column 'expression' contains infinity in row 3"),
    ("an infinite step", "classify", lambda: changed(gestures(), "x", 5, "-inf"),
     ["--series", "series", "--time", "t", "--label", "gesture"], "inf"),
    ("a label that changes", "classify", lambda: changed(gestures(), "gesture", 3, "bow"),
     ["--series", "series", "--time", "t", "--label", "gesture"], "column 'gesture' changes within series 's0'"),
    ("a time twice", "classify", lambda: changed(gestures(), "t", 1, 0),
     ["--series", "series", "--time", "t", "--label", "gesture"], "series 's0' has the t '0' twice, in rows 1 and 2"),
    ("an empty text of the test part", "classify",
     lambda: changed(reviews().assign(fold=["train", "test"] * 60), "sentence", 5, ""), [], "in 1 row: 6"),
    ("a class of the test part only, after an empty text", "classify",
     lambda: changed(
         changed(reviews().assign(date=pd.date_range("2025-01-01", periods=120)), "sentiment", 118, "mixed"),
         "sentence", 3, ""),
     ["--text", "sentence", "--label", "sentiment", "--time", "date", "--empty", "drop"],
     "column 'sentiment' holds 'mixed' in row 119 (1 such row), and no example that is learnt from does"),
    ("a class of the test part only", "classify",
     lambda: changed(reviews().assign(date=pd.date_range("2025-01-01", periods=120)), "sentiment", 118, "mixed"),
     ["--text", "sentence", "--label", "sentiment", "--time", "date"],
     "column 'sentiment' holds 'mixed' in row 119 (1 such row), and no example that is learnt from does"),
    ("a class of the stated test part only, after an empty text", "classify",
     lambda: changed(
         changed(reviews().assign(fold=["train", "test"] * 60), "sentiment", 117, "mixed"), "sentence", 3, ""),
     ["--empty", "drop"], "column 'sentiment' of data.csv holds 'mixed' in row 118 (1 unseen label in all)"),
    ("tags shorter than the sequence, beside a stated test part", "tag",
     lambda: short_tags().assign(fold=["train", "train", "test"] * 10).iloc[::-1].reset_index(drop=True), [],
     "column 'topology' of data.csv has 37 tags in row 26, and its sequence has 40 steps"),
    ("words as numbers, of the stated test part", "regress",
     lambda: changed(promoters().assign(fold=["train", "test"] * 30), "expression", 7, "inf"), [],
     "column 'expression' of data.csv contains infinity in row 8"),
    ("nothing between labels", "classify", reviews, ["--label-separator", ""], "--label-separator is empty: give what"),
    ("several columns of which one is no number", "regress", lambda: reviews().assign(stars=1.0),
     ["--target", "stars,sentiment"], "y (stars, sentiment) holds 'positive' (str) in row 1: expected numbers"),
    ("a word that is no part", "classify",
     lambda: reviews().assign(fold=["train", "test", "later"] * 40), ["--split", "fold"],
     "column 'fold' holds 'later' in row 3: expected train, test or validation"),
    ("a share of nothing", "classify", reviews, ["--share", "1"], "--share 1 leaves a part empty"),
    ("an even width", "classify", reviews, ["--convolution", "4"], "--convolution '4': '4' is not an odd whole number"),
    ("a level without a text", "regress", promoters, ["--level", "words"], "--level is about texts"),
    ("vectors that are not there", "classify", reviews, ["--vectors", "glove.txt"], "there is no file glove.txt"),
    ("an input that is none", "classify", reviews, ["--optional", "title"], "column 'title' is not in the inputs"),
    ("a test file that is not there", "classify", reviews, ["--test", "absent.csv"], "absent.csv"),
]  # fmt: skip

FILES: list[tuple[str, bytes, str]] = [
    ("empty.csv", b"", "empty"),
    ("header.csv", b"text,label\n", "header.csv"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "picture.csv"),
    ("broken.jsonl", b'{"text": "a", "label": "b"}\n{"text": "a",\n', "line 2 of broken.jsonl is no JSON"),
    ("lists.jsonl", b"[1, 2]\n[3]\n", "expected"),
    ("alone.csv", b"text\na fine film\na dull film\n", "name it with --"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, see it refuse and write nothing, and give the message back."""
    before = sorted(path.name for path in folder.rglob("*"))
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("error: ") == 1
    assert "Traceback" not in said
    assert sorted(path.name for path in folder.rglob("*")) == before
    return said


@pytest.mark.parametrize(("command", "make", "flags", "message"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_tables(
    command: str,
    make: Callable[[], pd.DataFrame],
    flags: list[str],
    message: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(make(), folder / "data.csv")
    assert message in refused([command, "data.csv", *flags, "--out", "results"], folder, capsys)


@pytest.mark.parametrize(("name", "content", "message"), FILES, ids=[row[0] for row in FILES])
def test_files(name: str, content: bytes, message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).write_bytes(content)
    assert message in refused(["classify", name, "--out", "results"], folder, capsys)


def test_labels_of_the_test_file_are_looked_at_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = reviews()
    written(every[:90], folder / "train.csv")
    written(changed(every[90:].reset_index(drop=True), "sentiment", 4, "mixed"), folder / "test.csv")
    said = refused(["classify", "train.csv", "--test", "test.csv", "--out", "results"], folder, capsys)
    assert "column 'sentiment' of test.csv holds 'mixed' in row 5" in said


def test_the_input_would_be_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(reviews(), folder / "predictions.csv")
    assert "would be overwritten" in refused(["classify", "predictions.csv"], folder, capsys)


def test_two_ways_of_testing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(reviews().assign(split=["train", "test"] * 60), folder / "data.csv")
    said = refused(["classify", "data.csv", "--test", "data.csv", "--out", "results"], folder, capsys)
    assert "both say what to evaluate on" in said
