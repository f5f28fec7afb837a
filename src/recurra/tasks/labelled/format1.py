"""A file of labelled sequences of format 1, which release 0.1 wrote, as one of format 2: its parts in other places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recurra.deploy.model_file import Contents

_OF_THE_MODEL = ("recipe", "reader", "blend", "stacked")
_LABELS = {"classes": "Classes", "label sets": "LabelSets", "numbers": "Numbers", "tags": "Tags"}
_OBJECTIVES = {  # by the aim of the one objective that there was, what it was and which of its fields it used
    "classes": ("ClassObjective", ("weight", "smoothing", "metric", "offset")),
    "labels": ("LabelObjective", ("weight", "smoothing")),
    "numbers": ("NumberObjective", ("mean", "spread")),
    "tags": ("TagObjective", ("weight", "smoothing")),
}


def converted(contents: Contents) -> Contents:
    """The contents in format 2. Raises LookupError and TypeError for what no file of format 1 holds."""
    old = _with_objective(contents.config)
    header: dict[str, Any] = dict(old.pop("header"))
    own, usage = old.pop("own network", None), {name: header.pop(name) for name in ("empty", "table", "inputs")}
    baselines = [old.pop(f"baseline/{k}") for k in range(header.pop("baselines"))]
    model = {name: old.pop(name) for name in _OF_THE_MODEL if name in old}
    config = old | {
        "header": header | {"own_network": own},
        "usage": usage | {"is a": "Usage"},
        "model": model | {"is a": "SequenceModel", "stacked": model.get("stacked"), "baselines": baselines},
    }
    tensors = {_renamed(name): value for name, value in contents.tensors.items()}
    return Contents(contents.kind, config, tensors)


def _renamed(name: str) -> str:
    part, _, rest = name.partition("/")
    if part == "baseline":
        return f"model/baselines/{rest}"
    return f"model/{name}" if part in _OF_THE_MODEL else name


def _with_objective(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a class for what is learnt, which holds its labels; until then there was one for all."""
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
