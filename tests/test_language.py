"""The reader's language: how it is chosen, and that the Chinese catalogue is whole and compiled."""

from __future__ import annotations

import gettext
import io
import string
from typing import Any, cast

import pytest

from recurra.cli.main import asked_language, without_language
from recurra.errors import InputError
from recurra.evaluation.forecast.verdict import judge
from recurra.formatting import compared_with, count, joined, span
from recurra.language import VARIABLE, _, language, set_language, several, unit_name
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
            assert unit_name("30-minute step") == "步（30 分钟）"
            assert count(3, "30-minute step") == "3 步（每步 30 分钟）"
            assert span("−0.1", "0.2") == "−0.1 至 0.2"
            assert compared_with(0.95, 1.0, "ETS") == "比 ETS 低 5.0 %"
        assert _("method") == "method"
        assert count(1, "row") == "1 row"
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
        sentence = judge(losses * 0.9, {"naive": losses}).sentence
    assert sentence == "优于最佳基线（朴素预测）：MASE 低 10.0 %（p < 0.001，100 个序列 x 1 个起点）。"


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
    import ast

    tree = ast.parse('f"{_(\'a b\')}"; Fact("x" if y else "z", v); several("{n} c", "{n} d", 2); count(3, "row")')
    assert set(catalogues.marked(tree)) == {"a b", "x", "z", ("{n} c", "{n} d"), "{n} row"}
