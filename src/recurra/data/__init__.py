"""From files and frames to batches: reading, understanding, the panel."""

from recurra.data.building import build_panel, understand
from recurra.data.facts import Fact
from recurra.data.grid import Grid
from recurra.data.joining import join_panels
from recurra.data.panel import Panel, Schema
from recurra.data.reading import Dialect, Table, read_table
from recurra.data.roles import infer_schema
from recurra.data.seasons import detect_seasons

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
