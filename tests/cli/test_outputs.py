"""Output files: all of them or none, and never over the input."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

from recurra.cli.outputs import check_outputs, csv_text, surviving, tell_failures, written_together
from recurra.errors import InputError


def test_files_appear_together(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    with written_together(folder) as stage:
        (stage / "a").write_text("1")
        (stage / "b").write_text("2")
        assert {path.name for path in folder.iterdir()} == {stage.name}
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "1", "b": "2"}


def test_an_error_leaves_the_old_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def fail() -> None:
        with written_together(tmp_path) as stage:
            (stage / "a").write_text("new")
            raise InputError("too late")

    with pytest.raises(InputError, match="too late"):
        fail()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with written_together(tmp_path) as stage:
        (stage / "a").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_input_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("forecast.csv").write_text("t,y\n")
    os.symlink("forecast.csv", "link.csv")
    for source in ("forecast.csv", "link.csv", str(tmp_path / "forecast.csv")):
        with pytest.raises(InputError, match="is the input and would be overwritten: choose another place with --out"):
            check_outputs([Path("forecast.csv")], inputs=[source])
    check_outputs([Path("forecast.csv")], inputs=["demo:co2"])


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        check_outputs([tmp_path / "report.html"])


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file, expected a folder"):
        check_outputs([tmp_path / "out" / "deeper" / "report.html"])


def test_a_place_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(InputError, match="Permission denied; choose another folder with --out"):
        check_outputs([tmp_path / "report.html"])


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_outputs([tmp_path / "not" / "yet" / "report.html"])
    assert list(tmp_path.iterdir()) == []


def test_csv_keeps_every_bit_of_a_float32(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=200).astype(np.float32) * np.float32(1e7)
    path = tmp_path / "values.csv"
    path.write_text(csv_text(pd.DataFrame({"y": values})))
    assert (pd.read_csv(path)["y"].to_numpy().astype(np.float32) == values).all()


def test_a_page_that_fails_costs_neither_the_model_nor_the_old_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.html").write_text("old")
    failures: dict[str, Exception] = {}
    with written_together(tmp_path) as stage:
        (stage / "model").write_text("new")
        with surviving(failures, "report.html", stage):
            (stage / "report.html").write_text("half")
            raise ZeroDivisionError("no steps")
        with surviving(failures, "forecast.png", stage):
            (stage / "forecast.png").write_text("whole")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report.html": "old", "model": "new", "forecast.png": "whole"
    }  # fmt: skip
    with pytest.raises(typer.Exit) as leaving:
        tell_failures(failures, debug=False)
    assert leaving.value.exit_code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: report.html could not be made; the other files are complete")
    assert "ZeroDivisionError: no steps" in said
    with pytest.raises(ZeroDivisionError):
        tell_failures(failures, debug=True)
    tell_failures({}, debug=True)


def test_an_interruption_is_no_failure_of_a_page() -> None:
    with pytest.raises(KeyboardInterrupt), surviving({}, "report.html"):
        raise KeyboardInterrupt
