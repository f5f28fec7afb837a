"""From files and frames to batches: reading, understanding, the panel."""

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
