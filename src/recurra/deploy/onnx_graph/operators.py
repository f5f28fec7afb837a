"""Recurrences that ONNX has operators for: RNN, GRU (both forms) and LSTM (with peepholes), in either direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import helper

from recurra.deploy.graph.builder import numbers
from recurra.deploy.graph.nodes import Recurrence
from recurra.deploy.onnx_graph.operations import Operations

# Our blocks in ONNX's order: z r h of a GRU, i o f c of an LSTM.
_ORDER = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
_OPERATORS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}


def has_operator(node: Recurrence) -> bool:
    """Whether ONNX's operator computes just this recurrence."""
    weights, recurrence = node.call.weights, node.call.recurrence
    beyond = (weights.projection, weights.norm, weights.norm_cell, weights.norm_input)
    return recurrence.cell.name in _OPERATORS and not any(recurrence.zoneout) and all(each is None for each in beyond)


def write_operator(to: Operations, node: Recurrence, lengths: str | None) -> list[str]:
    """x [T, B, F] and the states [B, .] -> the outputs [T, B, H], under the name of node.y; the last states' names."""
    call = node.call
    cell: Any = call.recurrence.cell
    hidden, _ = call.sizes()
    order = _ORDER[cell.name]
    units = len(order) * hidden

    def ordered(tensor: Any) -> np.ndarray:
        blocks = np.zeros(units, np.float32) if tensor is None else numbers(tensor)
        return np.concatenate([blocks[k * hidden : (k + 1) * hidden] for k in order])

    axis = to.constant([0], np.int64)
    biases = np.concatenate([ordered(call.input_bias), ordered(call.weights.bias)])
    inputs = [
        to.of(node.x),
        to.weight(ordered(call.input_weight), leading=True), to.weight(ordered(call.weights.recurrent), leading=True),
        to.constant(biases[None]), lengths or "", *[to.add("Unsqueeze", to.of(state), axis) for state in node.states],
    ]  # fmt: skip
    attributes: dict[str, Any] = {
        "hidden_size": hidden,
        "direction": "reverse" if call.recurrence.reverse else "forward",
    }
    if cell.name == "rnn":
        attributes["activations"] = [cell.nonlinearity.capitalize()]
    if cell.name == "gru":
        attributes["linear_before_reset"] = int(cell.reset_after)
    if call.weights.peephole is not None:
        i, f, o = numbers(call.weights.peephole)
        inputs.append(to.constant(np.concatenate([i, o, f])[None]))
    name = to.of(node.y)
    outputs = [f"{name}_all", *[f"{name}_{state.name}" for state in node.states]]
    to.nodes.append(helper.make_node(_OPERATORS[cell.name], inputs, outputs, **attributes))
    to.add("Squeeze", outputs[0], to.constant([1], np.int64), to=name)
    return [to.add("Squeeze", each, axis) for each in outputs[1:]]
