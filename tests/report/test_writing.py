"""A file is written whole or not at all, and a refusal says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from recurra.errors import InputError
from recurra.report.writing import write_whole


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_failure_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match=r"cannot write .*report.html: No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        write_whole(tmp_path, b"")
    with pytest.raises(InputError, match="there is no folder"):
        write_whole(tmp_path / "missing" / "report.html", b"")
    with pytest.raises(InputError, match="not a regular file"):
        write_whole("/dev/null", b"")
