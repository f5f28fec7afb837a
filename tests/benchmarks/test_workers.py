"""A worker answers in turn, whatever its libraries print, and says so when it is gone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from workers import serve
def answer(question):
    print("chatter of a library")
    return {{"sum": question["a"] + question["b"]}}
serve(answer)
"""


@pytest.fixture
def workers(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("workers")


@pytest.fixture
def adder(workers: ModuleType, tmp_path: Path) -> Path:
    path = tmp_path / "adder.py"
    path.write_text(SCRIPT.format(folder=str(Path(workers.__file__ or "").parent)))
    return path


def test_one_answer_to_every_question(workers: ModuleType, adder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with workers.Worker(sys.executable, adder) as worker:
        assert [worker.ask(a=number, b=1)["sum"] for number in range(3)] == [1, 2, 3]
    assert capfd.readouterr().err.count("chatter") == 3


def test_a_worker_that_fails_says_so_itself(
    workers: ModuleType, adder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with workers.Worker(sys.executable, adder) as worker:
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"adder.py ended with status 1"):
                worker.ask(nothing=0)
    assert "KeyError" in capfd.readouterr().err


def test_the_environment_is_passed_on(workers: ModuleType, adder: Path) -> None:
    text = adder.read_text().replace('question["a"]', 'int(__import__("os").environ["A"])')
    adder.write_text(text)
    with workers.Worker(sys.executable, adder, environment={"A": "40"}) as worker:
        assert worker.ask(b=2)["sum"] == 42
