"""`recurra transcribe`, and what its model file is good for: a table of sound files, a sound, a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.labelled import run

from recurra.data.demo.numbers import make_numbers

soundfile = pytest.importorskip("soundfile")
QUICK = ["--epochs", "1", "--hidden", "8", "--beam", "0", "--quiet"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    made = make_numbers(32)
    for k, sound in enumerate(made["audio"]):
        soundfile.write(folder / f"{k}.wav", sound.samples, sound.rate)
    files = [f"{k}.wav" for k in range(len(made))]
    path = folder / "recordings.csv"
    pd.DataFrame({"file": files, "words": made["words"], "speaker": made["speaker"]}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def model(table: Path) -> Path:
    assert run(["transcribe", str(table), "--out", str(table.parent / "out"), *QUICK]) == 0
    return table.parent / "out" / "recordings.safetensors"


def test_it_writes_what_it_says(model: Path) -> None:
    names = {path.name for path in model.parent.iterdir()}
    assert names == {"predictions.csv", "report.html", "report.png", "recordings.safetensors"}
    predictions = pd.read_csv(model.parent / "predictions.csv", keep_default_na=False)
    assert {"row", "recording", "truth", "predicted", "confidence", "times"} <= set(predictions.columns)
    page = (model.parent / "report.html").read_text(encoding="utf-8")
    assert "Recognised words over time" in page
    assert "could not be shown" not in page


def test_a_sound_and_a_folder_are_transcribed(model: Path, table: Path, tmp_path: Path) -> None:
    one, every = tmp_path / "one.csv", tmp_path / "every.csv"
    assert run(["predict", str(model), str(table.parent / "3.wav"), "--out", str(one), "--quiet"]) == 0
    assert run(["predict", str(model), str(table), "--out", str(every), "--quiet"]) == 0
    first, whole = (pd.read_csv(path, keep_default_na=False) for path in (one, every))
    assert first["predicted"].tolist() == [whole["predicted"][3]]
    assert len(whole) == 32


def test_it_is_evaluated_on_later_recordings(
    model: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(model), str(table), "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "32 of 32 recordings" not in told
    assert "recordings: the scores are too good" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--audio", "sound"], "sound"),
        (["--text", "speech"], "speech"),
        (["--lexicon", "gone.txt", "--beam", "4"], "--lexicon"),
        (["--lexicon", "gone.txt"], "--beam 0 makes none"),
        (["--units", "phones"], "--lexicon"),
        (["--lm", "gone.arpa", "--beam", "4"], "--lm"),
        (["--streaming", "--delay", "0.01"], "delay is 0.01"),
    ],
)
def test_what_cannot_be_used_is_refused(
    arguments: list[str], told: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["transcribe", str(table), "--out", str(tmp_path / "none"), *QUICK, *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_sounds_without_texts_are_nothing_to_learn_from(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["transcribe", str(table.parent / "3.wav")]) == 2
    assert "sounds without texts" in capsys.readouterr().err
