"""What heat maps have in common: their colours, and the bar that says what a colour means."""

from __future__ import annotations

from typing import Any

from recurra.report.style import MUTED

DIVERGING = [[0.0, "#b2452c"], [0.25, "#e8a588"], [0.5, "#f7f7f7"], [0.75, "#86b6d8"], [1.0, "#1b5f97"]]
SEQUENTIAL = [[0.0, "#f7fafc"], [0.25, "#bcd8eb"], [0.6, "#4b93c3"], [1.0, "#0b3d66"]]
DARK = [[0.0, "#f4f1ee"], [0.35, "#f2b48a"], [0.7, "#b0417a"], [1.0, "#2b1150"]]


def colour_bar(title: str, **more: Any) -> dict[str, Any]:
    """The bar beside a heat map; `title` is escaped already."""
    text = {"text": title, "side": "right", "font": {"color": MUTED, "size": 12}}
    return {"thickness": 12, "outlinewidth": 0, "title": text, "tickfont": {"color": MUTED, "size": 11}, **more}
