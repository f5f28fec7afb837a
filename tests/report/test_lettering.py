"""Lines fit, and no letter is lost."""

from __future__ import annotations

import logging
import unicodedata
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.report import lettering
from recurra.report.lettering import installed_families, no_word_about_fonts, one_line, wrapped


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
