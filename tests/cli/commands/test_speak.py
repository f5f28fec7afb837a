"""`recurra speak`, and what its model file is good for: lines of text, a table, sound files."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from tests.cli.labelled import run

from recurra.data.demo.numbers import make_voice

soundfile = pytest.importorskip("soundfile")
QUICK = ["--epochs", "1", "--hidden", "8", "--iterations", "2", "--quiet"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    made = make_voice(24)
    for k, sound in enumerate(made["audio"]):
        soundfile.write(folder / f"{k}.wav", sound.samples, sound.rate)
    files = [f"{k}.wav" for k in range(len(made))]
    path = folder / "recordings.csv"
    pd.DataFrame({"file": files, "words": made["words"]}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def model(table: Path) -> Path:
    assert run(["speak", str(table), "--out", str(table.parent / "out"), *QUICK]) == 0
    return table.parent / "out" / "recordings.safetensors"


def test_it_writes_what_it_says(model: Path) -> None:
    names = {path.name for path in model.parent.iterdir()}
    assert names == {"spoken.csv", "report.html", "report.png", "recordings.safetensors"}
    spoken = pd.read_csv(model.parent / "spoken.csv", keep_default_na=False)
    assert {"row", "recording", "text", "seconds", "recorded", "MCD", "heard"} <= set(spoken.columns)
    page = (model.parent / "report.html").read_text(encoding="utf-8")
    assert "What it says" in page
    assert "data:audio/" in page
    assert "could not be shown" not in page


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_lines_of_text_are_spoken_into_a_file(
    ending: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("one two\n\nnine\n"))
    out = tmp_path / f"said.{ending}"
    assert run(["predict", str(model), "-", "--out", str(out)]) == 0
    assert "real-time factor" in capsys.readouterr().out
    samples, rate = soundfile.read(out)
    assert rate == 8000
    assert len(samples) > 0.3 * rate
    assert abs(samples).max() <= 1


def test_a_table_gets_the_times_of_its_sounds(model: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "said.csv"
    assert run(["predict", str(model), str(table), "--out", str(out), "--pace", "2", "--quiet"]) == 0
    frame = pd.read_csv(out)
    assert len(frame) == 24
    assert frame["sounds"].str.match(r"\w \d+\.\d\d-\d+\.\d\d").all()


def test_it_is_evaluated_on_later_recordings(
    model: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(model), str(table), "--out", str(tmp_path)]) == 0
    assert "were learnt from" in " ".join(capsys.readouterr().out.split())


def test_it_is_looked_into(model: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(model), str(table), "--out", str(tmp_path)]) == 0
    assert "held longest" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "holds no text"),
        ("one\nzebra 7\n", "row 2 holds 'b', 'a', '7'"),
        ("一\n", "row 1 holds '一'"),
    ],
)
def test_what_cannot_be_said_is_named(
    lines: str,
    told: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert run(["predict", str(model), "-", "--out", str(tmp_path / "a.wav")]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "a.wav").exists()


def test_a_text_file_without_recordings_evaluates_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.txt").write_text("one two\n", encoding="utf-8")
    assert run(["evaluate", str(model), str(tmp_path / "new.txt")]) == 2
    assert "names no recordings" in " ".join(capsys.readouterr().err.split())


def test_damaged_and_missing_files_are_named(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "0.wav").write_bytes(b"RIFF, but no more")
    pd.DataFrame({"file": ["0.wav"] * 12, "words": ["one"] * 12}).to_csv(tmp_path / "bad.csv", index=False)
    assert run(["speak", str(tmp_path / "bad.csv"), *QUICK]) == 2
    assert "cannot be read as a sound" in " ".join(capsys.readouterr().err.split())
    pd.DataFrame({"file": ["9.wav"] * 12, "words": ["one"] * 12}).to_csv(tmp_path / "none.csv", index=False)
    assert run(["speak", str(tmp_path / "none.csv"), *QUICK]) == 2
    assert "there is no such file" in " ".join(capsys.readouterr().err.split())
