"""The ONNX model of a whole model's graph: its axes, and the operations that go from one to another.

A vector on an axis is a tensor [T, B, .], one on none [B, .]. What comes in and goes out has the batch first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

import recurra
from recurra.deploy.graph.cells import expanded
from recurra.deploy.graph.nodes import (
    Convolution,
    Counted,
    Fixed,
    Graph,
    LastKnown,
    Pool,
    Recurrence,
    Reshape,
    Shrink,
    Spread,
    Vector,
    Waves,
)
from recurra.deploy.onnx_graph.counting import write_counted
from recurra.deploy.onnx_graph.operations import Operations
from recurra.deploy.onnx_graph.operators import has_operator, write_operator
from recurra.deploy.onnx_graph.scanning import write_scan

OPSET, IR = 17, 8
_LOWEST = float(np.finfo(np.float32).min)


def whole_model(graph: Graph, *, int8: bool = False) -> onnx.ModelProto:
    """Inputs and states [B, .], or [B, T, .] on an axis, tokens [B, T]; lengths [B] of each axis without a number.

    Lengths are called "lengths", or of several axes "AXIS_lengths". States come out as NAME_next.
    """
    return _Writer(expanded(graph), int8).model()


def lengths_names(graph: Graph) -> dict[str, str]:
    """Of each axis that is as long as the row has steps, what its lengths are called."""
    free = [axis.name for axis in graph.axes if axis.steps is None and axis.of is None]
    return {name: "lengths" if len(free) == 1 else f"{name}_lengths" for name in free}


class _Writer:
    def __init__(self, graph: Graph, int8: bool) -> None:
        self.graph, self.to = graph, Operations(int8=int8)
        self.ends: dict[str, str] = {}  # lengths [B] of an axis
        self.alive: dict[str, str] = {}  # [T, B, 1]
        self.count: dict[str, str] = {}  # [1], T
        self.batch = ""

    def model(self) -> onnx.ModelProto:
        to, graph = self.to, self.graph
        self._begin()
        for node in graph.nodes:
            self._write(node)
        names = graph.names or tuple(f"y{k}" for k in range(len(graph.outputs)))
        for output, name in zip(graph.outputs, names, strict=True):
            self._give(output, name)
        for state, new in zip(graph.states, graph.updated, strict=True):
            to.add("Identity", to.of(new), to=f"{state.name}_next")
        outputs = [_info(each, name) for each, name in zip(graph.outputs, names, strict=True)]
        outputs += [_info(state, f"{state.name}_next") for state in graph.states]
        read = {name for node in to.nodes for name in node.input}
        constants = [each for each in to.constants if each.name in read]  # of two uses one may need it no more
        made = helper.make_graph(to.nodes, "recurra", self._inputs(), outputs, constants)
        model = helper.make_model(
            made, producer_name="recurra", producer_version=recurra.__version__, ir_version=IR,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )  # fmt: skip
        onnx.checker.check_model(model, full_check=True)
        return model

    def _inputs(self) -> list[Any]:
        found = [_info(each, each.name) for each in (*self.graph.inputs, *self.graph.states)]
        lengths = lengths_names(self.graph).values()
        return found + [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch"]) for name in lengths]

    def _begin(self) -> None:
        """Inputs with time first, and of each axis its lengths."""
        to, graph = self.to, self.graph
        first = (*graph.inputs, *graph.states)[0]
        self.batch = to.add("Slice", to.add("Shape", first.name), self._ints(0), self._ints(1))
        for each in graph.inputs:
            if each.at:
                given = each.name
                if each.whole:
                    given = to.add("Unsqueeze", given, self._ints(2))
                to.renamed[each.name] = to.add("Transpose", given, perm=[1, 0, 2])
        for axis, name in lengths_names(graph).items():
            x = next(each for each in graph.inputs if each.at == axis)
            steps = to.add("Slice", to.add("Shape", to.of(x)), self._ints(0), self._ints(1))
            self._set_axis(axis, name, steps)

    def _set_axis(self, axis: str, lengths: str, steps: str) -> None:
        to = self.to
        self.ends[axis], self.count[axis] = lengths, steps
        row = to.add("Unsqueeze", lengths, self._ints(0))
        self.alive[axis] = to.add("Unsqueeze", to.add("Less", self._places(steps), row), self._ints(2))

    def _places(self, steps: str) -> str:
        """0 .. T - 1 as [T, 1]."""
        to = self.to
        last = to.add("Squeeze", steps, self._ints(0))
        place = to.add("Range", to.constant(0, np.int64), last, to.constant(1, np.int64))
        return to.add("Unsqueeze", place, self._ints(1))

    def _ints(self, *values: int) -> str:
        return self.to.constant(list(values), np.int64)

    def _steps(self, axis: str) -> str:
        """How many steps an axis has, [1]."""
        steps = self.graph.axis(axis).steps
        return self.count[axis] if steps is None else self._ints(steps)

    def _masked(self, x: Vector, fill: float = 0.0) -> str:
        """x with `fill` after a row's end."""
        to = self.to
        return to.add("Where", self.alive[x.at], to.of(x), to.like(fill, x)) if x.at in self.alive else to.of(x)

    def _give(self, output: Vector, name: str) -> None:
        to = self.to
        if not output.at:
            to.add("Identity", to.of(output), to=name)
            return
        found = to.of(output)
        if output.at in self.alive:
            zero = to.constant(0, np.int64) if output.whole else to.like(0.0, output)
            found = to.add("Where", self.alive[output.at], found, zero)
        to.add("Transpose", found, to=name, perm=[1, 0, 2])

    def _write(self, node: Any) -> None:
        match node:
            case Recurrence():
                self._recurrence(node)
            case LastKnown():
                self._last_known(node)
            case Spread(x, y):
                shape = self.to.add("Concat", self._steps(y.at), self._ints(1, 1), axis=0)
                self.to.add("Expand", self.to.add("Unsqueeze", self.to.of(x), self._ints(0)), shape, to=y.name)
            case Reshape():
                self._reshape(node)
            case Pool():
                self._pool(node)
            case Convolution(x, y, weight, bias):
                to, side = self.to, weight.shape[2] // 2
                across = to.add("Transpose", self._masked(x), perm=[1, 2, 0])
                found = to.add(
                    "Conv", across, to.constant(weight), to.constant(bias), pads=[side, side],
                    kernel_shape=[weight.shape[2]],
                )  # fmt: skip
                to.add("Transpose", found, to=y.name, perm=[2, 0, 1])
            case Shrink():
                self._shrink(node)
            case Waves(y, lengths):
                to = self.to
                place = to.cast(to.add("Unsqueeze", self._places(self._steps(y.at)), self._ints(2)), TensorProto.FLOAT)
                angles = to.add("Div", to.add("Mul", place, to.constant(2 * np.pi)), to.constant(lengths[None, None]))
                waves = to.add("Concat", to.add("Sin", angles), to.add("Cos", angles), axis=-1)
                shape = to.add("Concat", self._ints(1), self.batch, self._ints(1), axis=0)
                to.add("Expand", waves, shape, to=y.name)
            case Fixed(y, values):
                shape = self.to.add("Concat", self.batch, self._ints(1), axis=0)
                self.to.add("Expand", self.to.like(values[None], y), shape, to=y.name)
            case Counted():
                tokens = self.to.of(node.x)
                if node.x.at in self.alive:
                    tokens = self.to.add("Where", self.alive[node.x.at], tokens, self.to.constant(-1, np.int64))
                write_counted(self.to, node, tokens)
            case _:
                self.to.write(node)

    def _recurrence(self, node: Recurrence) -> None:
        to, axis = self.to, node.x.at
        for state in node.states:
            shape = to.add("Concat", self.batch, self._ints(state.width), axis=0)
            to.renamed[state.name] = to.add("Expand", to.constant([[0.0]]), shape)
        ends, alive = self.ends.get(axis), self.alive.get(axis)
        if has_operator(node):
            counts = None if ends is None else to.cast(ends, TensorProto.INT32)
            write_operator(to, node, counts)
        else:
            write_scan(to, node, ends, alive)
        if alive is not None:
            to.renamed[node.y.name] = to.add("Where", alive, node.y.name, to.constant(0.0))

    def _last_known(self, node: LastKnown) -> None:
        to, season = self.to, node.y.width
        periods = node.x.width // season
        if not periods:
            to.add("Mul", to.add("Slice", to.of(node.x), self._ints(0), self._ints(1), self._ints(1)),
                   to.like(np.zeros(season), node.x), to=node.y.name)  # fmt: skip
            return
        width = periods * season

        def folded(x: Vector) -> str:
            last = to.add("Slice", to.of(x), self._ints(x.width - width), self._ints(x.width), self._ints(1))
            return to.add("Reshape", last, self._ints(-1, periods, season))

        numbered = to.add("Mul", folded(node.known), to.like(np.arange(1.0, periods + 1)[:, None], node.known))
        latest = to.add("ReduceMax", numbered, axes=[1], keepdims=1)
        place = to.add("Max", to.add("Sub", latest, to.like(1.0, node.known)), to.like(0.0, node.known))
        found = to.add("GatherElements", folded(node.x), to.cast(place, TensorProto.INT64), axis=1)
        to.add("Reshape", found, self._ints(-1, season), to=node.y.name)

    def _reshape(self, node: Reshape) -> None:
        to, x, y = self.to, node.x, node.y
        found = to.add("Transpose", to.of(x), perm=[1, 0, 2]) if x.at else to.of(x)
        if not y.at:
            to.add("Reshape", found, self._ints(-1, y.width), to=y.name)
            return
        steps = self.graph.axis(y.at).steps
        assert steps is not None
        to.add("Transpose", to.add("Reshape", found, self._ints(-1, steps, y.width)), to=y.name, perm=[1, 0, 2])

    def _pool(self, node: Pool) -> None:
        to, x, y = self.to, node.x, node.y.name
        axis, steps = x.at, self._steps(x.at)
        first = self._ints(0)
        ends = self.ends.get(axis)
        if node.kind == "first":
            to.add("Squeeze", to.add("Slice", to.of(x), first, self._ints(1), first), first, to=y)
        elif node.kind == "last" and ends is None:
            last = to.add("Slice", to.of(x), self._ints(-1), steps, first)
            to.add("Squeeze", last, first, to=y)
        elif node.kind == "last":
            place = to.add("Sub", ends or "", to.constant(1, np.int64))
            here = to.add("Equal", self._places(steps), to.add("Unsqueeze", place, first))
            only = to.add("Where", to.add("Unsqueeze", here, self._ints(2)), to.of(x), to.like(0.0, x))
            to.add("ReduceSum", only, first, to=y, keepdims=0)
        elif node.kind == "mean":
            total = to.add("ReduceSum", self._masked(x), first, keepdims=0)
            count = to.add("Max", ends or self._steps(axis), to.constant(1, np.int64))
            kind = TensorProto.DOUBLE if x.double else TensorProto.FLOAT
            to.add("Div", total, to.add("Unsqueeze", to.cast(count, kind), self._ints(1)), to=y)
        elif node.kind == "max":
            largest = to.add("ReduceMax", self._masked(x, _LOWEST), axes=[0], keepdims=0)
            there = to.add("Greater", largest, to.constant(_LOWEST / 2))
            to.add("Where", there, largest, to.constant(0.0), to=y)
        else:
            assert node.score is not None
            shares = to.add("Softmax", self._masked(node.score, _LOWEST), axis=0)
            to.add("ReduceSum", to.add("Mul", shares, self._masked(x)), first, to=y, keepdims=0)

    def _shrink(self, node: Shrink) -> None:
        to, x, y = self.to, node.x, node.y
        axis = self.graph.axis(y.at)
        across = to.add("Transpose", self._masked(x, _LOWEST), perm=[1, 2, 0])
        size = [axis.shrink]
        found = to.add("Transpose", to.add("MaxPool", across, kernel_shape=size, strides=size, ceil_mode=1),
                       perm=[2, 0, 1])  # fmt: skip
        if y.at not in self.ends:

            def fewer(count: str) -> str:
                return to.add("Div", to.add("Add", count, self._ints(axis.shrink - 1)), self._ints(axis.shrink))

            self._set_axis(y.at, fewer(self.ends[x.at]), fewer(self.count[x.at]))
        to.add("Where", self.alive[y.at], found, to.constant(0.0), to=y.name)


def _info(vector: Vector, name: str) -> Any:
    kind = TensorProto.INT64 if vector.whole else TensorProto.DOUBLE if vector.double else TensorProto.FLOAT
    if not vector.at:
        shape = ["batch", vector.width]
    else:
        # tokens come as [B, T]; what is named as an output keeps its width
        shape = ["batch", f"{vector.at}_steps", vector.width]
        if vector.whole and name == vector.name:
            shape = shape[:2]
    return helper.make_tensor_value_info(name, kind, shape)
