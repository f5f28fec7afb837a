"""The pages of the site as texts and blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "zh")

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and why it is not run ("" where it is)."""

    language: str
    text: str
    reason: str


def pages(language: str) -> list[str]:
    """The paths of a language's pages, below its folder."""
    folder = DOCS / language
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))


def read(language: str, page: str) -> str:
    return (DOCS / language / page).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return [Block(found["language"], found["text"], found["reason"] or "") for found in _BLOCK.finditer(text)]


def commands(text: str) -> list[list[str]]:
    """The `recurra` commands in a page's bash blocks and in its inline code, as words."""
    lines = [line for block in blocks(text) if block.language == "bash" for line in joined(block.text)]
    lines += re.findall(r"`(recurra [^`]+)`", _BLOCK.sub("", text))
    found = []
    for line in lines:
        line = re.sub(r"\s+#.*$|[|>&].*$", "", line).strip()
        words = line.split()
        if words[:1] == ["recurra"]:
            found.append(words)
    return found


def joined(text: str) -> list[str]:
    """Lines, those that end in a backslash together with the next."""
    return text.replace("\\\n", " ").splitlines()


def figures(line: str) -> list[str]:
    """The numbers in a line, in an order that does not depend on the language."""
    return sorted(re.findall(r"\d+(?:[.,]\d+)*(?:e-?\d+)?", re.sub("1000 万|一千万|10 million", "10", line)))
