"""What `recurra generate` takes a FILE for, where `--kind` does not say."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recurra.cli.main import app
from recurra.tasks import get
from recurra.tasks.generate.choosing import kind_of

NUMBERS = "when,a,b\n2024-01-01,1.5,2\n2024-01-02,2.5,1\n"
WORDS = "speaker,line\nHamlet,To be or not to be\nOphelia,Good my lord\n"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("sensors.csv", NUMBERS, "series"),
        ("sensors.tsv", "a\tb\n1,5\t2\n2,5\t1\n", "series"),
        ("one.csv", "value\n1\n2\n3\n", "series"),
        ("plays.csv", WORDS, "text"),
        ("sensors.txt", NUMBERS, "text"),
        ("empty.csv", "", "text"),
    ],
)
def test_a_table_of_numbers_is_series(tmp_path: Path, name: str, text: str, kind: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert kind_of(str(tmp_path / name)) == kind
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    assert kind_of(str(tmp_path / f"{name}.gz")) == kind


def test_what_is_built_in_is_known() -> None:
    assert [kind_of(f"demo:{name}") for name in ("letters", "chords", "sensors", "digits")] == [
        "text", "notes", "series", "series",
    ]  # fmt: skip


def test_the_kind_given_decides(tmp_path: Path) -> None:
    (tmp_path / "sensors.csv").write_text(NUMBERS, encoding="utf-8")
    task = get("generate")
    assert task.chosen(str(tmp_path / "sensors.csv"), {"kind": "text"}).task == "generate"
    assert task.chosen(str(tmp_path / "sensors.csv"), {}).task == "series"
    assert task.chosen("book.txt", {"kind": "series"}).task == "series"
    assert task.chosen("book.txt", {}).options == {"kind": "text"}


def test_options_of_the_other_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sensors.csv").write_text(NUMBERS, encoding="utf-8")
    done = CliRunner().invoke(app, ["generate", str(tmp_path / "sensors.csv"), "--prompt", "To be"])
    assert done.exit_code != 0
    assert "says nothing to a table of numbers" in str(done.exception or done.output)
    done = CliRunner().invoke(app, ["generate", "demo:letters", "--rows", "5"])
    assert "says nothing to a text" in str(done.exception or done.output)
