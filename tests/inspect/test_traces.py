"""Traces of states and gates, how long a unit holds a bit, and the pictures of both."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import recurra as rc
from recurra.errors import InputError
from recurra.inspect import draw_holding, draw_map, draw_trace, hidden_map, holding, trace
from recurra.inspect.traces import one


@pytest.mark.parametrize("kind", [nn.LSTM, rc.nn.LSTM])
def test_the_gates_give_the_states(kind: type[nn.LSTM]) -> None:
    torch.manual_seed(0)
    layer, x = kind(3, 5, dtype=torch.float64), torch.randn(8, 2, 3, dtype=torch.float64)
    found = trace(layer, x)["LSTM"].values
    outputs, (_, c) = layer(x)
    assert np.allclose(found["h"], outputs.detach())
    assert np.allclose(found["c"][-1], c[0].detach())
    before = np.concatenate([np.zeros_like(found["c"][:1]), found["c"][:-1]])
    assert np.allclose(found["c"], found["f"] * before + found["i"] * found["g"])
    assert np.allclose(found["h"], found["o"] * np.tanh(found["c"]))


def test_a_gru_with_lengths_and_both_directions() -> None:
    layer, x = rc.nn.GRU(3, 5, bidirectional=True), torch.randn(6, 3, 3)
    outputs, _ = layer(x, lengths=[6, 2, 0])
    found = trace(layer, x, lengths=[6, 2, 0])
    assert list(found) == ["GRU.l0", "GRU.l0_reverse"]
    for k, part in enumerate(found.values()):
        alive = np.isfinite(part.h).all(-1)
        assert alive.sum(0).tolist() == [6, 2, 0]
        assert np.allclose(part.h[alive], outputs.detach().numpy()[..., 5 * k : 5 * k + 5][alive], atol=1e-6)
        before = np.roll(part.h, -1 if k else 1, axis=0)[1:2, 0]
        z, n = part.values["z"][1, 0], part.values["n"][1, 0]
        assert np.allclose(part.h[1, 0], (1 - z) * n + z * before[0], atol=1e-6)


def test_the_model_runs_without_dropout_and_stays_in_its_mode() -> None:
    model = nn.Sequential(nn.Dropout(0.5), nn.RNN(3, 4))
    model[0].eval()
    x = torch.randn(5, 2, 3)
    one_, other = trace(model, x), trace(model, x)
    assert np.array_equal(one_["1"].h, other["1"].h)
    assert [module.training for module in model.modules()] == [True, False, True]


def constant_gru(z: float, units: int = 4) -> rc.nn.GRU:
    """A GRU whose update gate is `z` at all times, and whose units do not see each other."""
    layer = rc.nn.GRU(1, units)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.get_parameter("bias_ih_l0")[units : 2 * units] = math.log(z / (1 - z))
        layer.get_parameter("weight_ih_l0")[2 * units :] = 1.0
    return layer


@pytest.mark.parametrize("z", [0.5, 0.8, 0.9])
def test_a_constant_gate_holds_as_its_time_constant_says(z: float) -> None:
    found = holding(trace(constant_gru(z), torch.randn(80, 3, 1))["GRU"])
    tau = -1 / math.log(z)
    assert np.allclose(found["by_gates"], tau, rtol=1e-5)
    assert (found["by_push"] == math.ceil(tau)).all()
    assert not found["whole"].any()


def test_what_is_held_to_the_end_is_said_to_be() -> None:
    found = holding(trace(constant_gru(0.9999), torch.randn(40, 1, 1))["GRU"])
    assert found["whole"].all()
    assert (found["by_push"] == 29).all()


def test_a_simple_rnn_has_no_gate_and_a_decay() -> None:
    layer = nn.RNN(1, 2)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(torch.diag(torch.tensor([0.5, 0.9])))
        layer.get_parameter("weight_ih_l0").fill_(1e-3)
        layer.get_parameter("bias_ih_l0").zero_()
        layer.get_parameter("bias_hh_l0").zero_()
    found = holding(trace(layer, torch.randn(60, 2, 1))["RNN"]).set_index("unit")
    assert found["by_gates"].isna().all()
    assert found["by_push"].to_dict() == {0: 2, 1: 10}


def test_the_map_keeps_what_varies() -> None:
    layer, x = nn.LSTM(3, 6), torch.randn(20, 4, 3)
    points, shares = hidden_map(trace(layer, x)["LSTM"])
    assert points.shape == (20, 4, 2)
    assert 0 < shares[1] <= shares[0] <= 1
    assert points.reshape(-1, 2).var(0)[0] >= points.reshape(-1, 2).var(0)[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, rc.nn.LSTM])
def test_pictures(kind: Callable[..., nn.RNNBase]) -> None:
    traces = trace(kind(3, 6), torch.randn(20, 4, 3))
    found = one(traces, None)
    for figure in (
        draw_trace(found, row=1),
        draw_holding(found),
        draw_map(found),
        draw_map(found, labels=[0, 1, 0, 1]),
    ):
        figure.canvas.draw()
        assert figure.axes


def test_refusals() -> None:
    traces = trace(nn.GRU(3, 1, 2), torch.randn(5, 2, 3))
    found = traces["GRU.l0"]
    for call, message in (
        (lambda: one(traces, None), "layer is None, but the model has several: expected one of 'GRU.l0', 'GRU.l1'"),
        (lambda: one(traces, "x"), "layer is 'x': expected one of"),
        (lambda: holding(found, rows=0), "rows is 0"),
        (lambda: hidden_map(found), "has one unit"),
        (lambda: draw_trace(found, row=2), "row is 2: expected a sequence from 0 to 1"),
        (lambda: trace(nn.Linear(1, 1), 1), "without a recurrent layer"),
        (lambda: trace(nn.GRU(3, 1), torch.randn(1, 2, 3)), "over a single step"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_a_packed_sequence_has_the_callers_rows() -> None:
    layer, x, lengths = rc.nn.GRU(3, 5), torch.randn(9, 3, 3), [4, 9, 6]
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    one_, other = trace(layer, packed)["GRU"], trace(layer, x, lengths=lengths)["GRU"]
    assert np.allclose(one_.h, other.h, equal_nan=True, atol=1e-6)
    assert holding(one_, rows=1)["by_push"].equals(holding(other, rows=1)["by_push"])


def test_rows_of_one_step_hold_nothing() -> None:
    found = trace(rc.nn.GRU(3, 5), torch.randn(9, 6, 3), lengths=[1, 1, 1, 1, 9, 5])["GRU"]
    assert len(holding(found)) == 5
    with pytest.raises(InputError, match="over a single step"):
        trace(rc.nn.GRU(3, 5), torch.randn(9, 2, 3), lengths=[1, 1])


def test_a_cell_takes_its_state_as_a_list() -> None:
    cell = nn.LSTMCell(3, 4)

    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: torch.Tensor) -> None:
            state = [torch.zeros(2, 4), torch.zeros(2, 4)]
            for step in x:
                state = list(self.cell(step, state))

    assert trace(Loop(), torch.randn(5, 2, 3))["cell"].h.shape == (5, 2, 4)


def test_gates_and_states_are_called_in_the_readers_language() -> None:
    trace = rc.inspect.trace(torch.nn.LSTM(3, 4), torch.randn(6, 2, 3))["LSTM"]
    with rc.set_language("zh"):
        figure = vars(rc.inspect.draw_trace)["__wrapped__"](trace)  # whatever fonts are here
    assert {"遗忘门 f", "细胞状态 c"} <= {axes.get_title(loc="left") for axes in figure.axes}
    assert "forget gate f" in {axes.get_title(loc="left") for axes in rc.inspect.draw_trace(trace).axes}
