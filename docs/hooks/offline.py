"""The site must be whole by itself: no page may load anything from another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

FOREIGN = re.compile(r"^(https?:)?//", re.IGNORECASE)
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
LINK_LOADS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "dns-prefetch"}


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get(LOADED.get(tag, "")) or ""
        if tag == "link" and not LINK_LOADS & set((given.get("rel") or "").split()):
            return
        if FOREIGN.match(address):
            self.found.append(address)


def foreign_loads(html: str) -> list[str]:
    """The addresses on other hosts that a page would load by itself; links to follow are none of them."""
    parser = _Loads()
    parser.feed(html)
    return parser.found


def foreign_loads_below(folder: Path) -> list[str]:
    """'page: address' for every foreign address that a page or style sheet below `folder` loads."""
    found = []
    for path in sorted(folder.rglob("*.html")):
        found += [f"{path.relative_to(folder)}: {a}" for a in foreign_loads(path.read_text(encoding="utf-8"))]
    for path in sorted(folder.rglob("*.css")):
        addresses = re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]+)", path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(folder)}: {a}" for a in addresses]
    return found
