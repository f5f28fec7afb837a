"""The reader's language: how it is chosen, and that the Chinese catalogue is whole and compiled."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from recurra import errors
from recurra.cli.command import Command, Commands
from recurra.cli.help import in_language
from recurra.cli.main import app, asked_language, main, without_language
from recurra.errors import InputError
from recurra.evaluation.forecast.verdict import decide
from recurra.formatting import compared_with, count, joined, span
from recurra.language import VARIABLE, _, language, listing, set_language, several, unit_name
from tests import catalogues


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", VARIABLE: "en"}, "en"),
        ({VARIABLE: "zh"}, "zh"),
        ({VARIABLE: "", "LC_MESSAGES": "zh_CN"}, "zh"),
    ],
)
def test_the_variable_then_the_locale(variables: dict, expected: str, unset: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        unset.setenv(name, value)
    with set_language(None):
        assert language() == expected


def test_a_block_gives_the_former_language_back() -> None:
    with set_language("en"):
        with set_language("zh"):
            assert _("method") == "方法"
            assert count(1200, "row") == "1,200 行"
            assert several("{n} row of history", "{n} rows of history", 1) == "1 行历史数据"
            assert joined(["a", "b", "c"]) == "a、b 和 c"
            assert listing(["a", 2]) == "a、2"
            assert unit_name("30-minute step") == "步（30 分钟）"
            assert count(3, "30-minute step") == "3 步（每步 30 分钟）"
            assert not any(_(f"{noun}s").startswith("个") for noun in catalogues.OTHER_NOUNS)
            assert span("−0.1", "0.2") == "−0.1 至 0.2"
            assert compared_with(0.95, 1.0, "ETS") == "比 ETS 低 5.0 %"
        assert _("method") == "method"
        assert count(1, "row") == "1 row"
        assert listing(["a", 2]) == "a, 2"
        assert compared_with(0.95, 1.0, "ETS") == "5.0 % lower than that of ETS"


def test_another_language_is_refused() -> None:
    with pytest.raises(InputError, match="language is 'fr': expected 'en' or 'zh'"):
        set_language("fr")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["forecast", "a.csv"], (None, ["forecast", "a.csv"])),
        (["forecast", "a.csv", "--language", "zh", "--quiet"], ("zh", ["forecast", "a.csv", "--quiet"])),
        (["--language=en", "forecast", "zh.csv"], ("en", ["forecast", "zh.csv"])),
    ],
)
def test_the_option_stands_anywhere(arguments: list[str], expected: tuple) -> None:
    assert (asked_language(arguments), without_language(arguments)) == expected


def test_an_unknown_option_is_refused() -> None:
    for arguments in (["--language", "fr"], ["--language"]):
        with pytest.raises(InputError, match=r"--language is '(fr)?': expected en or zh"):
            asked_language(arguments)


def test_text_in_braces_is_text() -> None:
    with set_language("zh"):
        assert _("{name} {0}") == "{name} {0}"
        assert _("{method} better or equal", method="{odd}") == "{odd}更好或相等"


def test_a_verdict_in_chinese() -> None:
    import numpy as np

    losses = np.random.default_rng(0).uniform(1, 2, (100, 1))
    with set_language("zh"):
        sentence = decide(losses * 0.9, {"naive": losses}).sentence
    assert sentence == "优于最佳基线（朴素预测）：MASE 低 10.0 %（p < 0.001，100 个序列 x 1 个起点）。"


# What is raised here is read by whoever uses the command line; what the others raise, by programmers.
COVERED = ("cli", "data", "tasks", "decoding", "ensemble", "evaluation", "objectives", "report", "training")
DEPLOYED = ("keeping.py", "layout.py", "model_file.py", "parts.py", "seen.py")
ERRORS = {name for name, each in vars(errors).items() if isinstance(each, type)} | {"NotFittedError", "Unreadable"}


def covered() -> list[Path]:
    found = [path for folder in COVERED for path in sorted((catalogues.ROOT / folder).rglob("*.py"))]
    return [*found, *(catalogues.ROOT / "deploy" / name for name in DEPLOYED), *sorted(catalogues.ROOT.glob("*.py"))]


def unmarked(tree: ast.Module) -> Iterator[str]:
    """The first arguments of errors, and the values of facts and remarks, that are English text as it stands."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        on = node.func.value if isinstance(node.func, ast.Attribute) else None
        noted = name == "append" and isinstance(on, ast.Name) and on.id in ("notes", "remarks")
        if name in ERRORS or noted:
            said = node.args[0]
        elif name == "Fact" and len(node.args) > 1:
            said = node.args[1]
        else:
            continue
        yield from (ast.unparse(each) for each in english(said))


