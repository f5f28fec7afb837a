"""Sensors of machines, generated, and scikit-learn's digits row by row: series to make more of.

A machine has a day: its load follows the hours, its temperature follows the load slowly, its vibration grows with the
load and bursts at times, and a switch says whether it runs. Every machine has its own level and pace.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MACHINES, ROWS = 6, 480
_START = np.datetime64("2025-03-03T00:00:00", "s")


def make_sensors(machines: int = MACHINES, rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """machine, time, load, temperature, vibration, running: a row for every hour of each machine.

    >>> make_sensors(2, 10).shape
    (20, 6)
    """
    rng = np.random.default_rng(seed)
    parts = []
    for machine in range(machines):
        hours = np.arange(rows)
        level, late = rng.uniform(40, 60), rng.uniform(-2, 2)
        day = np.clip(np.sin(2 * np.pi * (hours - 6 - late) / 24), 0, None)
        running = (day > 0.05).astype(int)
        drift, warm = np.zeros(rows), np.zeros(rows)
        noise = rng.standard_normal((rows, 2))
        burst = rng.random(rows) < 0.03
        for t in range(1, rows):
            drift[t] = 0.9 * drift[t - 1] + 2.5 * noise[t, 0]
        load = running * np.clip(level * day + drift + 8, 0, None)
        for t in range(1, rows):
            warm[t] = warm[t - 1] + 0.25 * (0.5 * load[t] - warm[t - 1]) + 0.2 * noise[t, 1]
        vibration = (
            0.1 + running * (0.01 * load + 0.02 * rng.gamma(2.0, size=rows)) + burst * rng.exponential(0.6, rows)
        )
        times = np.datetime_as_string(_START + (hours * 3600).astype("timedelta64[s]"), unit="s")
        table = {
            "machine": f"m{machine + 1}",
            "time": times,
            "load": np.round(load, 1),
            "temperature": np.round(20 + warm, 2),
            "vibration": np.round(vibration, 3),
            "running": running,
        }
        parts.append(pd.DataFrame(table))
    return pd.concat(parts, ignore_index=True)


def digit_rows() -> pd.DataFrame:
    """image, column0 to column7: scikit-learn's 1,797 digits, a row of pixels for each row."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.asarray(found["images"])  # pyright: ignore[reportArgumentType, reportCallIssue]  # a Bunch
    frame = pd.DataFrame(images.reshape(-1, 8).astype(int), columns=[f"column{k}" for k in range(8)])
    frame.insert(0, "image", np.repeat(np.arange(len(images)), 8))
    return frame
