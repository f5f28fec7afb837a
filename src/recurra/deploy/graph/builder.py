"""Putting a graph together: a method per operation, which gives the vector that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recurra.deploy.graph.nodes import (
    COMBINATIONS,
    FUNCTIONS,
    Apply,
    Choose,
    Combine,
    Graph,
    Join,
    Linear,
    Lookup,
    Node,
    Normalise,
    Part,
    Recurrence,
    Scale,
    Vector,
)
from recurra.errors import InputError
from recurra.kernels.contract import Call


class Builder:
    """A graph in the making.

    >>> builder = Builder()
    >>> x = builder.input("x", 3)
    >>> graph = builder.finish(builder.apply(builder.linear(x, np.ones((2, 3))), "tanh"))
    >>> [type(node).__name__ for node in graph.nodes], graph.outputs[0].width
    (['Linear', 'Apply'], 2)
    """

    def __init__(self) -> None:
        self.inputs: list[Vector] = []
        self.states: list[Vector] = []
        self.nodes: list[Node] = []
        self._made = 0

    def input(self, name: str, width: int, *, whole: bool = False) -> Vector:
        """What each step is given."""
        return self._listed(self.inputs, Vector(name, width, whole))

    def state(self, name: str, width: int) -> Vector:
        """What goes from step to step."""
        return self._listed(self.states, Vector(name, width))

    def linear(self, x: Vector, weight: Any, bias: Any = None) -> Vector:
        """weight x + bias."""
        matrix = numbers(weight)
        if matrix.ndim != 2 or matrix.shape[1] != x.width:
            raise InputError(f"weight has shape {matrix.shape}: expected (outputs, {x.width}), the width of {x.name}")
        vector = None if bias is None else _fitting("bias", bias, len(matrix))
        return self._add(len(matrix), lambda y: Linear(x, y, matrix, vector))

    def scale(self, x: Vector, factor: Any = 1.0, offset: Any = 0.0) -> Vector:
        """factor * x + offset."""
        parts = _fitting("factor", factor, x.width), _fitting("offset", offset, x.width)
        return self._add(x.width, lambda y: Scale(x, y, *parts))

    def apply(self, x: Vector, function: str) -> Vector:
        """A function of each number."""
        assert function in FUNCTIONS, function
        return self._add(x.width, lambda y: Apply(x, y, function))

    def combine(self, a: Vector, b: Vector, operation: str) -> Vector:
        """Two vectors number by number."""
        assert operation in COMBINATIONS, operation
        if a.width != b.width:
            raise InputError(f"{a.name} has {a.width} numbers and {b.name} {b.width}: expected as many")
        return self._add(a.width, lambda y: Combine(a, b, y, operation))

    def add(self, a: Vector, b: Vector) -> Vector:
        """a + b."""
        return self.combine(a, b, "add")

    def multiply(self, a: Vector, b: Vector) -> Vector:
        """a * b."""
        return self.combine(a, b, "multiply")

    def choose(self, condition: Vector, a: Vector, b: Vector) -> Vector:
        """a where the condition is 0, else b."""
        assert condition.width == a.width == b.width
        return self._add(a.width, lambda y: Choose(condition, a, b, y))

    def normalise(self, x: Vector, gain: Any, bias: Any = None, *, epsilon: float) -> Vector:
        """A layer norm."""
        factor = _fitting("gain", gain, x.width)
        offset = None if bias is None else _fitting("bias", bias, x.width)
        return self._add(x.width, lambda y: Normalise(x, y, factor, offset, epsilon))

    def part(self, x: Vector, start: int, width: int) -> Vector:
        """`width` numbers of x, from place `start` on."""
        assert 0 <= start <= x.width - width
        return self._add(width, lambda y: Part(x, y, start))

    def split(self, x: Vector, parts: int) -> tuple[Vector, ...]:
        """x in so many equal parts."""
        width = x.width // parts
        return tuple(self.part(x, k * width, width) for k in range(parts))

    def join(self, parts: Sequence[Vector]) -> Vector:
        """One after the other."""
        return self._add(sum(part.width for part in parts), lambda y: Join(tuple(parts), y))

    def lookup(self, index: Vector, table: Any) -> Vector:
        """A row of a table."""
        rows = numbers(table)
        return self._add(rows.shape[1], lambda y: Lookup(index, y, rows))

    def recurrence(self, x: Vector, call: Call, name: str) -> Vector:
        """The h of a cell, whose states are `name`_h and so on."""
        hidden, width = call.sizes()
        declared = call.recurrence.cell.states
        states = tuple(self.state(f"{name}_{state.name}", hidden if k else width) for k, state in enumerate(declared))
        return self._add(width, lambda y: Recurrence(x, y, states, call))

    def finish(self, *outputs: Vector, updated: Sequence[Vector] = ()) -> Graph:
        """The graph."""
        return Graph(tuple(self.inputs), tuple(self.nodes), outputs, tuple(self.states), tuple(updated))

    def _add(self, width: int, node: Any) -> Vector:
        self._made += 1
        y = Vector(f"v{self._made}", width)
        self.nodes.append(node(y))
        return y

    def _listed(self, among: list[Vector], vector: Vector) -> Vector:
        if not vector.name.isidentifier() or any(vector.name == each.name for each in (*self.inputs, *self.states)):
            raise InputError(f"name is {vector.name!r}: expected a word of letters, digits and _, that is not taken")
        among.append(vector)
        return vector


def numbers(given: Any) -> np.ndarray:
    """A tensor or array as float32."""
    if isinstance(given, Tensor):
        given = given.detach().cpu().float().numpy()
    return np.ascontiguousarray(given, np.float32)


def _fitting(name: str, given: Any, width: int) -> np.ndarray:
    found = numbers(given).reshape(-1)
    if found.shape not in ((width,), (1,)):
        raise InputError(f"{name} has {len(found)} numbers: expected {width}, or one")
    return np.broadcast_to(found, width).copy()
