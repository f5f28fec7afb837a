"""What cannot be used is refused: status 2, one message that says what to do, and nothing written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurra.cli.main import main

ROWS = 200


def sales() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = pd.date_range("2025-01-01", periods=ROWS)
    return pd.DataFrame(
        {"day": days, "units": rng.normal(100, 9, ROWS), "visits": rng.integers(1, 99, ROWS), "city": "Bonn"}
    )


def set_cells(column: str, row: int, value: str) -> pd.DataFrame:
    frame = sales()
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value
    return frame


def mixed_times() -> pd.DataFrame:
    frame = sales()
    odd = np.cumsum(np.random.default_rng(1).choice([1, 7, 24, 31], ROWS))
    return frame.assign(day=pd.Timestamp("2025-01-01") + pd.to_timedelta(odd, unit="h"))


TABLES: list[tuple[str, Callable[[], pd.DataFrame], list[str], str]] = [
    ("a name that is nearly right", sales, ["--target", "unit"], r"'unit'.*did you mean 'units'.*--target"),
    ("a time that is not there", sales, ["--target", "units", "--time", "date"], r"'date'.*--time"),
    ("a series that is not there", sales, ["--target", "units", "--series", "town"], r"'town'.*--series"),
    ("no target named", sales, [], r"--target"),
    ("a target of text", sales, ["--target", "city"], r"'city'"),
    ("nothing but text", lambda: sales()[["day", "city"]], [], r"no numeric column.*city"),
    ("a constant", lambda: sales().assign(units=5.0), ["--target", "units"], r"constant|always 5|the same"),
    ("too short", lambda: sales().head(20), ["--target", "units", "--horizon", "14"], r"rows"),
    ("an infinite value", lambda: set_cells("units", 7, "inf"), ["--target", "units"], r"infinite|inf"),
    ("mixed frequencies", mixed_times, ["--target", "units"], r"--freq"),
    ("a wrong frequency", sales, ["--target", "units", "--freq", "fortnight"], r"'fortnight'"),
    ("a wrong zone", sales, ["--target", "units", "--tz", "Mars/Olympus"], r"Mars/Olympus"),
    ("a wrong level", sales, ["--target", "units", "--levels", "80,120"], r"'120'.*--levels"),
    ("a separator that is not there", sales, ["--target", "units", "--separator", "|"], r"separator"),
    ("an encoding that is none", sales, ["--target", "units", "--encoding", "klingon"], r"klingon"),
    ("a sign that is none", sales, ["--target", "units", "--decimal", "x"], r"--decimal"),
]

FILES: list[tuple[str, bytes | None, str]] = [
    ("empty.csv", b"", r"empty"),
    ("header.csv", b"day,units\n", r"header"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, r"picture\.csv"),
    ("rubbish.csv", np.random.default_rng(2).bytes(5000), r"rubbish\.csv"),
    ("ragged.csv", b"day,units\n2025-01-01,1\n2025-01-02,2,3\n", r"line 3|row 2|3 fields"),
    ("absent.csv", None, r"absent\.csv"),
    ("demo:nothing", None, r"demo:co2"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, see it refuse and write nothing, and give the message back."""
    before = {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    captured = capsys.readouterr()
    assert leaving.value.code == 2, captured.err
    assert {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")} == before
    assert captured.err.startswith("error: ")
    assert captured.err.count("error: ") == 1
    assert "Traceback" not in captured.err
    return captured.err.replace("\n", " ")


@pytest.mark.parametrize(("make", "flags", "message"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_tables(
    make: Callable[[], pd.DataFrame], flags: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make().to_csv("sales.csv", index=False)
    assert re.search(message, refused(["forecast", "sales.csv", *flags], folder, capsys))


@pytest.mark.parametrize(("name", "content", "message"), FILES, ids=[row[0] for row in FILES])
def test_files(
    name: str, content: bytes | None, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    assert re.search(message, refused(["forecast", name], folder, capsys))


def test_a_folder_instead_of_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sales.csv").mkdir()
    assert "is a directory" in refused(["forecast", "sales.csv"], folder, capsys)


def test_the_input_would_be_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales().to_csv("forecast.csv", index=False)
    assert "would be overwritten" in refused(["forecast", "forecast.csv", "--target", "units"], folder, capsys)


def test_a_file_where_the_folder_should_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales().to_csv("sales.csv", index=False)
    message = refused(["forecast", "sales.csv", "--target", "units", "--out", "sales.csv"], folder, capsys)
    assert "expected a folder" in message


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize(
    "content",
    [b"", b"rubbish", b"\x10" + b"\x00" * 7 + b'{"a":1}         ', None],
    ids=["empty", "text", "alien", "absent"],
)
def test_model_files(command: str, content: bytes | None, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales().to_csv("sales.csv", index=False)
    if content is not None:
        Path("model.safetensors").write_bytes(content)
    assert "model.safetensors" in refused([command, "model.safetensors", "sales.csv"], folder, capsys)
