"""A page that would ask another host is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs.hooks.offline import foreign_loads, foreign_loads_below


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<link href="https://fonts.example" rel="preconnect" crossorigin>',
        '<IMG alt="" src="http://example.org/a.png">',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_what_loads(html: str) -> None:
    assert len(foreign_loads(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org">a link to follow</a>',
        '<link rel="canonical" href="https://example.org/page">',
        '<script src="../assets/x.js"></script>',
        '<img src="data:image/png;base64,aGk=">',
    ],
)
def test_what_does_not(html: str) -> None:
    assert foreign_loads(html) == []


def test_style_sheets_too(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face { src: url('https://fonts.example/a.woff2') } b { c: url(d.png) }")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<img src="https://example.org/a.png">')
    assert foreign_loads_below(tmp_path) == [
        "sub/b.html: https://example.org/a.png",
        "a.css: https://fonts.example/a.woff2",
    ]
