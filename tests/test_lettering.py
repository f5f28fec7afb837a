"""Lines fit, and no letter is lost."""

from __future__ import annotations

import io
import logging
import unicodedata
import warnings
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recurra as rc
from recurra import lettering
from recurra.inspect import draw_attribution
from recurra.lettering import installed_families, no_word_about_fonts, one_line, wrapped


@given(st.text(st.sampled_from("ab cé北京。한 \n")), st.integers(4, 30))
def test_wrapped_lines_fit_and_keep_every_letter(text: str, width: int) -> None:
    lines = wrapped(text, width, limit=1_000).split("\n")
    places = [sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line) for line in lines]
    assert max(places) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_too_much_text_ends_in_an_ellipsis() -> None:
    assert wrapped("word " * 50, 20, limit=2).count("\n") == 1
    assert wrapped("word " * 50, 20, limit=2).endswith("…")


def test_one_line() -> None:
    assert one_line("a\n b\tc", 10) == "a b c"
    assert one_line("abcdef", 4) == "abc…"


def test_there_is_always_a_font(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_families()
    monkeypatch.setattr(lettering, "FAMILIES", ("No Such Font",))
    assert installed_families() == ["DejaVu Sans"]


def test_fonts_are_silent_only_inside() -> None:
    fonts = logging.getLogger("matplotlib.font_manager")
    before = fonts.level
    with no_word_about_fonts():
        warnings.warn("Glyph 21271 (x) missing from font(s) DejaVu Sans.", UserWarning, stacklevel=1)
        assert fonts.level == logging.ERROR
    assert fonts.level == before
    with pytest.warns(UserWarning, match="Glyph"):
        warnings.warn("Glyph 21271 (x) missing from font(s) DejaVu Sans.", UserWarning, stacklevel=1)


def chinese_fonts() -> bool:
    return not set(installed_families()) <= {"Liberation Sans", "Arial", "DejaVu Sans"}


def drawn() -> tuple[str, list[str]]:
    """The label across of a picture in Chinese, and the warnings while it is drawn."""
    with rc.set_language("zh"), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        figure = draw_attribution({"雨": [0.1, 0.2]})
        figure.savefig(io.BytesIO(), format="png")
    return figure.axes[0].get_xlabel(), [str(each.message) for each in told]


@pytest.mark.skipif(not chinese_fonts(), reason="no font of this machine has Chinese letters")
def test_a_chinese_picture_has_its_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn() == ("步", [])
    with monkeypatch.context() as patch:
        patch.setattr(lettering, "no_word_about_fonts", nullcontext)  # a box would be warned of
        assert drawn() == ("步", [])


def test_without_chinese_fonts_the_words_are_english_and_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "FAMILIES", ("No Such Font",))
    assert drawn() == ("step", [])
