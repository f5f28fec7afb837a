"""The operations of a graph. What flows between them are the vectors of one step of one row.

A whole network is a few of these; a `Recurrence` is one node until somebody has to write out its step, and then those
of `graph.cells`. A writer (C, ONNX) knows each operation once, and nothing of layers, cells or models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recurra.kernels.contract import Call

FUNCTIONS = ("sigmoid", "tanh", "relu", "exp", "log_sigmoid", "softplus")
COMBINATIONS = ("add", "subtract", "multiply", "divide", "maximum")


@dataclass(frozen=True)
class Vector:
    """`width` float32 numbers under a name, or one whole number where `whole`."""

    name: str
    width: int
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Linear:
    """y = weight x + bias: weight [n, m], bias [n] or None."""

    x: Vector
    y: Vector
    weight: np.ndarray
    bias: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Scale:
    """y = factor * x + offset: factor and offset [n], or one number for all."""

    x: Vector
    y: Vector
    factor: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class Apply:
    """y = function(x), one of `FUNCTIONS`, number by number."""

    x: Vector
    y: Vector
    function: str


@dataclass(frozen=True)
class Combine:
    """y = a (operation) b, one of `COMBINATIONS`, number by number."""

    a: Vector
    b: Vector
    y: Vector
    operation: str


@dataclass(frozen=True)
class Choose:
    """y = a where the condition is 0, else b, number by number."""

    condition: Vector
    a: Vector
    b: Vector
    y: Vector


@dataclass(frozen=True, eq=False)
class Normalise:
    """y = gain * (x - mean) / sqrt(variance + epsilon) + bias, over all of x; bias [n] or None."""

    x: Vector
    y: Vector
    gain: np.ndarray
    bias: np.ndarray | None
    epsilon: float


@dataclass(frozen=True)
class Part:
    """y = x from place `start` on, y.width numbers."""

    x: Vector
    y: Vector
    start: int


@dataclass(frozen=True)
class Join:
    """y = the parts one after the other."""

    parts: tuple[Vector, ...]
    y: Vector


@dataclass(frozen=True, eq=False)
class Lookup:
    """y = table[index], table [tokens, n]; an index beyond it reads row 0."""

    index: Vector
    y: Vector
    table: np.ndarray


@dataclass(frozen=True, eq=False)
class Recurrence:
    """y = the h of a cell whose states go from step to step; its weights are those of `call`.

    states  of each of the cell's states a vector, h first: first values are an input of the graph, last ones an output
    """

    x: Vector
    y: Vector
    states: tuple[Vector, ...]
    call: Call


Node = Linear | Scale | Apply | Combine | Choose | Normalise | Part | Join | Lookup | Recurrence


def read_by(node: Node) -> tuple[Vector, ...]:
    """What a node reads."""
    match node:
        case Combine():
            return node.a, node.b
        case Choose():
            return node.condition, node.a, node.b
        case Join():
            return node.parts
        case Lookup():
            return (node.index,)
        case Recurrence():
            return node.x, *node.states
    return (node.x,)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each reads what is there: inputs of a step, states, and what came before it.

    outputs   of a step
    states    of every recurrence, in their order
    updated   what each state is after the step; empty while recurrences are single nodes
    """

    inputs: tuple[Vector, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Vector, ...]
    states: tuple[Vector, ...]
    updated: tuple[Vector, ...] = ()
