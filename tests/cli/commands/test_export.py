"""`recurra export`: files, what int8 weights cost, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.shops import DAYS, Made, shop_sales

from recurra.cli.main import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["export", *arguments])
    return int(leaving.value.code or 0)


def model_of(made: Made) -> str:
    return str(next(made.folder.glob("*.safetensors")))


def test_both_folders_are_written(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model_of(made), "--onnx", str(tmp_path / "onnx"), "--c", str(tmp_path / "c"), "--name", "shops") == 0
    printed = capsys.readouterr().out
    for name in ("shops.onnx", "shops_step.onnx", "shops.json", "example.py"):
        assert (tmp_path / "onnx" / name).exists()
        assert name in printed
    assert (tmp_path / "c" / "shops_step.h").read_text().startswith("/* forecast")


@pytest.mark.usefixtures("baselines_here")
def test_what_int8_weights_cost_is_printed(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model_of(made), "--onnx", str(tmp_path), "--int8") == 0
    assert "Give a FILE of later data to see what int8 weights cost" in capsys.readouterr().out
    later = tmp_path / "later.csv"
    shop_sales(DAYS + 28).to_csv(later, index=False)
    assert run(model_of(made), str(later), "--onnx", str(tmp_path), "--int8") == 0
    printed = capsys.readouterr().out
    assert "What int8 weights cost" in printed
    assert [line.split()[0] for line in printed.splitlines() if line.split()[:1] in (["float32"], ["int8"])] == [
        "float32", "int8",
    ]  # fmt: skip


def test_refusals_name_the_option(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model_of(made)) == 2
    assert "nothing to write: give a folder with --onnx or --c" in capsys.readouterr().err
    (tmp_path / "Makefile").write_text("all:\n")
    assert run(model_of(made), "--c", str(tmp_path)) == 2
    assert "Makefile exists and was not written by an export" in capsys.readouterr().err
    assert run(model_of(made), "--c", str(tmp_path / "x"), "--name", "2") == 2
    assert "expected a word that names can begin with in C" in capsys.readouterr().err
