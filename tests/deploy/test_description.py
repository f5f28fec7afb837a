"""What a file says of itself: its kind, maker, verdict, parts and tensors, in both formats."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.labelled import run

import recurra as rc
from recurra.deploy.description import describe

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "0.1"


@pytest.mark.parametrize("name", ["forecast-studied", "classify-text"])
def test_both_formats_are_described(name: str, tmp_path: Path) -> None:
    old = describe(GOLDEN / f"{name}.safetensors")
    rc.load(GOLDEN / f"{name}.safetensors").save(tmp_path / "model.safetensors")
    new = describe(tmp_path / "model.safetensors")
    assert (old.version, new.version, old.kind, old.verdict) == (1, 2, new.kind, new.verdict)
    assert old.made_by == new.made_by == "0.1.0"
    for found in (old, new):
        assert sum(part.numbers for part in found.parts) == sum(size for *_, size in found.tensors)
        assert sum(part.tensors for part in found.parts) == len(found.tensors)
    kinds = {part.name: part.kind for part in new.parts}
    assert kinds["header"] == "Header"
    assert kinds["weights/0"] == ""
    assert "model" in kinds


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(GOLDEN / "forecast-wide-rows.safetensors"), "--file"]) == 0
    printed = capsys.readouterr().out
    for word in ("forecaster", "file format", "Recurra 0.1.0", "network/0/mixture", "5 x 3", "float32"):
        assert word in printed


def test_a_broken_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((GOLDEN / "forecast-array.safetensors").read_bytes()[:-1])
    assert run(["inspect", str(path), "--file"]) == 2
    assert "is not a readable model file" in capsys.readouterr().err
