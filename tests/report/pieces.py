"""What the reports to try the page on are made of: scores, texts with attributions, sizes, a training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEEN = {"recurra": "0.2.0", "torch": "2.13.0", "python": "3.11.9"}
GOOD = ("wonderful", "moving", "warm", "funny", "clever", "a delight", "gripping", "honest", "beautiful", "sharp")
BAD = ("dull", "clumsy", "tedious", "a mess", "lifeless", "predictable", "flat", "silly", "pointless", "stale")


def scores(rows: dict, names: tuple[str, ...], half: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(names)).rename_axis("method")
    long = table.reset_index().melt("method", var_name="score", value_name="value")
    spread = half * long["value"].abs().clip(lower=0.02)
    return table, pd.DataFrame(
        {
            "method": long["method"],
            "score": long["score"],
            "low": long["value"] - spread,
            "high": long["value"] + spread,
        }
    )


def words(number: int, text: str, random: np.random.Generator) -> pd.DataFrame:
    tokens = text.split()
    strong = {word for phrase in GOOD for word in phrase.split()} | {"رائع"}
    weak = {word for phrase in BAD for word in phrase.split()} | {"مملة", "not"}
    sizes = [2.0 if token.strip(",.:") in strong else -1.6 if token.strip(",.:") in weak else 0.1 for token in tokens]
    attribution = np.array(sizes) * random.uniform(0.5, 1.2, len(tokens))
    return pd.DataFrame(
        {"example": number, "step": range(1, len(tokens) + 1), "token": tokens, "attribution": attribution}
    )


def letters(number: int, text: str, strong: set[str], weak: set[str], after: str) -> pd.DataFrame:
    attribution = [1.5 if letter in strong else -0.9 if letter in weak else 0.05 for letter in text]
    columns = {"token": list(text), "attribution": attribution, "after": after}
    return pd.DataFrame({"example": number, "step": range(1, len(text) + 1), **columns})


def sizes(counts: dict) -> pd.DataFrame:
    parts = ("train", "validation", "test")
    return pd.DataFrame(
        [(part, name, n) for name, row in counts.items() for part, n in zip(parts, row, strict=True)],
        columns=["part", "class", "count"],
    )


def lengths(means: dict, random: np.random.Generator) -> pd.DataFrame:
    parts = []
    for name, mean in means.items():
        lengths, counts = np.unique(1 + random.gamma(4.0, mean / 4, 3000).astype(int), return_counts=True)
        parts.append(pd.DataFrame({"class": name, "length": lengths, "count": counts}))
    return pd.concat(parts, ignore_index=True)


def training(random: np.random.Generator) -> dict[str, Any]:
    curves, flow = [], []
    for member in (1, 2, 3):
        step = np.arange(0, 600, 10)
        loss = 0.3 + 0.39 * np.exp(-step / 150) + 0.01 * random.standard_normal(len(step))
        check = np.where(step % 60 == 0, 0.42 + 0.27 * np.exp(-step / 120) + 0.00006 * step, np.nan)
        rate = 3e-3 * np.sin(np.pi * (step + 1) / 620)
        columns = {"step": step, "train_loss": loss, "validation_loss": check, "learning_rate": rate}
        curves.append(pd.DataFrame({"run": "final", "member": member, **columns}))
        back = np.tile(np.arange(24), 4)
        looked = np.repeat([10, 100, 300, 600], 24)
        gradient = 10.0 ** (-0.12 * back * 200 / (looked + 100))
        flow.append(pd.DataFrame({"member": member, "step": looked, "back": back, "gradient": gradient}))
    return {"learning": pd.concat(curves, ignore_index=True), "flow": pd.concat(flow, ignore_index=True)}
