"""Recurrences that ONNX has no operator for: a Scan whose body is the step, as `graph.cells` writes it out.

With lengths a row's state stays after its end and its outputs are zero; the reverse direction turns each row about
within its own length before the scan, and its outputs about again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.cells import step_of
from recurra.deploy.graph.nodes import Recurrence
from recurra.deploy.onnx_graph.operations import Operations


def write_scan(to: Operations, node: Recurrence, lengths: str | None, alive: str | None) -> list[str]:
    """x [T, B, F] and the states [B, .] -> the outputs [T, B, R], under the name of node.y; the last states' names.

    `alive` [T, B, 1] says which steps are within the `lengths` [B]; None where all rows have T steps.
    """
    name, reverse = to.of(node.y), node.call.recurrence.reverse
    turned = reverse and lengths is not None
    x, outputs = to.of(node.x), name
    if turned:
        assert lengths is not None
        x, outputs = to.add("ReverseSequence", x, lengths, batch_axis=1, time_axis=0), f"{name}_turned"
    states = [f"{name}_{state.name}" for state in node.states]
    scanned = [x] if alive is None else [x, alive]
    attributes: dict[str, Any] = {}
    if reverse and not turned:
        attributes = {"scan_input_directions": [1] * len(scanned), "scan_output_directions": [1]}
    to.nodes.append(
        helper.make_node(
            "Scan", [*map(to.of, node.states), *scanned], [*states, outputs], num_scan_inputs=len(scanned),
            body=_body(node, f"{name}_", alive is not None, to.int8), **attributes,
        )
    )  # fmt: skip
    if turned:
        assert lengths is not None
        to.add("ReverseSequence", outputs, lengths, to=name, batch_axis=1, time_axis=0)
    return states


def _body(node: Recurrence, prefix: str, ends: bool, int8: bool) -> onnx.GraphProto:
    """(the states, x [B, F], whether the row is alive [B, 1]) -> (the new states, h)."""
    builder = Builder()
    builder.states = list(node.states)
    x = builder.input("x", node.x.width)
    new = step_of(builder, node, x)
    body = Operations(prefix, int8=int8)
    for each in builder.nodes:
        body.write(each)
    names = list(map(body.of, new))
    h = names[0]
    alive = f"{prefix}alive"
    if ends:
        names = [body.add("Where", alive, fresh, body.of(old)) for fresh, old in zip(names, node.states, strict=True)]
        h = body.add("Where", alive, h, body.constant(0.0))
    # what leaves a graph must be made in it, once
    names = [body.add("Identity", each) for each in names]
    h = body.add("Identity", h)
    widths = [state.width for state in node.states]
    inputs = [_info(body.of(state), state.width) for state in node.states]
    inputs.append(_info(f"{prefix}x", node.x.width))
    if ends:
        inputs.append(helper.make_tensor_value_info(alive, TensorProto.BOOL, [None, 1]))
    outputs = [_info(each, width) for each, width in zip([*names, h], [*widths, widths[0]], strict=True)]
    return helper.make_graph(body.nodes, f"{prefix}step", inputs, outputs, body.constants)


def _info(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])


def alive_steps(to: Operations, x: str, lengths: str) -> str:
    """[T, B, 1], whether a step of x [T, B, F] is within a row's length."""
    steps = to.add(
        "Squeeze",
        to.add("Slice", to.add("Shape", x), to.constant([0], np.int64), to.constant([1], np.int64)),
        to.constant([0], np.int64),
    )
    place = to.add("Range", to.constant(0, np.int64), steps, to.constant(1, np.int64))
    column = to.add("Unsqueeze", place, to.constant([1], np.int64))
    return to.add(
        "Unsqueeze",
        to.add("Less", column, to.add("Unsqueeze", lengths, to.constant([0], np.int64))),
        to.constant([2], np.int64),
    )
