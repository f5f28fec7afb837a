"""From files and frames to batches: reading, understanding, the panel."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recurra.data.files.read_table import Dialect, Table, read_table
    from recurra.data.panel.building import build_panel, understand
    from recurra.data.panel.joining import join_panels
    from recurra.data.panel.panel import Panel, Schema
    from recurra.data.panel.seasons import detect_seasons
    from recurra.data.schema.facts import Fact
    from recurra.data.schema.roles import infer_schema
    from recurra.data.time.grid import Grid

__all__ = [
    "Dialect",
    "Fact",
    "Grid",
    "Panel",
    "Schema",
    "Table",
    "build_panel",
    "detect_seasons",
    "infer_schema",
    "join_panels",
    "read_table",
    "understand",
]

# They need pandas, and a task's declaration (`examples.target`) does without it.
_LATER = {
    "Dialect": "files.read_table",
    "Fact": "schema.facts",
    "Grid": "time.grid",
    "Panel": "panel.panel",
    "Schema": "panel.panel",
    "Table": "files.read_table",
    "build_panel": "panel.building",
    "detect_seasons": "panel.seasons",
    "infer_schema": "schema.roles",
    "join_panels": "panel.joining",
    "read_table": "files.read_table",
    "understand": "panel.building",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'recurra.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"recurra.data.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
