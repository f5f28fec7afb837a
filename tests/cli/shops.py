"""Small data for the tests of the command line, and what the command makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HORIZON, DAYS, SHOPS = 7, 140, ("Bonn", "Köln, West")


@dataclass(frozen=True)
class Made:
    """The folder of the outputs, the file they were made from, the arguments, and what was printed."""

    folder: Path
    source: Path
    arguments: list[str]
    printed: str
    progress: str


def shop_sales(days: int = DAYS, *, seed: int = 0) -> pd.DataFrame:
    """Daily sales of two shops with a weekly season; a longer table begins as a shorter one does."""
    dates = pd.date_range("2025-01-01", periods=days)
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 2, (days, len(SHOPS)))
    parts = [
        pd.DataFrame({"day": dates, "shop": shop, "units": 50 + 20 * s + 9 * (dates.day_of_week == 5) + noise[:, s]})
        for s, shop in enumerate(SHOPS)
    ]
    return pd.concat(parts, ignore_index=True).round({"units": 3})
