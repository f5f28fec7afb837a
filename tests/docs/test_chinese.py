"""Line breaks between Chinese characters."""

from __future__ import annotations

import pytest
from docs.hooks.chinese import without_breaks


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>循环\n神经网络</p>", "<p>循环神经网络</p>"),
        ("<p>结束。\n开始</p>", "<p>结束。开始</p>"),
        ("<p>用 torch\n计算</p>", "<p>用 torch\n计算</p>"),  # a blank between Latin and Chinese is wanted
        ("<p>two\nlines</p>", "<p>two\nlines</p>"),
        ("<pre><code>一\n二</code></pre>三\n四", "<pre><code>一\n二</code></pre>三四"),
    ],
)
def test_breaks(html: str, expected: str) -> None:
    assert without_breaks(html) == expected
