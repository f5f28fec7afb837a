"""A forecaster's file of format 1, which release 0.1 wrote, as one of format 2: the same under other names."""

from __future__ import annotations

from typing import Any

from recurra.deploy.model_file import Contents

_TENSORS = {
    "stretch": "model/calibration/stretch",
    "naive_error": "model/naive_error",
    "scaling/": "model/scaling/",
    "tail/": "model/panel/",
    "network/": "weights/",
}


def converted(contents: Contents) -> Contents:
    """The contents in format 2. Raises LookupError and TypeError for what no file of format 1 holds."""
    old, members = contents.config, contents.config["members"]
    recipe, grid, schema = old["recipe"], old["grid"], old["data_schema"]
    model = {
        "recipe": _part("Recipe", recipe)
        | {
            "network": _part("NetworkOptions", recipe["network"]),
            "training": _part("TrainingOptions", recipe["training"]),
        },
        "scaling": _part("Scaling", old["scaling"]),
        "panel": _part("Panel", {"series": old["series"]})
        | {"schema": _counted("Schema", schema), "grid": _counted("Grid", grid)},
        "calibration": _part("Calibration", old["calibration"]),
    }
    header = {"made_by": old["made_by"], "verdict": old["verdict"], "members": len(members)}
    config = {"header": _part("Header", header | {"own_network": old.get("own_network")})}
    config["model"] = _part("ForecastModel", model)
    for k, member in enumerate(members):
        config[f"member/{k}"] = _part("WindowMember", {"shape": _part("WindowShape", member["shape"])})
    return Contents(contents.kind, config, {_renamed(name): value for name, value in contents.tensors.items()})


def _part(kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    return {**plain, "is a": kind}


def _counted(kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    """A schema or a grid, whose first files say nothing of counting."""
    counting = {"counting": _part("Counting", plain["counting"])} if "counting" in plain else {}
    return _part(kind, plain) | counting


def _renamed(name: str) -> str:
    for old, new in _TENSORS.items():
        if name == old or (old.endswith("/") and name.startswith(old)):
            return new + name[len(old) :]
    return name
