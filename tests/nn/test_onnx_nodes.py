"""ONNX's own tests of its RNN, GRU and LSTM nodes on Recurra's layers: 18, and the same nodes with random weights."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import onnx
import onnx.backend.test.case.node as onnx_nodes
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from tests.nn.pairs import Ran
from torch import Tensor

import recurra as rc
from recurra.kernels import chooser

for module in ("rnn", "gru", "lstm"):  # each registers its cases when it is imported
    importlib.import_module(f"onnx.backend.test.case.node.{module}")
CASES = {
    case.name: case for case in onnx_nodes._NodeTestCases if case.model.graph.node[0].op_type in ("RNN", "GRU", "LSTM")
}
# ONNX's order of gates -> ours: z r h -> r z n, i o f c -> i f g o; of peepholes i o f -> i f o.
GATES = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 2, 3, 1]}
PEEPHOLES = [0, 2, 1]


def blocks(tensor: Tensor, order: list[int]) -> Tensor:
    """The blocks of rows [len(order) * H, ...] in another order."""
    parts = tensor.chunk(len(order))
    return torch.cat([parts[i] for i in order])


def build(node: Any, given: dict[str, Tensor], attributes: dict[str, Any]) -> Any:
    """A layer with the weights of a node; for the direction `reverse` the second half of a bidirectional one."""
    name, weights = node.op_type, given["W"]
    options: dict[str, Any] = {}
    if name == "GRU":
        options["reset_after"] = bool(attributes.get("linear_before_reset", 0))
    if name == "LSTM":
        options["peepholes"] = "P" in given
    direction = attributes.get("direction", b"forward").decode()
    layer = getattr(rc.nn, name)(
        weights.shape[2], attributes["hidden_size"], bidirectional=direction != "forward",
        batch_first=bool(attributes.get("layout", 0)), **options,
    )  # fmt: skip
    state, suffixes = {}, {"forward": ["_l0"], "reverse": ["_l0_reverse"]}
    for at, suffix in enumerate(suffixes.get(direction, ["_l0", "_l0_reverse"])):
        order = GATES[name]
        bias = given["B"][at] if "B" in given else torch.zeros(2 * weights.shape[1])
        state["weight_ih" + suffix] = blocks(weights[at], order)
        state["weight_hh" + suffix] = blocks(given["R"][at], order)
        state["bias_ih" + suffix], state["bias_hh" + suffix] = (blocks(half, order) for half in bias.chunk(2))
        if "P" in given:
            state["weight_peephole" + suffix] = given["P"][at].view(3, -1)[PEEPHOLES]
    layer.load_state_dict(layer.state_dict() | state)
    return layer


def run_node(node: Any, arrays: list[np.ndarray]) -> dict[str, Tensor]:
    """Y, Y_h and Y_c as ONNX defines their shapes."""
    given = {name: torch.from_numpy(array) for name, array in zip(node.input, arrays, strict=True) if name}
    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    assert set(attributes) <= {"hidden_size", "direction", "layout", "linear_before_reset"}
    layer = build(node, given, attributes)
    batch_first, only_reverse = layer.batch_first, attributes.get("direction") == b"reverse"
    hx = [given[name] for name in ("initial_h", "initial_c") if name in given]
    if batch_first:
        hx = [state.transpose(0, 1) for state in hx]
    if only_reverse:
        hx = [torch.cat([torch.zeros_like(state), state]) for state in hx]
    lengths = given["sequence_lens"].long() if "sequence_lens" in given else None
    outputs, last = layer(given["X"], (tuple(hx) if len(hx) == 2 else hx[0]) if hx else None, lengths=lengths)
    directions = 2 if layer.bidirectional else 1
    outputs = outputs.view(*outputs.shape[:2], directions, -1)
    states = list(last) if isinstance(last, tuple) else [last]
    if only_reverse:
        outputs, states = outputs[:, :, 1:], [state[1:] for state in states]
    if batch_first:
        return dict(zip(("Y", "Y_h", "Y_c"), [outputs, *(state.transpose(0, 1) for state in states)], strict=False))
    return dict(zip(("Y", "Y_h", "Y_c"), [outputs.transpose(1, 2), *states], strict=False))


def check(node: Any, arrays: list[np.ndarray], expected: list[np.ndarray]) -> None:
    with torch.no_grad(), Ran() as ran:
        found = run_node(node, arrays)
    assert list(ran.counts) == (["reference"] if chooser.NO_ENGINE else ["cpu"])
    names = [name for name in node.output if name]
    assert len(names) == len(expected) >= 1
    for name, array in zip(names, expected, strict=True):
        torch.testing.assert_close(found[name], torch.from_numpy(np.array(array)), rtol=1e-3, atol=1e-6)


def test_there_are_18():
    assert len(CASES) == 18


@pytest.mark.parametrize("name", list(CASES))
def test_nodes(name):
    case = CASES[name]
    assert case.data_sets
    for arrays, expected in case.data_sets:
        check(case.model.graph.node[0], arrays, expected)


@pytest.mark.parametrize("name", list(CASES))
def test_nodes_with_random_numbers(name):
    # the weights of the cases above are mostly all equal, which hides the order of the gates
    case = CASES[name]
    node, arrays = case.model.graph.node[0], case.data_sets[0][0]
    draw = np.random.default_rng(0)
    normal = [draw.standard_normal(array.shape).astype(np.float32) / 2 for array in arrays]
    arrays = [new if array.dtype == np.float32 else array for array, new in zip(arrays, normal, strict=True)]
    inputs = dict(zip([name for name in node.input if name], arrays, strict=True))
    expected = ReferenceEvaluator(case.model).run(None, inputs)
    assert isinstance(expected, list)
    check(node, arrays, expected)
