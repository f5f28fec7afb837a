"""`recurra textbook`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from recurra import textbook
from recurra.cli.main import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["textbook", *arguments])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_a_walk_is_the_library_s(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run("walk") == 0
    assert capsys.readouterr().out == f"{textbook.walk()}\n"


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_walk_of_a_cell_of_one_s_own_fits_the_terminal(
    cell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("walk", "--cell", cell, "--units", "5", "--inputs", "2", "--seed", "3", "--digits", "4") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert {"Given", "Forward", "Backward through time", "One step of gradient descent"} <= set(lines)


def test_one_part_and_step_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("walk", "--part", "backward", "--step", "2", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["dJ/dy_2", "dJ/ds_2", "dJ/dh_2", "dJ/dc_2"]
    assert rows[2]["value"] == textbook.walk()["dJ/dh_2"].tolist()
    assert len(rows[2]["terms"]) == 2


def test_the_list_of_errata_and_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("errata") == 0
    listed = capsys.readouterr().out
    assert all(erratum.title in listed for erratum in textbook.errata())
    assert run("errata", "4") == 0
    assert capsys.readouterr().out == f"{textbook.erratum(4)}\n"


def test_errata_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("errata", "3", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["number"] == 3
    assert found["evidence"][0]["right"] == pytest.approx(found["evidence"][0]["finite difference"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["errata", "11"], "error: there is no erratum 11: expected a number from 1 to 10"),
        (["walk", "--step", "4"], "error: step is 4: expected a whole number from 1 to 3"),
        (["walk", "--part", "given", "--step", "9"], "error: step is 9: expected a whole number from 1 to 3"),
        (["walk", "--part", "given", "--step", "2"], "error: part 'given' has nothing of step 2"),
        (["walk", "--learning-rate", "nan"], "error: learning_rate is nan: expected a finite number above 0"),
        (["walk", "--cell", "tcn"], "'tcn'"),
        (["walk", "--units", "0"], "'--units'"),
        (["errata", "four"], "'N'"),
        (["sing"], "No such command 'sing'"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["walk", "--help"], ["errata", "--help"]])
def test_help_has_examples(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 0
    assert "recurra textbook walk" in capsys.readouterr().out.split("Examples")[1]


def test_it_needs_nothing_but_numpy() -> None:
    code = (
        "import sys, recurra.textbook as t; print(t.walk()); print(t.errata());"
        "print(sorted({'torch', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
