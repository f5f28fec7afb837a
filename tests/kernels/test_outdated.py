"""An engine that was compiled from other sources is refused with the remedy, before a call goes wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import recurra.kernels.cpu as cpu
from recurra.errors import OutdatedEngineError

ROOT = Path(__file__).resolve().parents[2]
engine: Any = getattr(cpu, "_engine", None)
pytestmark = pytest.mark.skipif(engine is None, reason="the C++ engine is not built here")


def copied(*without: str) -> ModuleType:
    """The engine without some of its names."""
    older = ModuleType(engine.__name__)
    older.__dict__.update({name: value for name, value in vars(engine).items() if name not in without})
    return older


def test_the_engine_here_is_of_these_sources() -> None:
    cpu.check_engine(copied())


def test_a_name_that_is_not_there_yet() -> None:
    with pytest.raises(OutdatedEngineError, match=r"_engine\S+ is not of these sources: it lacks Stepper, best\. Run"):
        cpu.check_engine(copied("best", "Stepper"))


def test_a_field_that_is_not_there_yet(tmp_path: Path) -> None:
    table = tmp_path / "fields.def"
    table.write_text((Path(cpu.__file__).with_name("fields.def")).read_text() + "RECURRA_REAL(newest)\n")
    with pytest.raises(OutdatedEngineError, match="it lacks newest"):
        cpu.check_engine(copied(), table)
    cpu.check_engine(copied(), tmp_path / "none of it in a wheel")


@pytest.mark.spawn
@pytest.mark.parametrize("asked", ["from recurra.tasks import Translator", "import recurra.nn"])
def test_whoever_imports_what_stands_on_it_is_told(asked: str) -> None:
    older = f"load(Path({engine.__file__!r})); del sys.modules[MODULE].best"
    code = f"import sys; from pathlib import Path; from tests.emulated import MODULE, load; {older}; {asked}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 1
    assert "OutdatedEngineError: the compiled engine" in run.stderr.splitlines()[-1]


def test_the_stub_names_all_that_the_engine_has() -> None:
    stub = ast.parse((Path(cpu.__file__).with_name("_engine.pyi")).read_text(encoding="utf-8"))
    named = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    lists = {
        node.target.id for node in stub.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert set(named) | lists == {name for name in vars(engine) if not name.startswith("_")}
    for name in ("Linear", "Stepper"):
        stated = {node.name for node in ast.walk(named[name]) if isinstance(node, ast.FunctionDef)}
        assert stated - {"__init__"} == {each for each in vars(getattr(engine, name)) if not each.startswith("_")}
