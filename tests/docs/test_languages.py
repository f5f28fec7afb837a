"""Two languages, one content: the same pages, commands, links and figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, figures, pages, read

README, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
MADE = {"design.md", "benchmarks.md", "log.md"}  # English pages that are documents of the repository


def fences(text: str) -> list[str]:
    return re.findall(r"^```\w*\n.*?^```$", text, re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| what ")]


def result_rows(text: str) -> list[str]:
    return [
        line for line in re.split(r"^## (?:Results|结果)$", text, flags=re.MULTILINE)[1].splitlines() if "|" in line
    ]


def links(text: str) -> set[str]:
    """Where a page's own links go, without what differs by language in a heading's anchor."""
    return {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target}


def test_the_same_pages() -> None:
    assert set(pages("zh")) == set(pages("en")) | MADE
    assert not set(pages("en")) & MADE


def test_readmes_show_the_same_commands() -> None:
    assert fences(CHINESE) == fences(README)


def test_readmes_give_the_same_figures() -> None:
    ours, theirs = tables(README), [line for line in tables(CHINESE) if not line.startswith("| 内容 ")]
    assert len(ours) == len(theirs) > 15
    for english, chinese in zip(ours, theirs, strict=True):
        assert figures(chinese) == figures(english), chinese


def test_readmes_link_to_each_other() -> None:
    assert "(README.zh-CN.md)" in README
    assert "(README.md)" in CHINESE


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_links_of_the_readmes_lead_somewhere(text: str) -> None:
    for target in links(text):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("page", pages("en"))
def test_pages_have_the_same_links(page: str) -> None:
    assert links(read("en", page)) <= links(read("zh", page))


def test_the_benchmarks_give_the_same_figures() -> None:
    ours = result_rows((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8"))[2:]
    theirs = result_rows(read("zh", "benchmarks.md"))[2:]
    assert len(ours) == len(theirs)
    for english, chinese in zip(ours, theirs, strict=True):
        assert figures(chinese) == figures(english), chinese


def test_the_design_has_the_same_parts() -> None:
    english, chinese = (DOCS / "design.md").read_text(encoding="utf-8"), read("zh", "design.md")
    for mark in ("## ", "- **", "1. ", "    run("):
        counts = [sum(line.startswith(mark) for line in text.splitlines()) for text in (english, chinese)]
        assert counts[0] == counts[1], mark


def test_chinese_is_chinese() -> None:
    for page in pages("zh"):
        text = re.sub(r"```.*?```|`[^`]*`|:::.*|<!--.*?-->", "", read("zh", page), flags=re.DOTALL)
        assert len(re.findall(r"[\u4e00-\u9fff]", text)) >= 15, page


def test_no_half_width_punctuation_between_chinese_characters() -> None:
    wrong = re.compile(r"[\u4e00-\u9fff][,;:?!][\u4e00-\u9fff]")
    found = [f"{page}: {hit}" for page in pages("zh") for hit in wrong.findall(read("zh", page))]
    found += [f"README.zh-CN.md: {hit}" for hit in wrong.findall(CHINESE)]
    assert not found


def test_the_folder_holds_no_other_language() -> None:
    assert {path.name for path in DOCS.iterdir() if path.is_dir() and Path(path, "index.md").is_file()} == {"en", "zh"}
