"""The house rules that a program can hold: which folder may import which, small files, a docstring for every module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import recurra

ROOT = Path(recurra.__file__).resolve().parent
TESTS = Path(__file__).resolve().parent
MODULES = sorted(ROOT.rglob("*.py"))
LONGEST = 500
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS_FLAGS = {"--upgrade", "--ipa", "--sep"}  # of pip, of espeak-ng
DECLARATIONS = {
    "tasks/forecast/task.py",
    "tasks/labelled/tasks.py",
    "tasks/speak/task.py",
    "tasks/speech/tasks.py",
    "tasks/translate/task.py",
    "tasks/generate/task.py",
    "tasks/next_event/task.py",
    "tasks/play/task.py",
    "tasks/series/task.py",
}  # in which tasks give examples of their commands

# A folder may import its own files, those of the folders named here, and whatever these may import.
ARROWS: dict[str, tuple[str, ...]] = {
    "cli": ("tasks", "deploy", "bench", "textbook", "serve"),
    "serve": ("tasks",),
    "tasks": (
        "environments",
        "ensemble",
        "objectives",
        "decoding",
        "data",
        "evaluation",
        "deploy",
        "inspect",
        "report",
    ),
    "environments": (),
    "objectives": ("nn", "data", "evaluation", "decoding"),
    "decoding": ("kernels",),
    "ensemble": ("training", "inspect"),
    "report": ("data",),
    "deploy": ("training", "data", "evaluation"),
    "training": ("nn", "data"),
    "bench": ("nn",),
    "evaluation": ("data", "report"),
    "data": (),
    "inspect": ("nn",),
    "keras": ("kernels",),
    "textbook": (),
    "nn": ("kernels",),
    "kernels": ("cells",),
    "cells": (),
}
TOP_LEVEL = {
    "checking",
    "errors",
    "extras",
    "files",
    "formatting",
    "heap",
    "hooks",
    "language",
    "lettering",
    "methods",
    "options",
    "plugins",
    "scores",
    "state_file",
}  # modules beside the folders, which every folder may import


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


Import = ast.Import | ast.ImportFrom


@cache  # of what several rules ask for; the trees of all files would keep the garbage collector busy
def outline(path: Path) -> tuple[str | None, list[tuple[Import, bool]]]:
    """The docstring of a file, and its import statements: whether each stands outside of functions."""
    tree = parsed(path)
    return ast.get_docstring(tree), list(_imports(tree, True))


def _imports(node: ast.AST, outside: bool) -> Iterator[tuple[Import, bool]]:
    for below in ast.iter_child_nodes(node):
        if isinstance(below, Import):
            yield below, outside
        elif not isinstance(below, ast.expr):
            yield from _imports(below, outside and not isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def reachable(folder: str) -> frozenset[str]:
    """The folders that `folder` may import."""
    return frozenset({folder}).union(*(reachable(below) for below in ARROWS[folder]))


def imported_modules(path: Path) -> list[tuple[int, str]]:
    """(line, module name) of every import in a file, at whatever depth, relative ones made absolute."""
    package = (ROOT.name, *path.relative_to(ROOT).parent.parts)
    found = []
    for node, _ in outline(path)[1]:
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        else:
            stem = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (stem, node.module) if part)
            found.append((node.lineno, module))
            # `from recurra import data` names the folder on the right-hand side
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names if module == ROOT.name]
    return found


def folder_of(module: str) -> str | None:
    """The folder (or top-level module) of ours that a module name stands for; None for other people's."""
    parts = module.split(".")
    return parts[1] if parts[0] == ROOT.name and len(parts) > 1 else None


def test_every_folder_has_its_place() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(ARROWS)


def test_imports_run_downward_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}; {folder} may import {sorted(reachable(folder))} only"
        for folder in ARROWS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, module in imported_modules(path)
        if (target := folder_of(module)) is not None and target not in {*reachable(folder), *TOP_LEVEL, "__version__"}
    ]
    assert wrong == []


def spoken_flags(path: Path) -> list[str]:
    """The flags of the command line in the strings of a file, docstrings apart."""
    if not FLAG.search(path.read_text(encoding="utf-8")):
        return []
    tree = parsed(path)
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
    found = [(line, flag) for line, text in strings for flag in FLAG.findall(text)]
    return [f"{path.relative_to(ROOT)}:{line} says {flag}" for line, flag in found if flag not in OTHERS_FLAGS]


