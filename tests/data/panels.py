"""Panels made by hand."""

from __future__ import annotations

import numpy as np

from recurra.data.panel.panel import Panel, Schema
from recurra.data.time.grid import Grid


def make_panel(
    series: list[np.ndarray], *, freq: str | None = None, start: int = 0, past: int = 0, known: int = 0
) -> Panel:
    """Series of the given values; `past` and `known` random columns, the latter 50 rows longer than the target."""
    rng = np.random.default_rng(0)
    lengths = np.array([len(values) for values in series])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ahead = 50 if known else 0
    rows, known_rows, count = int(offsets[-1]), int(offsets[-1]) + ahead * len(series), len(series)
    return Panel(
        schema=Schema(
            target="y",
            series="id",
            past=tuple(f"p{j}" for j in range(past)),
            known=tuple(f"k{j}" for j in range(known)),
            freq=freq,
        ),
        grid=Grid(freq),
        series=tuple(f"s{k}" for k in range(count)),
        start=np.full(count, start, dtype=np.int64),
        offsets=offsets,
        target=np.concatenate(series).astype(np.float64),
        past=rng.normal(size=(rows, past)).astype(np.float32),
        past_codes=np.zeros((rows, 0), dtype=np.int32),
        known_offsets=offsets + ahead * np.arange(count + 1),
        known=rng.normal(size=(known_rows, known)).astype(np.float32),
        known_codes=np.zeros((known_rows, 0), dtype=np.int32),
        static=np.zeros((count, 0), dtype=np.float32),
        static_codes=np.zeros((count, 0), dtype=np.int32),
    )
