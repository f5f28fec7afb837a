"""What is asked of a golden file, and what it says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from tests.golden import others
from tests.golden.commands import predicted
from tests.golden.own import FACTORIES
from tests.golden.plain import back, plain

import recurra as rc

__all__ = ["back", "plain", "said"]


def said(path: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """What the model in `path` says of what is `asked` of it, as plain JSON."""
    if "file" in asked:
        with tempfile.TemporaryDirectory() as folder:
            return {"predicted": plain(predicted(path, asked["file"], Path(folder)))}
    if "other" in asked:
        return others.said(path, back(asked["other"]))
    model = rc.load(path, network=FACTORIES.get(asked["network"]))
    data = back(asked["data"])
    found: dict[str, Any] = {"verdict": model.verdict_, "cell": model.cell, "seed": model.seed}
    if isinstance(model, rc.Forecaster):
        found |= {"ahead": plain(model.predict()), "later": plain(model.predict(data, levels=[50, 99]))}
        return found
    found["labels"] = plain(model.predict(data))
    if hasattr(model, "predict_proba"):
        found["probabilities"] = plain(model.predict_proba(data))
        found["classes"] = plain(model.classes_)
    if asked["labels"] is not None:
        table = model.evaluate(data, back(asked["labels"])).table
        found["scores"] = plain(pd.DataFrame(table).rename_axis("model").reset_index())
    return found
