"""A file of labelled sequences of format 1, which release 0.1 wrote, as one of format 2: its parts in other places."""

from __future__ import annotations

from typing import Any

from recurra.deploy.model_file import Contents

_OF_THE_MODEL = ("recipe", "reader", "objective", "blend", "stacked")


def converted(contents: Contents) -> Contents:
    """The contents in format 2. Raises LookupError and TypeError for what no file of format 1 holds."""
    old = dict(contents.config)
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
