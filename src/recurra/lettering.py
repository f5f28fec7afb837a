"""The letters of pictures: fonts that this machine has, and lines of text that fit, wide letters included.

Every figure of Matplotlib that the package draws is of the class that `figure_class` gives. Matplotlib takes most of a
second to import, so it is imported where it is used.
"""

from __future__ import annotations

import contextlib
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from recurra.language import language, set_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")
_LATIN = ("Liberation Sans", "Arial", "DejaVu Sans")
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
FAMILIES = (
    *_LATIN,
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Yu Gothic",
    "Malgun Gothic",
    "Arial Unicode MS",
)


def installed_families() -> list[str]:
    """The fonts to try, in order, of those that this machine has: Latin first, then Chinese, Japanese and Korean."""
    from matplotlib import font_manager

    present = set(font_manager.fontManager.get_font_names())
    return [family for family in FAMILIES if family in present] or ["DejaVu Sans"]


@cache
def figure_class() -> type[Figure]:
    """Matplotlib's figure whose words are drawn in the fonts of `installed_families`, unless a text names its own."""
    from matplotlib import rc_context, rcParams
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    @contextlib.contextmanager
    def lettered(figure: Figure) -> Iterator[None]:
        fonts, unnamed = installed_families(), list(rcParams["font.family"])
        for text in figure.findobj(Text):
            if isinstance(text, Text) and text.get_fontfamily() == unnamed:
                text.set_fontfamily(fonts)
        with rc_context({"font.family": fonts}), no_word_about_fonts():  # of ticks that are made while it is drawn
            yield

    class Picture(Figure):
        """A figure that belongs to no pyplot."""

        def draw(self, renderer: Any) -> None:
            with lettered(self):
                super().draw(renderer)

        def get_tightbbox(self, *given: Any, **named: Any) -> Any:
            with lettered(self):
                return super().get_tightbbox(*given, **named)

    return Picture


def in_letters_of_this_machine(draw: Callable[P, R]) -> Callable[P, R]:
    """A function that draws, whose words are English where no installed font has the letters of the reader's language.

    It is for pictures all of whose words are the package's own.
    """

    @wraps(draw)
    def drawn(*given: P.args, **named: P.kwargs) -> R:
        if language() == "en" or not set(installed_families()) <= set(_LATIN):
            return draw(*given, **named)
        with set_language("en"):
            return draw(*given, **named)

    return drawn


@contextlib.contextmanager
def no_word_about_fonts() -> Iterator[None]:
    """A missing letter is drawn as a box, a missing bold as regular; without such a font nothing can be done."""
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
            yield
    finally:
        fonts.setLevel(level)


def one_line(text: str, limit: int) -> str:
    """The text on one line, cut to at most `limit` letters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def wrapped(text: str, width: int, limit: int = 3) -> str:
    """At most `limit` lines of `width` places; a wide letter (Chinese, say) takes two and may end a line."""
    lines, used = [""], 0
    for part in re.findall(rf"[{_WIDE}]|[^\s{_WIDE}]{{1,{width}}}|\s+", text):
        places = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in part)
        if used + places > width:
            if len(lines) == limit:
                lines[-1] += " …"
                break
            lines.append("")
            used = 0
        if used or not part.isspace():
            lines[-1] += part
            used += places
    return "\n".join(line.rstrip() for line in lines)
