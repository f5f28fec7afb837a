"""Model files of earlier versions, told in today's words, so that they open as they did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LABELS = {"classes": "Classes", "label sets": "LabelSets", "numbers": "Numbers", "tags": "Tags"}
_OBJECTIVES = {  # by the aim of the one objective that there was, what it was and which of its fields it used
    "classes": ("ClassObjective", ("weight", "smoothing", "metric", "offset")),
    "labels": ("LabelObjective", ("weight", "smoothing")),
    "numbers": ("NumberObjective", ("mean", "spread")),
    "tags": ("TagObjective", ("weight", "smoothing")),
}


def with_objective(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a class for what is learnt, which holds its labels; until 0.1 there was one for all."""
    objective, labels = config.get("objective"), config.get("labels")
    if not isinstance(objective, Mapping) or not isinstance(labels, Mapping) or objective.get("is a") != "Objective":
        return dict(config)
    name, used = _OBJECTIVES.get(str(objective.get("aim")), ("Objective", ()))
    codec = {"is a": _LABELS.get(str(labels.get("kind")), ""), **{k: v for k, v in labels.items() if k != "kind"}}
    unused = {k: v for k, v in objective.items() if k not in (*used, "is a", "aim", "outputs")}
    fields = {k: v for k, v in objective.items() if k in used}
    surplus = {k: v for k, v in unused.items() if v not in (None, "", 0.0)}  # refused, as no such objective has it
    told = {"is a": name, "labels": codec, **fields, **surplus}
    return {k: v for k, v in config.items() if k != "labels"} | {"objective": told}
