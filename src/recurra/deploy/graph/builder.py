"""Putting a graph together: a method per operation, which gives the vector that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recurra.deploy.graph.nodes import (
    COMBINATIONS,
    FUNCTIONS,
    STEP,
    Apply,
    Argmax,
    Axis,
    Cast,
    Choose,
    Clip,
    Combine,
    Convolution,
    Correlate,
    Counted,
    Fixed,
    Graph,
    Join,
    Largest,
    LastKnown,
    Linear,
    Lookup,
    Node,
    Normalise,
    Part,
    Pick,
    Pool,
    Recurrence,
    Repeat,
    Reshape,
    Running,
    Scale,
    Shrink,
    Softmax,
    Sort,
    Spread,
    Vector,
    Waves,
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
        self.updates: dict[str, Vector] = {}  # by its state's name, what it is after the step
        self.axes: list[Axis] = []
        self._made = 0

    def input(self, name: str, width: int, *, whole: bool = False, at: str = STEP, double: bool = False) -> Vector:
        """What each step is given, or, at "", the row."""
        return self._listed(self.inputs, Vector(name, width, whole, at, double))

    def state(self, name: str, width: int, *, at: str = STEP, double: bool = False, whole: bool = False) -> Vector:
        """What goes from step to step."""
        return self._listed(self.states, Vector(name, width, whole, at, double))

    def axis(self, name: str, steps: int | None = None, *, of: str | None = None, shrink: int = 1) -> str:
        """The name of an axis of the graph of a whole model."""
        self.axes.append(Axis(name, steps, of, shrink))
        return name

    def linear(self, x: Vector, weight: Any, bias: Any = None, *, exact: bool = False) -> Vector:
        """weight x + bias; `exact` weights are not learnt."""
        matrix = np.asarray(weight, np.float64) if x.double else numbers(weight)
        if matrix.ndim != 2 or matrix.shape[1] != x.width:
            raise InputError(f"weight has shape {matrix.shape}: expected (outputs, {x.width}), the width of {x.name}")
        vector = None if bias is None else _fitting("bias", bias, len(matrix), np.float64 if x.double else np.float32)
        return self._add(len(matrix), lambda y: Linear(x, y, matrix, vector, exact), x)

    def scale(self, x: Vector, factor: Any = 1.0, offset: Any = 0.0) -> Vector:
        """factor * x + offset."""
        dtype = np.float64 if x.double else np.float32
        parts = _fitting("factor", factor, x.width, dtype), _fitting("offset", offset, x.width, dtype)
        return self._add(x.width, lambda y: Scale(x, y, *parts), x)

    def apply(self, x: Vector, function: str) -> Vector:
        """A function of each number."""
        assert function in FUNCTIONS, function
        return self._add(x.width, lambda y: Apply(x, y, function), x)

    def combine(self, a: Vector, b: Vector, operation: str) -> Vector:
        """Two vectors number by number."""
        assert operation in COMBINATIONS, operation
        if a.width != b.width:
            raise InputError(f"{a.name} has {a.width} numbers and {b.name} {b.width}: expected as many")
        return self._add(a.width, lambda y: Combine(a, b, y, operation), a, b)

    def add(self, a: Vector, b: Vector) -> Vector:
        """a + b."""
        return self.combine(a, b, "add")

    def multiply(self, a: Vector, b: Vector) -> Vector:
        """a * b."""
        return self.combine(a, b, "multiply")

    def choose(self, condition: Vector, a: Vector, b: Vector) -> Vector:
        """a where the condition is 0, else b."""
        assert condition.width == a.width == b.width
        return self._add(a.width, lambda y: Choose(condition, a, b, y), a, b, condition)

    def normalise(self, x: Vector, gain: Any, bias: Any = None, *, epsilon: float) -> Vector:
        """A layer norm."""
        factor = _fitting("gain", gain, x.width)
        offset = None if bias is None else _fitting("bias", bias, x.width)
        return self._add(x.width, lambda y: Normalise(x, y, factor, offset, epsilon), x)

    def part(self, x: Vector, start: int, width: int) -> Vector:
        """`width` numbers of x, from place `start` on."""
        assert 0 <= start <= x.width - width
        return self._add(width, lambda y: Part(x, y, start), x, whole=x.whole)

    def wide(self, x: Vector, width: int) -> Vector:
        """The one number of x, `width` times."""
        return x if width == 1 else self._add(width, lambda y: Repeat(x, y), x)

    def total(self, x: Vector) -> Vector:
        """The sum of x, one number."""
        return self.linear(x, np.ones((1, x.width)), exact=True)

    def split(self, x: Vector, parts: int) -> tuple[Vector, ...]:
        """x in so many equal parts."""
        width = x.width // parts
        return tuple(self.part(x, k * width, width) for k in range(parts))

    def join(self, parts: Sequence[Vector]) -> Vector:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        width = sum(part.width for part in parts)
        return self._add(width, lambda y: Join(tuple(parts), y), *parts, whole=parts[0].whole)

    def lookup(self, index: Vector, table: Any, *, exact: bool = False) -> Vector:
        """A row of a table."""
        rows = numbers(table)
        return self._add(rows.shape[1], lambda y: Lookup(index, y, rows, exact), index, double=False)

    def cast(self, x: Vector, *, double: bool) -> Vector:
        """x in float64 or float32."""
        return x if x.double == double else self._add(x.width, lambda y: Cast(x, y), x, double=double)

    def softmax(self, x: Vector) -> Vector:
        """Shares."""
        return self._add(x.width, lambda y: Softmax(x, y), x)

    def argmax(self, x: Vector) -> Vector:
        """The place of the largest number."""
        return self._add(1, lambda y: Argmax(x, y), x, whole=True)

    def clip(self, x: Vector, low: float, high: float) -> Vector:
        """No number below `low` or above `high`."""
        return self._add(x.width, lambda y: Clip(x, y, low, high), x)

    def last_known(self, x: Vector, known: Vector, season: int) -> Vector:
        """The latest season."""
        return self._add(season, lambda y: LastKnown(x, known, y), x)

    def spread(self, x: Vector, axis: str) -> Vector:
        """x at every step of an axis."""
        return self._add(x.width, lambda y: Spread(x, y), x, at=axis)

    def reshape(self, x: Vector, axis: str, width: int) -> Vector:
        """The numbers of x as vectors of `width`, on an axis or, at "", on none."""
        return self._add(width, lambda y: Reshape(x, y), x, at=axis, whole=x.whole)

    def pool(self, x: Vector, kind: str, score: Vector | None = None) -> Vector:
        """One vector for the row."""
        return self._add(x.width, lambda y: Pool(x, y, kind, score), x, at="")

    def convolution(self, x: Vector, weight: Any, bias: Any) -> Vector:
        """Over the steps; weight [n, m, K]."""
        kernel, offset = numbers(weight), numbers(bias)
        return self._add(len(kernel), lambda y: Convolution(x, y, kernel, offset), x)

    def shrink(self, x: Vector, axis: str) -> Vector:
        """The largest of several steps."""
        return self._add(x.width, lambda y: Shrink(x, y), x, at=axis)

    def waves(self, axis: str, lengths: Any) -> Vector:
        """Sines and cosines of the step's number."""
        each = np.asarray(lengths, np.float32)
        return self._add(2 * len(each), lambda y: Waves(y, each), Vector("", 0, at=axis))

    def counted(self, x: Vector, keys: Any, grams: Any, coefficients: Any, values: str) -> Vector:
        """What the n-grams of tokens are worth."""
        weights = numbers(coefficients)
        return self._add(weights.shape[1], lambda y: Counted(x, y, keys, grams, weights, values), x, at="", whole=False)

    def fixed(self, values: Any, *, double: bool = False) -> Vector:
        """The same numbers for every row."""
        array = np.asarray(values, np.float64 if double else np.float32).reshape(-1)
        return self._add(len(array), lambda y: Fixed(y, array), Vector("", 0, at="", double=double))

    def largest(self, x: Vector) -> Vector:
        """The largest number of x."""
        return self._add(1, lambda y: Largest(x, y), x)

    def running(self, x: Vector, kind: str) -> Vector:
        """The sum or the largest number ("sum", "max") up to each number of x."""
        return self._add(x.width, lambda y: Running(x, y, kind), x)

    def pick(self, x: Vector, index: Vector) -> Vector:
        """The numbers of x at these places; places beyond it are those at its ends."""
        return self._add(index.width, lambda y: Pick(x, index, y), x)

    def sort(self, x: Vector) -> Vector:
        """The smallest number first."""
        return self._add(x.width, lambda y: Sort(x, y), x)

    def correlate(self, a: Vector, b: Vector, lags: int) -> Vector:
        """sum over t of a_(t+m) b_t for m = 0 ... lags - 1, of two vectors in float64."""
        assert a.double
        assert b.double
        assert a.width == b.width
        return self._add(lags, lambda y: Correlate(a, b, y), a)

    def update(self, state: Vector, vector: Vector) -> None:
        """What a state is after the step."""
        self.updates[state.name] = vector

    def recurrence(self, x: Vector, call: Call, name: str) -> Vector:
        """The h of a cell, whose states are `name`_h and so on."""
        hidden, width = call.sizes()
        declared = call.recurrence.cell.states
        made = [Vector(f"{name}_{state.name}", width if not k else hidden, at=x.at) for k, state in enumerate(declared)]
        # along an axis the states begin and end inside the graph; from step to step they are its own
        states = tuple(self._listed(self.states, each) if x.at in ("", STEP) else each for each in made)
        return self._add(width, lambda y: Recurrence(x, y, states, call), x)

    def finish(self, *outputs: Vector, updated: Sequence[Vector] = (), names: Sequence[str] = ()) -> Graph:
        """The graph."""
        if self.updates and not updated:
            updated = [self.updates.get(state.name, state) for state in self.states]
        inputs, nodes = tuple(self.inputs), tuple(self.nodes)
        return Graph(inputs, nodes, outputs, tuple(self.states), tuple(updated), tuple(names), tuple(self.axes))

    def _add(self, width: int, node: Any, *read: Vector, **changed: Any) -> Vector:
        """The vector of a node, of the type and on the axis of what it reads, but for what is `changed`."""
        self._made += 1
        at = next((each.at for each in read if each.at), "")
        y = Vector(**{"name": f"v{self._made}", "width": width, "at": at, "double": read[0].double, **changed})
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


def _fitting(name: str, given: Any, width: int, dtype: Any = np.float32) -> np.ndarray:
    found = (numbers(given) if dtype == np.float32 else np.asarray(given, dtype)).reshape(-1)
    if found.shape not in ((width,), (1,)):
        raise InputError(f"{name} has {len(found)} numbers: expected {width}, or one")
    return np.broadcast_to(found, width).copy()
