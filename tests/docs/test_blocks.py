"""Every block of Python of the guide runs, page by page from the top, and every command and flag in it exists."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import torch
from tests.docs.pages import LANGUAGES, ROOT, blocks, commands, figures, pages, read
from typer.core import TyperGroup
from typer.main import get_command

from recurra.cells import registry
from recurra.cli.main import app
from recurra.tasks import registry as task_registry

READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
TEXTS = {f"{language}/{page}": read(language, page) for language in LANGUAGES for page in pages(language)}
TEXTS |= {path.name: path.read_text(encoding="utf-8") for path in READMES.values()}
OWN = {"count"}  # the command of a task that a page makes
WITH_PYTHON = [name for name, text in TEXTS.items() if any(block.language == "python" for block in blocks(text))]


@pytest.mark.parametrize("page", [name.removeprefix("en/") for name in WITH_PYTHON if name.startswith("en/")])
@pytest.mark.usefixtures("baselines_here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that a reader's own code calls
def test_python_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(registry, "_cells", dict(registry._cells))  # what a page registers is gone after it
    monkeypatch.setattr(task_registry, "_tasks", dict(task_registry._tasks))
    mpl.use("agg")
    request.addfinalizer(partial(torch.set_num_threads, torch.get_num_threads()))  # a page sets them
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(blocks(read("en", page)), start=1):
        if block.language == "python":
            compiled = compile(block.text, f"{page}, block {number}", "exec", dont_inherit=True)
            if not block.reason:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    exec(compiled, namespace)


@pytest.mark.parametrize("page", pages("en"))
def test_both_languages_show_the_same_code_and_the_same_figures_in_what_it_prints(page: str) -> None:
    chinese, english = blocks(read("zh", page)), blocks(read("en", page))
    assert [block.language for block in chinese] == [block.language for block in english]
    for ours, theirs in zip(chinese, english, strict=True):
        if ours.language == "text":
            assert figures(ours.text) == figures(theirs.text)
        else:
            assert ours == theirs


@pytest.fixture(scope="module")
def command_line() -> Any:
    return get_command(app)


@pytest.mark.parametrize("name", TEXTS)
def test_commands_and_flags_exist(name: str, command_line: Any) -> None:
    for words in commands(TEXTS[name]):
        command, rest = command_line, words[1:]
        if rest and rest[0] in OWN:
            continue
        while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
            assert rest[0] in command.commands, f"{' '.join(words)}: there is no such command"
            command, rest = command.commands[rest[0]], rest[1:]
        known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"--help", "--version"}
        for word in rest:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in known, f"{' '.join(words)}: there is no {word}"


def test_commands_are_found() -> None:
    text = "`recurra doctor --json`\n\n```bash\nrecurra forecast a.csv \\\n    --seed 1 | head  # --wrong\n```\n"
    assert commands(text) == [["recurra", "forecast", "a.csv", "--seed", "1"], ["recurra", "doctor", "--json"]]
    assert sum(len(commands(text)) for text in TEXTS.values()) > 40


def test_what_is_not_run_has_a_reason_and_a_missing_package() -> None:
    reasons = [block.reason for text in TEXTS.values() for block in blocks(text) if block.reason]
    assert reasons
    assert all(len(reason) > 15 for reason in reasons)
    absent = [name for name in ("darts", "neuralforecast") if importlib.util.find_spec(name) is None]
    assert absent, "Darts and neuralforecast are installed here: let their blocks run"
