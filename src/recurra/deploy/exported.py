"""A fitted model as it leaves the house: its graphs, what they cannot say, and what it said of a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from recurra.deploy.graph.nodes import Graph


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs of one row [w], or [T, w] on an axis (tokens [T]), by name, and the outputs that the model gave for it."""

    inputs: Mapping[str, npt.NDArray]
    outputs: Mapping[str, npt.NDArray]


@dataclass(frozen=True, eq=False)
class Exported:
    """What `write_onnx` and `write_c` write of a model.

    whole       a row goes in, its outputs come out
    step        the newest step goes in; None, and the reason, where nothing can be said before the end
    sidecar     what a graph cannot say: how inputs are made, what outputs are called
    cases       rows and what the model says of them
    step_cases  one row step by step, from the beginning
    tokenizers  by the name of its file, what cuts a text into tokens: of the package `tokenizers`
    """

    what: str
    whole: Graph
    step: Graph | None
    sidecar: Mapping[str, Any]
    cases: tuple[Case, ...]
    step_cases: tuple[Case, ...] = ()
    why_no_step: str = ""
    tokenizers: Mapping[str, Any] = field(default_factory=dict)
