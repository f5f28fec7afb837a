"""Texts as symbols: characters, pinyin, phones, and pauses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from recurra import InputError
from recurra.data.text.pronunciation import Pronunciation, chosen_level, sentences


def names(rules: Pronunciation, text: str) -> list[str]:
    return [rules.names[k] for k in rules.encode(text, what="X")]


def test_pauses_are_joined_to_the_strongest_and_end_every_text() -> None:
    rules = Pronunciation.learn(["abc"], "characters")
    assert names(rules, '"A" - b... c') == ["^", "a", " ", "b", ".", "c", "."]
    assert names(rules, "a?!") == ["^", "a", "?"]
    assert names(rules, "  a ") == ["^", "a", "."]


def test_what_was_never_said_is_named() -> None:
    rules = Pronunciation.learn(["abc"], "characters")
    with pytest.raises(InputError, match=r"row 3 holds '7', 'z' in 'a7z', which the voice never said"):
        rules.encode("a7z", what="row 3")
    with pytest.raises(InputError, match="expected a text to speak"):
        rules.encode("?!", what="X")
    assert rules.unknown("abz") == ["z"]


def test_texts_without_a_sound_cannot_be_learnt() -> None:
    with pytest.raises(InputError, match="no text has a sound"):
        Pronunciation.learn(["...", "?"], "characters")


@pytest.mark.slow
def test_chinese_becomes_initials_and_finals_with_tones() -> None:
    pytest.importorskip("pypinyin")
    rules = Pronunciation.learn(["你好，四是十。女儿"], "pinyin")
    assert names(rules, "你好，四是十。") == ["^", "n", "i2", "h", "ao3", ",", "s", "ɿ4", "sh", "ʅ4", "sh", "ʅ2", "."]
    assert rules.words(rules.encode("你好，女儿", what="X")) == ["ni2", "hao3", "nü3", "er2"]
    bases, marks = rules.bases
    assert "ao3" not in bases
    assert set(marks) >= {"", "2", "3"}
    with pytest.raises(InputError, match="sounds of Mandarin"):
        rules.encode("3点", what="X")


def test_half_a_syllable_is_a_word_of_its_own() -> None:
    pytest.importorskip("pypinyin")
    rules = Pronunciation.learn(["你好"], "pinyin")
    heard = [rules.names.index(name) for name in ("n", "h", "ao3", "n")]
    assert rules.words(heard) == ["n", "hao3", "n"]


def test_the_level_follows_the_letters() -> None:
    assert chosen_level(["你好 ok"]) == "characters"
    assert chosen_level(["你好吗 ok"]) == "pinyin"
    assert chosen_level([]) == "characters"


def test_a_text_is_cut_into_sentences() -> None:
    assert sentences("Pi is 3.14. Yes?\nNo") == ["Pi is 3.14.", "Yes?", "No"]
    assert sentences("你好。再见！") == ["你好。", "再见！"]
    assert sentences(" ") == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the program")
def test_phones_are_those_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text(
        '#!/bin/sh\nfor last; do :; done\n[ "$last" = bad ] && { echo no >&2; exit 1; }\necho "h_ə_l_ˈoʊ w_ˈɜː"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    rules = Pronunciation.learn(["hello world"], "phones", language="en-us")
    hello = ["h", "ə", "l", "ˈoʊ", " ", "w", "ˈɜː"]
    assert names(rules, "hello, world") == ["^", *hello, ",", *hello, "."]
    assert "oʊ" in rules.bases[0]
    with pytest.raises(InputError, match="espeak-ng cannot read 'bad'"):
        rules.encode("bad", what="X")


def test_without_the_program_phones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="needs the program espeak-ng"):
        Pronunciation.learn(["hello"], "phones")
