"""A file of examples that was read, and on what of it, or of another one, a model is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recurra.data.schema.facts import Fact


@dataclass(frozen=True, eq=False)
class Opened:
    """A file that was read: its rows, what was found out about it, and the name that outputs take."""

    frame: pd.DataFrame
    facts: list[Fact]
    name: str
    source: str
    folder: Path | None = None  # from which relative paths in it count


@dataclass(frozen=True)
class Judging:
    """On what a model is judged: a file of its own, or a share of the examples."""

    test: str | None
    share: float