def test_nothing_below_the_command_line_knows_a_flag() -> None:
    """Messages ask `options.option` for the name: who reads them may be in Python, where there are no flags."""
    below = [path for path in MODULES if path.relative_to(ROOT).parts[0] not in ("cli", "bench", "textbook")]
    below = [path for path in below if path.relative_to(ROOT).as_posix() not in DECLARATIONS]
    assert not [said for path in below for said in spoken_flags(path)]


def test_a_flag_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "a.py").write_text('"""As --tz."""\nx = f"{1}: see --freq"\ny = "pip install --upgrade z"\n')
    assert spoken_flags(tmp_path / "a.py") == ["a.py:2 says --freq"]


def module_of(path: Path) -> str:
    """The name under which a file is imported."""
    parts = (ROOT.name, *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_at_the_top(path: Path, known: set[str]) -> set[str]:
    """The modules of ours that a file imports when it is itself imported, or would for its types."""
    found = set()
    for node in [node for node, outside in outline(path)[1] if outside]:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}  # a module of a package, or what its __init__ has
    return (found & known) - {module_of(path)}


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, directly or not."""
    reach = {name: set(below) for name, below in edges.items()}
    for via in edges:
        for name in edges:
            if via in reach[name]:
                reach[name] |= reach[via]
    groups = {
        tuple(sorted(other for other in edges if other in reach[name] and name in reach[other])) for name in edges
    }
    return sorted(list(group) for group in groups if group)


def test_no_file_imports_in_a_circle() -> None:
    """Files of a folder, `if TYPE_CHECKING` included."""
    for folder in ARROWS:
        paths = {module_of(path): path for path in MODULES if path.relative_to(ROOT).parts[0] == folder}
        assert circles({name: modules_at_the_top(path, set(paths)) for name, path in paths.items()}) == []


def test_a_circle_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path / "recurra")
    texts = {
        "a": "from recurra.nn import b\n", "b": "if TYPE_CHECKING:\n    from recurra.nn.c import C\n",
        "c": "import recurra.nn.a\n", "d": "from recurra.nn.a import A\ndef f():\n    from recurra.nn import e\n",
        "e": "from recurra.nn.d import D\n",
    }  # fmt: skip
    paths = {f"recurra.nn.{name}": tmp_path / "recurra" / "nn" / f"{name}.py" for name in texts}
    for (name, path), text in zip(paths.items(), texts.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        assert module_of(path) == name
    edges = {name: modules_at_the_top(path, set(paths)) for name, path in paths.items()}
    assert circles(edges) == [["recurra.nn.a", "recurra.nn.b", "recurra.nn.c"]]


def test_the_arrows_have_no_circle() -> None:
    for folder in ARROWS:
        assert all(folder not in reachable(below) for below in ARROWS[folder])


def test_a_wrong_arrow_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path / "recurra")
    path = tmp_path / "recurra" / "cells" / "lstm.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "def f():\n    from ..nn.layers import LSTM\nfrom recurra import data\nimport recurra.tasks.x as t\n"
    )
    assert {folder_of(module) for _, module in imported_modules(path)} - {None} == {"data", "tasks", "nn"}


@pytest.mark.spawn
@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (("recurra", "recurra.tasks", "recurra.cli.main"), ("torch", "numpy", "pandas", "pyarrow", "matplotlib")),
        (("recurra.data", "recurra.evaluation.forecast.baselines", "recurra.evaluation.forecast.backtest"), ("torch",)),
        (("recurra.report",), ("torch",)),
    ],
    ids=lambda names: names[-1],
)
def test_what_starts_without_the_heavy_packages(modules: tuple[str, ...], absent: tuple[str, ...]) -> None:
    code = f"import sys, {', '.join(modules)}; print(sorted(set({absent}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_files_are_small() -> None:
    every = [*MODULES, *sorted(TESTS.rglob("*.py"))]
    assert not [path for path in every if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST]


def test_every_module_says_what_it_is() -> None:
    assert not [path for path in MODULES if not outline(path)[0]]