def english(node: ast.expr) -> Iterator[ast.expr]:
    """The texts of two words or more in an expression, those aside that a call is given."""
    if isinstance(node, ast.BinOp):
        yield from (*english(node.left), *english(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (*english(node.body), *english(node.orelse))
    elif isinstance(node, ast.Constant | ast.JoinedStr):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        if re.search(r"[a-z]{2,}.* [a-z]{2,}|\} [a-z]{2,}", text):
            yield node


def test_no_message_is_english_only() -> None:
    found = [
        f"{path.relative_to(catalogues.ROOT)}: {said}"
        for path in covered()
        for said in unmarked(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == [], "mark it: _('... {name}', name=...)"


def test_what_is_not_marked_is_seen() -> None:
    source = """raise InputError(f"no such {x}: give another")
notes.append("two words" if a else _("no words"))
Fact("a b", f"{n} rows of it")
raise InputError(_("two words"))
raise ModelFileError(reason)
"""
    assert len(list(unmarked(ast.parse(source)))) == 3


def commands() -> list[list[str]]:
    group = get_command(app)
    names = [[name] for name in group.commands]  # type: ignore[attr-defined]
    return [[], *names, ["textbook", "walk"], ["textbook", "errata"]]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_is_chinese(command: list[str]) -> None:
    """No sentence of the help is English, and none is cut off."""
    with set_language("zh"):
        shown = CliRunner().invoke(app, [*command, "--help"]).output
    lines = [line.strip("│ ") for line in shown.splitlines()]
    assert "用法：" in shown
    assert [line for line in lines if re.search(r"\b[a-z]+( [a-z]+){3}", line)] == []
    assert "…" not in shown


def test_a_wrong_command_line_is_answered_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (
        (["forcast"], "没有命令 'forcast'。是否指 'forecast'？"),
        (["tag", "a.csv", "--labl", "x"], "没有选项 --labl"),
        (["tag"], "缺少 'FILE'。"),
        (["forecast", "a.csv", "--horizon", "many"], "不能使用 '--horizon'：应为整数"),
        (["forecast", "/nowhere/a.csv"], "文件不存在：/nowhere/a.csv（目录 /nowhere 不存在）"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(["--language", "zh", *arguments])
        assert expected in capsys.readouterr().err


@pytest.mark.parametrize("name", ["no such plugin's text", "Rows: `a b` of c"])
def test_a_help_without_a_translation_stays(name: str) -> None:
    command = typer.main.get_command(_plugin(name))
    with set_language("zh"):
        assert in_language(command).help == name
    assert command.help == name


def _plugin(text: str) -> typer.Typer:
    plugin = typer.Typer(cls=Commands, help=text)
    plugin.command("a", cls=Command)(lambda: None)
    plugin.command("b", cls=Command)(lambda: None)
    return plugin


def fields(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def test_the_catalogue_is_whole() -> None:
    """Every text that is marked has a translation with the same fields, and no other text has one."""
    now, kept = catalogues.extracted(), catalogues.kept()
    wanted = {cast(Any, message.id) for message in now if message.id}
    had = {cast(Any, message.id): cast(Any, message.string) for message in kept if message.id}
    assert {id for id in wanted if not had.get(id)} == set(), "python -m tests.catalogues, then translate"
    assert set(had) - wanted == set(), "python -m tests.catalogues drops them"
    for id, text in had.items():
        for one in [id] if isinstance(id, str) else id:
            for translated in [text] if isinstance(text, str) else text:
                assert translated
                assert fields(translated) == fields(one) or set(fields(one)) - fields(translated) == {"n"}, id


def test_the_compiled_catalogue_is_that_of_the_texts() -> None:
    kept = catalogues.kept()
    compiled = gettext.GNUTranslations(io.BytesIO((catalogues.PLACE / "recurra.mo").read_bytes()))
    for message in kept:
        id, text = message.id, message.string
        if isinstance(id, str):
            assert not id or compiled.gettext(id) == text
        else:
            assert text is not None
            assert compiled.ngettext(id[0], id[1], 2) == text[0]


def test_what_marks_a_text_is_seen() -> None:
    tree = ast.parse('f"{_(\'a b\')}"; Fact("x" if y else "z", v); several("{n} c", "{n} d", 2); count(3, "row")')
    assert set(catalogues.marked(tree)) == {"a b", "x", "z", ("{n} c", "{n} d"), "{n} row"}
