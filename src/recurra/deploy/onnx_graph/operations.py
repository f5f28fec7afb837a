"""Each operation of a graph in ONNX's operators; vectors stand in the last dimension, whatever is before it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from recurra.deploy.graph.nodes import (
    Apply,
    Argmax,
    Cast,
    Choose,
    Clip,
    Combine,
    Correlate,
    Join,
    Largest,
    Linear,
    Lookup,
    Node,
    Normalise,
    Part,
    Pick,
    Repeat,
    Running,
    Scale,
    Softmax,
    Sort,
    Vector,
)
from recurra.deploy.graph.rounding import LEAST
from recurra.errors import InputError
from recurra.kernels.rounding import rounded
from recurra.language import _

_COMBINATIONS = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max"}
_COMBINATIONS |= {"minimum": "Min"}
_COMPARISONS = {"less": "Less", "at_most": "LessOrEqual"}
_FUNCTIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exp": "Exp", "softplus": "Softplus"}
_FUNCTIONS |= {"log": "Log", "sqrt": "Sqrt", "abs": "Abs", "floor": "Floor", "asinh": "Asinh"}
_SMALL = 64  # numbers that are compared as they are


class Operations:
    """ONNX nodes and constants in the making, of a graph or of the body of a Scan; names begin with `prefix`.

    With `int8` large weights are whole numbers from -127 to 127 with a scale for each output.
    """

    def __init__(self, prefix: str = "", *, int8: bool = False) -> None:
        self.int8 = int8
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.stored: dict[tuple[Any, ...], str] = {}  # the names of constants by what they are
        self.prefix = prefix
        self.renamed: dict[str, str] = {}  # what is read under another name than its own

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """The name of a tensor of constant values; InputError where one is not finite."""
        array = np.array(values, dtype, order="C")
        if not np.isfinite(array).all():
            raise InputError(_("a weight is not a finite number: expected a network whose training went well"))
        key = (
            array.dtype.str,
            array.shape,
            array.tobytes() if array.size <= _SMALL else sha256(array.tobytes()).digest(),
        )
        if key not in self.stored:
            self.stored[key] = f"{self.prefix}w{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self.stored[key]))
        return self.stored[key]

    def like(self, values: Any, vector: Vector) -> str:
        """A constant of the type of a vector."""
        return self.constant(values, np.float64 if vector.double else np.float32)

    def weight(self, matrix: np.ndarray, *, transposed: bool = False, leading: bool = False) -> str:
        """Learnt weights [n, m], a row for each output; [m, n] where `transposed`, [1, n, m] where `leading`."""

        def laid(array: np.ndarray) -> np.ndarray:
            return array.T if transposed else array[None] if leading else array

        if not self.int8 or matrix.size < LEAST:
            return self.constant(laid(matrix), matrix.dtype)
        whole, scale = rounded(matrix)
        # a DequantizeLinear onnxruntime would join with the product, and round what is multiplied too
        numbers = self.cast(self.constant(laid(whole), np.int8), TensorProto.FLOAT)
        return self.add("Mul", numbers, self.constant(laid(scale[:, None])))

    def add(self, operator: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        """One operator with one output; its name."""
        name = to or f"{self.prefix}t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def cast(self, x: str, dtype: int) -> str:
        """x in another dtype, one of `onnx.TensorProto`."""
        name = f"{self.prefix}t{len(self.nodes)}"
        self.nodes.append(helper.make_node("Cast", [x], [name], to=dtype))
        return name

    def write(self, node: Node) -> None:
        """A node of a graph that is no recurrence: the names of vectors are those of tensors, behind the prefix."""
        to = self.prefix + node.y.name
        match node:
            case Linear(x, _, weight, bias, exact):
                matrix = self.like(weight.T, x) if exact else self.weight(weight, transposed=True)
                product = self.add("MatMul", self.of(x), matrix, to=None if bias is not None else to)
                if bias is not None:
                    self.add("Add", product, self.like(bias, x), to=to)
            case Scale(x, _, factor, offset):
                self.add("Add", self.add("Mul", self.of(x), self.like(factor, x)), self.like(offset, x), to=to)
            case Apply(x, y, "known"):
                kind = TensorProto.DOUBLE if y.double else TensorProto.FLOAT
                self.nodes.append(helper.make_node("Cast", [self._known(x)], [to], to=kind))
            case Apply(x, _, "zeroed"):
                self.add("Where", self._known(x), self.of(x), self.like(0.0, x), to=to)
            case Apply(x, _, "gelu"):
                half = self.add("Mul", self.of(x), self.constant(0.5))
                error = self.add("Erf", self.add("Mul", self.of(x), self.constant(np.sqrt(0.5))))
                self.add("Mul", half, self.add("Add", error, self.constant(1.0)), to=to)
            case Cast(_, y):
                kind = TensorProto.DOUBLE if y.double else TensorProto.FLOAT
                self.nodes.append(helper.make_node("Cast", [self.of(node.x)], [to], to=kind))
            case Softmax(x, _):
                self.add("Softmax", self.of(x), to=to, axis=-1)
            case Argmax(x, _):
                self.add("ArgMax", self.of(x), to=to, axis=-1, keepdims=1)
            case Clip(x, _, low, high):
                self.add("Clip", self.of(x), self.like(low, x), self.like(high, x), to=to)
            case Apply(x, _, "log_sigmoid"):  # -softplus(-x)
                self.add("Neg", self.add("Softplus", self.add("Neg", self.of(x))), to=to)
            case Apply(x, _, function):
                self.add(_FUNCTIONS[function], self.of(x), to=to)
            case Combine(a, b, y, operation) if operation in _COMPARISONS:
                found = self.add(_COMPARISONS[operation], self.of(a), self.of(b))
                kind = TensorProto.DOUBLE if y.double else TensorProto.FLOAT
                self.nodes.append(helper.make_node("Cast", [found], [to], to=kind))
            case Combine(a, b, _, operation):
                self.add(_COMBINATIONS[operation], self.of(a), self.of(b), to=to)
            case Choose(condition, a, b, _):
                zero = self.add("Equal", self.of(condition), self.like(0.0, condition))
                self.add("Where", zero, self.of(a), self.of(b), to=to)
            case Normalise(x, _, gain, bias, epsilon):
                weights = [self.constant(each) for each in (gain, bias) if each is not None]
                self.add("LayerNormalization", self.of(x), *weights, to=to, axis=-1, epsilon=epsilon)
            case Part(x, y, start):
                ends = [self.constant([at], np.int64) for at in (start, start + y.width, -1)]
                self.add("Slice", self.of(x), *ends, to=to)
            case Join(parts, _):
                self.add("Concat", *map(self.of, parts), to=to, axis=-1)
            case Lookup(index, _, table, exact):
                given = self.of(index)
                below = self.add("Less", given, self.constant(0, np.int64))
                beyond = self.add("GreaterOrEqual", given, self.constant(len(table), np.int64))
                known = self.add("Where", self.add("Or", below, beyond), self.constant(0, np.int64), given)
                self.add(
                    "Squeeze",
                    self.add("Gather", self.constant(table) if exact else self.weight(table), known),
                    self.constant([-2], np.int64),
                    to=to,
                )
            case Repeat(x, y):
                self.add("Expand", self.of(x), self.constant([y.width], np.int64), to=to)
            case Largest(x, _):
                self.add("ReduceMax", self.of(x), to=to, axes=[-1], keepdims=1)
            case Running(x, _, "sum"):
                self.add("CumSum", self.of(x), self.constant(-1, np.int64), to=to)
            case Running(x, y, _):
                self._running_largest(x, to)
            case Pick(x, index, _):
                place = self.of(index) if index.whole else self.cast(self.of(index), TensorProto.INT64)
                ends = self.constant(0, np.int64), self.constant(x.width - 1, np.int64)
                self.add("GatherElements", self.of(x), self.add("Clip", place, *ends), to=to, axis=-1)
            case Sort(x, y):
                count = self.constant([y.width], np.int64)
                self.nodes.append(
                    helper.make_node("TopK", [self.of(x), count], [to, f"{to}_places"], axis=-1, largest=0)
                )
            case Correlate(a, b, y):
                self._correlate(a, b, y.width, to)
            case _:
                raise AssertionError("a recurrence is written by `operators` or `scanning`")

    def _running_largest(self, x: Vector, to: str) -> None:
        """By doubling: after k rounds each number is the largest of the 2^k up to it."""
        found, back = self.of(x), 1
        first, last = self.constant([0], np.int64), self.constant([-1], np.int64)
        while back < x.width:
            ends = [self.constant([end], np.int64) for end in (x.width - back, back)]
            moved = self.add("Max", self.add("Slice", found, first, ends[0], last), self._from(found, back, x.width))
            found = self.add("Concat", self.add("Slice", found, first, ends[1], last), moved, axis=-1)
            back *= 2
        self.add("Identity", found, to=to)

    def _from(self, x: str, start: int, stop: int) -> str:
        """Numbers start ... stop - 1."""
        return self.add("Slice", x, *(self.constant([at], np.int64) for at in (start, stop, -1)))

    def _correlate(self, a: Vector, b: Vector, lags: int, to: str) -> None:
        """By Fourier transforms, of a vector on no axis: F(a) times the conjugate of F(b), back again."""
        size = self.constant(1 << (a.width + lags - 1).bit_length(), np.int64)
        two = self.constant([2], np.int64)
        real_a, imag_a, real_b, imag_b = (
            self._from(self.add("DFT", self.add("Unsqueeze", self.of(each), two), size, axis=1), part, part + 1)
            for each in (a, b)
            for part in (0, 1)
        )
        mul = [
            self.add("Mul", *pair) for pair in ((real_a, real_b), (imag_a, imag_b), (imag_a, real_b), (real_a, imag_b))
        ]
        product = self.add("Concat", self.add("Add", *mul[:2]), self.add("Sub", *mul[2:]), axis=-1)
        found = self.add("Squeeze", self._from(self.add("DFT", product, axis=1, inverse=1), 0, 1), two)
        self.add("Identity", self._from(found, 0, lags), to=to)

    def _known(self, x: Vector) -> str:
        """Booleans: which numbers are finite."""
        beyond = self.add("Or", self.add("IsNaN", self.of(x)), self.add("IsInf", self.of(x)))
        return self.add("Not", beyond)

    def of(self, vector: Vector) -> str:
        """What a vector is called here."""
        return self.renamed.get(vector.name, self.prefix + vector.name)
