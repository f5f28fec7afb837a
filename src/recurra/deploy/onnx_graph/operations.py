"""Each operation of a graph in ONNX's operators; vectors stand in the last dimension, whatever is before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from recurra.deploy.graph.nodes import (
    Apply,
    Choose,
    Combine,
    Join,
    Linear,
    Lookup,
    Node,
    Normalise,
    Part,
    Scale,
    Vector,
)
from recurra.errors import InputError

_COMBINATIONS = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max"}
_FUNCTIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exp": "Exp", "softplus": "Softplus"}


class Operations:
    """ONNX nodes and constants in the making, of a graph or of the body of a Scan; names begin with `prefix`."""

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.prefix = prefix
        self.renamed: dict[str, str] = {}  # what is read under another name than its own

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """The name of a tensor of constant values; InputError where one is not finite."""
        array = np.ascontiguousarray(values, dtype)
        if not np.isfinite(array).all():
            raise InputError("a weight is not a finite number: expected a network whose training went well")
        name = f"{self.prefix}w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

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
            case Linear(x, _, weight, bias):
                product = self.add("MatMul", self.of(x), self.constant(weight.T), to=None if bias is not None else to)
                if bias is not None:
                    self.add("Add", product, self.constant(bias), to=to)
            case Scale(x, _, factor, offset):
                self.add("Add", self.add("Mul", self.of(x), self.constant(factor)), self.constant(offset), to=to)
            case Apply(x, _, "log_sigmoid"):  # -softplus(-x)
                self.add("Neg", self.add("Softplus", self.add("Neg", self.of(x))), to=to)
            case Apply(x, _, function):
                self.add(_FUNCTIONS[function], self.of(x), to=to)
            case Combine(a, b, _, operation):
                self.add(_COMBINATIONS[operation], self.of(a), self.of(b), to=to)
            case Choose(condition, a, b, _):
                zero = self.add("Equal", self.of(condition), self.constant(0.0))
                self.add("Where", zero, self.of(a), self.of(b), to=to)
            case Normalise(x, _, gain, bias, epsilon):
                weights = [self.constant(each) for each in (gain, bias) if each is not None]
                self.add("LayerNormalization", self.of(x), *weights, to=to, axis=-1, epsilon=epsilon)
            case Part(x, y, start):
                ends = [self.constant([at], np.int64) for at in (start, start + y.width, -1)]
                self.add("Slice", self.of(x), *ends, to=to)
            case Join(parts, _):
                self.add("Concat", *map(self.of, parts), to=to, axis=-1)
            case Lookup(index, _, table):
                given = self.of(index)
                below = self.add("Less", given, self.constant(0, np.int64))
                beyond = self.add("GreaterOrEqual", given, self.constant(len(table), np.int64))
                known = self.add("Where", self.add("Or", below, beyond), self.constant(0, np.int64), given)
                self.add(
                    "Squeeze", self.add("Gather", self.constant(table), known), self.constant([-2], np.int64), to=to
                )
            case _:
                raise AssertionError("a recurrence is written by `operators` or `scanning`")

    def of(self, vector: Vector) -> str:
        """What a vector is called here."""
        return self.renamed.get(vector.name, self.prefix + vector.name)
