"""The letters of the picture: fonts that this machine has, and lines of text that fit, wide letters included."""

from __future__ import annotations

import contextlib
import logging
import re
import unicodedata
import warnings
from collections.abc import Iterator

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
FAMILIES = (
    "Liberation Sans",
    "Arial",
    "DejaVu Sans",
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
