"""Exported ONNX in onnxruntime: the same numbers for every cell, direction, length, batch and number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deploy.networks import a_network
from tests.drawing import examples

import recurra as rc
from recurra.deploy.graph import Builder
from recurra.nn import Stack

runtime = pytest.importorskip("onnxruntime")

from recurra.deploy.onnx_graph import export_onnx, sequence_model, step_model  # noqa: E402  # needs onnx


def session(model: Any) -> Any:
    """A model, or the file of one, ready to run."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(str(model) if hasattr(model, "suffix") else model.SerializeToString(), options)


def states_of(model: Any, batch: int) -> dict[str, np.ndarray]:
    """Zeros for every state."""
    found = [each for each in model.get_inputs() if each.name.startswith("layer")]
    return {each.name: np.zeros((batch, each.shape[1]), np.float32) for each in found}


def run(model: Any, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs by their names."""
    return dict(zip([each.name for each in model.get_outputs()], model.run(None, feed), strict=True))


def expected_of(network: Any, head: Any, x: torch.Tensor, lengths: list[int] | None) -> tuple[np.ndarray, Any]:
    """What the network gives for x [T, B, F], outputs after a row's end zero; and its last state."""
    first = network.layers[0] if isinstance(network, Stack) else network
    given = x.transpose(0, 1) if first.batch_first else x
    with torch.no_grad(), rc.backend("reference"):
        y, last = network(given, lengths=lengths)
        y = y if head is None else head(y)
    y = (y.transpose(0, 1) if first.batch_first else y).numpy().copy()
    for row, length in enumerate(lengths or ()):
        y[length:, row] = 0
    return y, last


def flat(last: Any) -> list[np.ndarray]:
    """The last states in the order of the graph's: of each layer and direction, h first."""
    if isinstance(last, tuple) and isinstance(last[0], tuple):
        return [each for part in last for each in flat(part)]
    states = last if isinstance(last, tuple) else (last,)
    return [state[at].numpy() for at in range(len(states[0])) for state in states]


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.data())
def test_the_whole_sequence_is_the_same(tmp_path_factory, data):
    batch_first, ends = data.draw(st.booleans()), data.draw(st.booleans())
    network, head, features = data.draw(a_network(both=True, batch_first=batch_first))
    file = export_onnx(network, tmp_path_factory.mktemp("onnx"), head=head, lengths=ends)[0]
    model = session(file)
    for _ in range(2):  # the same model for other numbers of rows and steps
        steps, batch = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 5))
        x = torch.randn(steps, batch, features)
        lengths = data.draw(st.lists(st.integers(0, steps), min_size=batch, max_size=batch)) if ends else None
        feed = {"x": (x.transpose(0, 1) if batch_first else x).contiguous().numpy(), **states_of(model, batch)}
        if lengths is not None:
            feed["lengths"] = np.array(lengths)
        found = run(model, feed)
        y, last = expected_of(network, head, x, lengths)
        close(found["y"].swapaxes(0, 1) if batch_first else found["y"], y)
        if not isinstance(network, Stack):
            for state, each in zip(flat(last), list(found.values())[1:], strict=True):
                close(each, state)


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.data())
def test_steps_are_the_same_with_the_state_handed_on(tmp_path_factory, data):
    network, head, features = data.draw(a_network())
    files = export_onnx(network, tmp_path_factory.mktemp("onnx"), head=head)
    model, batch = session(files[1]), data.draw(st.integers(1, 4))
    x = torch.randn(6, batch, features)
    y, _ = expected_of(network, head, x, None)
    state = states_of(model, batch)
    for x_t, y_t in zip(x.numpy(), y, strict=True):
        found = run(model, {"x": x_t, **state})
        close(found["y"], y_t)
        state = {name: found[f"{name}_next"] for name in state}


def test_a_sequence_goes_on_from_a_state(tmp_path):
    torch.manual_seed(0)
    layer = rc.nn.LSTM(3, 5, num_layers=2)
    model = session(export_onnx(layer, tmp_path)[0])
    x = torch.randn(8, 2, 3)
    y, _ = expected_of(layer, None, x, None)
    first = run(model, {"x": x[:3].numpy(), **states_of(model, 2)})
    state = {name: first[f"{name}_next"] for name in states_of(model, 2)}
    close(run(model, {"x": x[3:].numpy(), **state})["y"], y[3:])


def test_of_a_bidirectional_layer_there_is_no_step(tmp_path):
    files = export_onnx(rc.nn.GRU(3, 5, bidirectional=True), tmp_path)
    assert [file.name for file in files] == ["model_sequence.onnx"]


@pytest.mark.parametrize("layer", [rc.nn.RNN, rc.nn.GRU, rc.nn.LSTM])
def test_onnx_has_operators_for_the_plain_layers(layer):
    from recurra.deploy.graph import graph_of

    kinds = [node.op_type for node in sequence_model(graph_of(layer(3, 5))).graph.node]
    assert layer.__name__ in kinds
    assert "Scan" not in kinds


def test_a_table_and_every_function():
    builder = Builder()
    token, x = builder.input("token", 1, whole=True), builder.input("x", 4)
    flow = builder.lookup(token, np.arange(12).reshape(3, 4))
    for name in ("softplus", "exp", "log_sigmoid"):
        flow = builder.combine(flow, builder.apply(x, name), "subtract")
    graph = builder.finish(flow, builder.combine(builder.apply(x, "relu"), x, "maximum"))
    tokens, given = np.array([[2], [-1], [3]]), np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    v = torch.from_numpy(given)
    expected = (
        np.arange(12.0).reshape(3, 4)[[2, 0, 0]]
        - (torch.nn.functional.softplus(v) + v.exp() + torch.nn.functional.logsigmoid(v)).numpy()
    )
    found = run(session(step_model(graph)), {"token": tokens, "x": given})
    close(found["y0"], expected)
    close(found["y1"], v.relu().numpy())
    found = run(session(sequence_model(graph)), {"token": tokens[None], "x": given[None]})
    close(found["y0"], expected[None])


def close(found: np.ndarray, expected: Any) -> None:
    """Within 1e-5 of numbers up to 1, relative beyond."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0) <= 1e-5 * max(1.0, float(np.abs(expected).max(initial=0)))
