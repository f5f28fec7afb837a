"""Visits of a shop, generated: customers walk along a shelf in steps of their own, and take something else in between.

An aisle has ten items in a row. A visit stays in one aisle and goes one, two or three items ahead each time, round and
round; a quarter of the events are impulses, popular items of any aisle. What comes next needs the step of the visit,
which no single past event tells, and which an impulse hides from whoever looks only at the last two.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

AISLES = ("tea", "bread", "fruit", "garden", "paper", "wool", "tools", "games")
ITEMS = 10
VISITS, IMPULSE = 2000, 0.25
_START = np.datetime64("2024-03-01T08:00:00", "s")


def make_shop(visits: int = VISITS, seed: int = 0) -> pd.DataFrame:
    """session, time, item, price: a row for each event, in order of time within a session.

    >>> make_shop(2)["session"].nunique()
    2
    """
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(2, 2 + len(AISLES) * ITEMS)
    popular = rng.permutation(len(AISLES) * ITEMS)
    prices = np.round(rng.lognormal(1.5, 0.6, size=len(AISLES) * ITEMS), 2)
    rows = []
    starts = np.sort(rng.integers(0, 60 * 86_400, size=visits))
    for visit in range(visits):
        aisle, place, step = rng.integers(len(AISLES)), rng.integers(ITEMS), rng.integers(1, 4)
        time = float(starts[visit])
        for _ in range(3 + rng.poisson(5)):
            if rng.random() < IMPULSE:
                item = int(rng.choice(popular, p=shares / shares.sum()))
            else:
                place = (place + step) % ITEMS
                item = int(aisle * ITEMS + place)
            rows.append((f"v{visit + 1:04d}", time, item))
            time += float(rng.lognormal(3.0 + 0.5 * step, 0.5))
    session, times, items = zip(*rows, strict=True)
    codes = np.array(items)
    names = np.array([f"{aisle}-{k + 1}" for aisle in AISLES for k in range(ITEMS)])
    stamps = _START + np.round(np.array(times)).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "session": session,
            "time": np.datetime_as_string(stamps, unit="s"),
            "item": names[codes],
            "price": prices[codes],
        }
    )
