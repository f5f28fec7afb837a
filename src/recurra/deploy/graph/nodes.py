"""The operations of a graph. What flows between them are vectors: of one step of one row, or of the row as a whole.

A network is a few of these; a `Recurrence` is one node until somebody has to write out its step, and then those
of `graph.cells`. A writer (C, ONNX) knows each operation once, and nothing of layers, cells or models.

The graph of a layer has vectors of a step alone. The graph of a whole model has axes: a vector lies on an axis, one for
each of its steps, or on none (`at` is ""), one for the row. `Spread`, `Reshape`, `Pool` and
`Shrink` go from one to another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recurra.kernels.contract import Call

FUNCTIONS = ("sigmoid", "tanh", "relu", "exp", "log_sigmoid", "softplus")
FUNCTIONS += ("log", "sqrt", "abs", "gelu", "asinh", "floor")
FUNCTIONS += ("known", "zeroed")  # known: 1 of a finite number, 0 of others
COMBINATIONS = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
COMBINATIONS += ("less", "at_most")  # 1 where a < b, a <= b, else 0
STEP = "step"  # the axis of the graph of a layer


@dataclass(frozen=True)
class Vector:
    """`width` float32 numbers under a name: float64 where `double`, int64 (int32 in C) where `whole`.

    `at` is the axis on which there is one for each step; "" where there is one for the row.
    """

    name: str
    width: int
    whole: bool = False
    at: str = STEP
    double: bool = False


@dataclass(frozen=True)
class Axis:
    """Steps: so many, or, where `steps` is None, as many as a row has; of those of `of`, every `shrink` are one."""

    name: str
    steps: int | None = None
    of: str | None = None
    shrink: int = 1


@dataclass(frozen=True, eq=False)
class Linear:
    """y = weight x + bias: weight [n, m], bias [n] or None. `exact` weights are not learnt, and never rounded."""

    x: Vector
    y: Vector
    weight: np.ndarray
    bias: np.ndarray | None
    exact: bool = False


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
    """y = table[index], table [tokens, n]; an index beyond it reads row 0. An `exact` table is never rounded."""

    index: Vector
    y: Vector
    table: np.ndarray
    exact: bool = False


@dataclass(frozen=True, eq=False)
class Recurrence:
    """y = the h of a cell whose states go from step to step; its weights are those of `call`.

    states  of each of the cell's states a vector, h first: first values are an input of the graph, last ones an output
    """

    x: Vector
    y: Vector
    states: tuple[Vector, ...]
    call: Call


@dataclass(frozen=True)
class Cast:
    """y = x in another type."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Softmax:
    """y = exp(x) / sum exp(x)."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Argmax:
    """y = the place of the largest number of x, the first of several; one whole number."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Clip:
    """y = x, no number below `low` or above `high`."""

    x: Vector
    y: Vector
    low: float
    high: float


@dataclass(frozen=True)
class LastKnown:
    """x, of which `known` is 1 where a number is there, in seasons of y.width numbers that end with x's last.

    y[j] is number j of the latest season that has it; 0 where none has. What is before the first whole season is not
    looked at.
    """

    x: Vector
    known: Vector
    y: Vector


@dataclass(frozen=True)
class Spread:
    """y = x, the same at every step of y's axis."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Reshape:
    """The numbers of x as those of y, in their order: of a row as so many steps, or of steps as a row."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Pool:
    """A row's vector from those of its steps: "first", "last", "mean", "max" or "attention" (softmax of `score`).

    Of a row without a step everything is 0.
    """

    x: Vector
    y: Vector
    kind: str
    score: Vector | None = None


@dataclass(frozen=True, eq=False)
class Convolution:
    """y_t = bias + sum_k weight_k x_(t + k - K // 2), zeros beyond the ends of a row: weight [n, m, K], K odd."""

    x: Vector
    y: Vector
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Shrink:
    """y_s = the largest of each number over the steps of x that are one step of y's axis."""

    x: Vector
    y: Vector


@dataclass(frozen=True, eq=False)
class Waves:
    """y_t = the sines, then the cosines, of 2 pi t / lengths [n]; t counts the steps of y's axis from 0."""

    y: Vector
    lengths: np.ndarray


@dataclass(frozen=True, eq=False)
class Counted:
    """y = sum of coefficients [D, n] over the n-grams [D] of tokens that are in a row, by what each is worth there.

    `grams` are their tokens, sorted by `keys` (`evaluation.shared.ngrams`); `values` says what one is worth:
    "binary", "counts" or "normalised".
    """

    x: Vector
    y: Vector
    keys: np.ndarray
    grams: tuple[tuple[int, ...], ...]
    coefficients: np.ndarray
    values: str


@dataclass(frozen=True, eq=False)
class Fixed:
    """y = the same numbers for every row."""

    y: Vector
    values: np.ndarray


@dataclass(frozen=True)
class Repeat:
    """y = the one number of x, again and again."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Largest:
    """y = the largest number of x."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Running:
    """y_j = the sum, or the largest ("sum", "max"), of x_0 ... x_j."""

    x: Vector
    y: Vector
    kind: str


@dataclass(frozen=True)
class Pick:
    """y_j = number index_j of x, counted from 0; an index beyond either end reads the number there.

    `index` are whole numbers, of whatever type.
    """

    x: Vector
    index: Vector
    y: Vector


@dataclass(frozen=True)
class Sort:
    """y = the numbers of x, the smallest first."""

    x: Vector
    y: Vector


@dataclass(frozen=True)
class Correlate:
    """y_m = sum over t of a_(t+m) b_t, for every lag m from 0 on; float64."""

    a: Vector
    b: Vector
    y: Vector


Node = (
    Linear | Scale | Apply | Combine | Choose | Normalise | Part | Join | Lookup | Recurrence | Cast | Softmax | Argmax
    | Clip | LastKnown | Spread | Reshape | Pool | Convolution | Shrink | Waves | Counted | Fixed | Repeat | Largest
    | Running | Pick | Sort | Correlate
)  # fmt: skip


def read_by(node: Node) -> tuple[Vector, ...]:
    """What a node reads."""
    match node:
        case Combine() | Correlate():
            return node.a, node.b
        case Choose():
            return node.condition, node.a, node.b
        case Join():
            return node.parts
        case Lookup():
            return (node.index,)
        case Recurrence():
            return node.x, *node.states
        case LastKnown():
            return node.x, node.known
        case Pool() if node.score is not None:
            return node.x, node.score
        case Pick():
            return node.x, node.index
        case Waves() | Fixed():
            return ()
    return (node.x,)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each reads what is there: inputs of a step, states, and what came before it.

    outputs   of a step
    states    of every recurrence, in their order
    updated   what each state is after the step; empty while recurrences are single nodes
    names     of the outputs; empty: y, or y0, y1, ...
    axes      of a whole model; a graph of a layer has none
    """

    inputs: tuple[Vector, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Vector, ...]
    states: tuple[Vector, ...]
    updated: tuple[Vector, ...] = ()
    names: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()

    def axis(self, name: str) -> Axis:
        """The axis of this name."""
        return next(each for each in self.axes if each.name == name)
