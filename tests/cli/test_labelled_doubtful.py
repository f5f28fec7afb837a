"""What the command line says of doubtful scores and reads of recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, run, written

soundfile = pytest.importorskip("soundfile", reason="needs the package soundfile")


def tones(folder: Path, count: int = 30) -> pd.DataFrame:
    """Files of two pitches at two rates, in a folder beside the table."""
    (folder / "clips").mkdir()
    rows = []
    for k in range(count):
        rate = 16000 if k % 5 == 0 else 8000
        seconds = np.arange(int(0.12 * rate)) / rate
        soundfile.write(folder / "clips" / f"{k}.wav", 0.3 * np.sin(2 * np.pi * (300 + 900 * (k % 2)) * seconds), rate)
        rows.append((f"clips/{k}.wav", ("low", "high")[k % 2]))
    return pd.DataFrame(rows, columns=["clip", "pitch"])


def test_recordings_from_a_table_to_new_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = tones(tmp_path)
    table = written(frame, tmp_path / "tones.csv")
    assert run(["classify", table, "--label", "pitch", *QUICK, "--epochs", "12", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "clip (sound files)" in said
    assert "of 0.1 seconds" in " ".join(said.split())  # all are of one length
    assert "resampled: 6 at 16,000 Hz" in " ".join(said.split())
    assert "pitch from clip" in (tmp_path / "out" / "report.html").read_text()
    new = written(frame.head(4)[["clip"]], tmp_path / "new.csv")
    model = str(tmp_path / "out" / "tones.safetensors")
    assert run(["predict", model, new, "--out", str(tmp_path / "p.csv"), "--quiet"]) == 0
    assert pd.read_csv(tmp_path / "p.csv")["predicted"].tolist() == ["low", "high", "low", "high"]
    gone = written(pd.DataFrame({"clip": ["clips/none.wav"]}), tmp_path / "gone.csv")
    assert run(["predict", model, gone, "--out", str(tmp_path / "q.csv")]) == 2
    assert "in row 1, and there is no such file" in " ".join(capsys.readouterr().err.split())


def test_repeated_examples_and_the_column_that_ties_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list("bcdfghjk"), 7)) for _ in range(30)]
    frame = pd.DataFrame({"source": np.repeat([f"s{k}" for k in range(30)], 3), "text": np.repeat(texts, 3)})
    frame["label"] = np.repeat(rng.choice(["u", "v"], 30), 3)
    table = written(frame.sample(frac=1.0, random_state=0), tmp_path / "repeated.csv")
    assert run(["classify", table, "--text", "text", "--static", "", *QUICK, "--out", str(tmp_path / "out")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "test examples are also in the training part: pass --group" in said
    assert "share their source: --group source keeps them together" in said
    assert "are also in the training part" in (tmp_path / "out" / "report.html").read_text()
    model = str(tmp_path / "out" / "repeated.safetensors")
    assert run(["evaluate", model, table]) == 0
    assert "All 90 examples are among those that the model was trained on" in " ".join(capsys.readouterr().out.split())
