"""`recurra generate`: from a text, or notes, to samples, a page and a model file that writes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.labelled import run

from recurra.data.demo.letters import make_letters
from recurra.tasks import SequenceGenerator, load

pytestmark = pytest.mark.train
SMALL = ["--hidden", "12", "--epochs", "0.5", "--seed", "3"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generate")
    (folder / "letters.txt").write_text(make_letters(40))
    given = ["--out", str(folder / "out"), "--length", "60", "--samples", "2", "--prompt", "Dear ", "--quiet"]
    assert run(["generate", str(folder / "letters.txt"), *SMALL, *given]) == 0
    return folder


def test_it_writes_four_files_and_no_other(made: Path) -> None:
    names = sorted(path.name for path in (made / "out").iterdir())
    assert names == ["letters.safetensors", "report.html", "report.png", "samples.txt"]


def test_samples_are_texts_as_they_stand_after_the_prompt(made: Path) -> None:
    first, second = (made / "out" / "samples.txt").read_text().split(f"\n\n{'-' * 40}\n\n")
    assert first.startswith("Dear ")
    assert second.startswith("Dear ")
    assert first != second


def test_a_model_file_writes_on_and_evaluates(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(made / "out" / "letters.safetensors")
    assert isinstance(load(model), SequenceGenerator)
    out = str(made / "more.csv")
    assert run(["predict", model, "--prompt", "We ", "--length", "40", "--samples", "3", "--out", out]) == 0
    frame = pd.read_csv(out)
    assert list(frame.columns) == ["sample", "prompt", "text"]
    assert frame["text"].str.len().tolist() == [40] * 3
    assert run(["evaluate", model, str(made / "letters.txt")]) == 0
    assert "nats per character" in capsys.readouterr().out
    assert run(["inspect", model, str(made / "letters.txt"), "--out", str(made)]) == 0
    assert "What a shorter memory costs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["predict", "MODEL", "--prompt", "λ"], "U+03BB"),
        (["predict", "MODEL", "--temperature", "-1"], "temperature"),
        (["generate", "FILE", "--separator", ","], "--separator is about tables"),
        (["generate", "FILE", "--share", "1"], "--share 1"),
        (["generate", "demo:leters"], "did you mean demo:letters"),
        (["generate", "FILE", "--kind", "notes"], "were expected, separated by"),
    ],
)
def test_refusals_name_the_option(
    made: Path, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"MODEL": str(made / "out" / "letters.safetensors"), "FILE": str(made / "letters.txt")}
    assert run([there.get(word, word) for word in arguments]) == 2
    assert text in capsys.readouterr().err


def test_rows_of_a_table_are_made_as_many_as_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.DataFrame({"a": range(400), "b": [k % 7 for k in range(400)]}).assign(a=lambda t: (t["a"] / 5) % 3)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    given = ["--method", "likelihood", "--window", "6", "--rows", "30", "--out", str(tmp_path)]
    assert run(["generate", str(tmp_path / "rows.csv"), *SMALL, *given]) == 0
    assert len(pd.read_csv(tmp_path / "synthetic.csv")) == 30
    capsys.readouterr()
    model, out = str(tmp_path / "rows.safetensors"), str(tmp_path / "more.csv")
    assert run(["predict", model, "--rows", "17", "--out", out]) == 0
    printed = capsys.readouterr().out
    assert len(pd.read_csv(out)) == 17
    assert "Generated rows" in printed
    assert "… and 12 more rows" in printed
    assert run(["predict", model, "--length", "17", "--out", out]) == 2
    assert "--length does not apply" in capsys.readouterr().err


def test_music_is_read_from_a_table_and_written_as_lines(tmp_path: Path) -> None:
    given = ["--kind", "notes", "--length", "6", "--samples", "1", "--out", str(tmp_path), "--quiet"]
    assert run(["generate", "demo:chords", "--hidden", "8", "--epochs", "0.02", *given]) == 0
    lines = (tmp_path / "samples.txt").read_text().split("\n")
    assert all(word == "-" or 0 <= int(word) < 128 for line in lines for word in line.split())
    assert "data:audio/wav" in (tmp_path / "report.html").read_text()
