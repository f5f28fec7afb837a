"""A log of the tests, and a small network for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

TRAINING = {"epochs": 4.0, "batch_size": 16}
NETWORK = {"hidden": 24, "embedding": 16, "dropout": 0.0}


def log_of(visits: int = 150) -> pd.DataFrame:
    """Sessions that walk round ten items in steps of one or two: two events say which."""
    rng = np.random.default_rng(0)
    rows = []
    for visit in range(visits):
        place, step = rng.integers(10), rng.integers(1, 3)
        for event in range(8):
            rows.append(
                (f"s{visit}", 1.4e9 + visit * 1000 + 10 * event, f"i{(place + event * step) % 10}", float(step))
            )
    return pd.DataFrame(rows, columns=["session", "time", "item", "price"])
