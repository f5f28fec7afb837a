"""`recurra forecast`, from a file to what it writes and prints."""

from __future__ import annotations

import html
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.shops import Made

from recurra.cli.main import main
from recurra.tasks import load


def test_it_writes_four_files_and_nothing_else(made: Made) -> None:
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "forecast.csv",
        "forecast.png",
        "report.html",
        "sales.safetensors",
    ]
    assert sorted(path.name for path in made.folder.parent.iterdir()) == ["results", "sales.csv"]


def test_the_forecast_has_the_users_columns_and_follows_the_data(made: Made) -> None:
    frame = pd.read_csv(made.folder / "forecast.csv")
    assert list(frame.columns) == ["shop", "day", "forecast", "lo_50", "hi_50", "lo_80", "hi_80"]
    assert frame.groupby("shop").size().to_dict() == {"Bonn": 7, "Köln, West": 7}
    last = pd.Timestamp(pd.read_csv(made.source)["day"].max())
    assert pd.to_datetime(frame["day"]).min() == last + pd.Timedelta(days=1)
    ordered = frame[["lo_80", "lo_50", "forecast", "hi_50", "hi_80"]].to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()


def test_the_model_file_says_the_same(made: Made) -> None:
    again = load(made.folder / "sales.safetensors").predict(levels=(50, 80))
    frame = pd.read_csv(made.folder / "forecast.csv")
    np.testing.assert_allclose(again["forecast"], frame["forecast"], rtol=1e-6)


def test_it_says_what_it_understood_and_the_flags(made: Made) -> None:
    for flag in ("--time", "--target", "--series", "--horizon", "--season"):
        assert flag in made.printed
    assert "VERDICT  " in made.printed
    for method in ("Recurra", "naive", "Theta", "ETS"):
        assert method in made.printed
    assert "\x1b" not in made.printed + made.progress
    assert all(line == line.rstrip() for line in made.printed.splitlines())


def test_progress_is_a_few_lines_where_there_is_no_terminal(made: Made) -> None:
    assert 1 <= len(made.progress.splitlines()) <= 6


def test_the_report_has_verdict_and_command(made: Made) -> None:
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    verdict = next(line for line in made.printed.splitlines() if line.startswith("VERDICT  "))
    assert verdict.removeprefix("VERDICT  ") in html.unescape(page)
    assert shlex.join(["recurra", *made.arguments]) in html.unescape(page)
    assert (made.folder / "forecast.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_the_same_command_makes_the_same_bits(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "again"
    with pytest.raises(SystemExit):
        main([str(out) if word == str(made.folder) else word for word in made.arguments])
    for name in ("forecast.csv", "sales.safetensors"):
        assert (out / name).read_bytes() == (made.folder / name).read_bytes()


@pytest.mark.usefixtures("baselines_here")
def test_quiet_prints_nothing(made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([*made.arguments[:-1], "1", "--quiet", "--out", str(tmp_path)])
    assert leaving.value.code == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("baselines_here")
def test_a_failure_while_writing_keeps_the_old_files(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "forecast.csv").write_text("old")
    monkeypatch.setattr("recurra.report.write_png", full)
    with pytest.raises(SystemExit) as leaving:
        main([*made.arguments[:-1], "1", "--out", str(tmp_path)])
    assert leaving.value.code == 1
    assert "No space left" in capsys.readouterr().err
    assert (tmp_path / "forecast.csv").read_text() == "old"
    # what was learnt is not lost: the run can be taken up again
    assert sorted(path.name for path in tmp_path.iterdir()) == [".sales.recurra-run", "forecast.csv"]


def test_a_killed_run_resumes_to_the_same_bits(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "recurra"]
    command += [str(out) if word == str(made.folder) else word for word in made.arguments]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoints = out / ".sales.recurra-run"
    deadline = time.monotonic() + 60
    while not list(checkpoints.glob("*.safetensors")) and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert list(checkpoints.glob("*.safetensors"))
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=200)
    assert resumed.returncode == 0, resumed.stderr
    assert "new run" not in resumed.stdout
    for name in ("forecast.csv", "sales.safetensors"):
        assert (out / name).read_bytes() == (made.folder / name).read_bytes()
    assert not checkpoints.exists()
