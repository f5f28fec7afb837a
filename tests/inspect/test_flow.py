"""The gradient through time against a loop of autograd's own, for every kind of layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.inspect.models import Last, rnn_of_radius
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import recurra as rc
from recurra.errors import InputError
from recurra.inspect import gradient_flow


def squared(output: Tensor) -> Tensor:
    return output.square().sum()


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM, rc.nn.RNN, rc.nn.GRU, rc.nn.LSTM])
def test_the_gradient_is_autograds(kind: Callable[..., nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer, x = kind(3, 5, dtype=torch.float64), torch.randn(7, 2, 3, dtype=torch.float64)
    found = gradient_flow(layer, lambda: squared(layer(x)[0])).layers[0]
    # step by step, by the layer itself
    state, states, total = None, [], torch.zeros((), dtype=torch.float64)
    for t in range(7):
        _, state = layer(x[t : t + 1], state)
        parts = state if isinstance(state, tuple) else (state,)
        parts = tuple(part.clone() for part in parts)
        state = parts if len(parts) == 2 else parts[0]
        states.append(parts[0])
        total = total + squared(parts[0])
    expected = [g.norm() for g in torch.autograd.grad(total, states)]
    assert np.allclose(found.gradient, [float(g.detach()) for g in reversed(expected)], rtol=1e-10)


def test_carried_is_the_jacobians() -> None:
    layer = rnn_of_radius(0.9, hidden=6).double()
    x = torch.randn(9, 1, 3, dtype=torch.float64)
    found = gradient_flow(layer, lambda: layer(x)[0].sum()).layers[0]
    outputs = layer(x)[0][:, 0].detach()
    v = torch.ones(6, dtype=torch.float64)
    expected = [v.norm()]
    for t in range(8, 0, -1):
        v = (v * (1 - outputs[t] ** 2)) @ layer.get_parameter("weight_hh_l0").detach()
        expected.append(v.norm())
    assert np.allclose(found.carried, [float(e / expected[0]) for e in expected], rtol=1e-10)


@pytest.mark.parametrize(("radius", "steps"), [(0.5, 7), (0.8, 21)])
def test_the_memory_of_a_spectral_radius(radius: float, steps: int) -> None:
    layer = nn.RNN(3, 8)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(radius * torch.linalg.qr(torch.randn(8, 8))[0])
        layer.get_parameter("weight_ih_l0").mul_(1e-3)
        layer.get_parameter("bias_ih_l0").zero_()
        layer.get_parameter("bias_hh_l0").zero_()
    x = torch.randn(60, 4, 3)
    memory = gradient_flow(layer, lambda: squared(layer(x)[0][-1])).layers[0].memory
    assert memory.steps == steps
    assert not memory.whole


def test_rows_count_from_their_own_ends() -> None:
    torch.manual_seed(0)
    layer, x, lengths = rc.nn.GRU(3, 5, dtype=torch.float64), torch.randn(9, 3, 3, dtype=torch.float64), [4, 9, 6]
    padded = gradient_flow(layer, lambda: squared(layer(x, lengths=lengths)[1])).layers[0]
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    same = gradient_flow(layer, lambda: squared(layer(packed)[1])).layers[0]
    rows = [
        gradient_flow(layer, lambda row=row, n=n: squared(layer(x[:n, row : row + 1])[1])).layers[0]
        for row, n in enumerate(lengths)
    ]
    expected = [np.sqrt(sum(r.gradient[k] ** 2 for r in rows if k < len(r.gradient))) for k in range(9)]
    assert np.allclose(padded.gradient, expected)
    assert np.allclose(same.gradient, padded.gradient)
    assert np.allclose(same.carried, padded.carried)


def test_both_directions_and_every_layer_have_a_name() -> None:
    model = nn.Sequential(nn.LSTM(3, 4, 2, bidirectional=True))
    x = torch.randn(5, 2, 3)
    flow = gradient_flow(model, lambda: squared(model(x)[0]))
    assert [layer.layer for layer in flow.layers] == ["0.l0", "0.l0_reverse", "0.l1", "0.l1_reverse"]
    assert all(layer.carried[0] == pytest.approx(1) and layer.cell is not None for layer in flow.layers)
    assert len(flow.frame()) == 4 * 5


def test_a_reversed_direction_is_the_same_as_a_reversed_sequence() -> None:
    torch.manual_seed(0)
    layer = rc.nn.GRU(3, 4, bidirectional=True, dtype=torch.float64)
    forward = rc.nn.GRU(3, 4, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in forward.named_parameters():
            parameter.copy_(getattr(layer, name + "_reverse"))
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    both = gradient_flow(layer, lambda: squared(layer(x)[1][1]))
    alone = gradient_flow(forward, lambda: squared(forward(x.flip(0))[1]))
    assert np.allclose(both.layers[1].gradient, alone.layers[0].gradient)
    assert np.allclose(both.layers[1].carried, alone.layers[0].carried)
    assert not both.layers[0].gradient.any()


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_cells_in_a_loop_are_a_sequence(kind: str) -> None:
    torch.manual_seed(0)
    cell = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[kind](3, 5, dtype=torch.float64)
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](3, 5, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            getattr(layer, f"{name}_l0").copy_(parameter)
    x = torch.randn(7, 2, 3, dtype=torch.float64)

    def loop() -> Tensor:
        state = cell(x[0])
        for step in x[1:]:
            state = cell(step, state)
        return squared(state[0] if isinstance(state, tuple) else state)

    one, other = gradient_flow(cell, loop).layers[0], gradient_flow(layer, lambda: squared(layer(x)[0][-1])).layers[0]
    assert np.allclose(one.gradient, other.gradient)
    assert np.allclose(one.carried, other.carried)
    assert [use.name for use in one.gates] == [use.name for use in other.gates]


def test_options_of_our_own_layers() -> None:
    noise = rc.nn.Regularisation(recurrent_dropout=0.2, zoneout=0.1)
    layer = rc.nn.LSTM(3, 6, 2, dropout=0.1, proj_size=4, peepholes=True, layer_norm=True, regularisation=noise)
    x = torch.randn(8, 3, 3)
    flow = gradient_flow(layer, lambda: squared(layer(x, lengths=[8, 1, 5])[0]))
    assert [layer.layer for layer in flow.layers] == ["LSTM.l0", "LSTM.l1"]
    assert all(np.isfinite(layer.carried).all() for layer in flow.layers)


def test_a_called_twice_layer_has_two_passages() -> None:
    layer, x = rc.nn.GRU(3, 4), torch.randn(5, 2, 3)
    flow = gradient_flow(layer, lambda: squared(layer(x)[0]) + squared(layer(x)[0]))
    assert [layer.layer for layer in flow.layers] == ["GRU", "GRU call 2"]


def test_nothing_of_the_model_changes() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.3), Last(nn.LSTM(3, 4, 2, dropout=0.2)))
    x = torch.randn(5, 3, 3)
    squared(model(x)).backward()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]
    identities = [id(buffer) for buffer in model.buffers()]
    random = torch.get_rng_state()
    gradient_flow(model, lambda: squared(model(x)))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    after = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert all(torch.equal(one, other) for one, other in zip(gradients, after, strict=True))
    assert [id(buffer) for buffer in model.buffers()] == identities
    assert type(model[2].layer) is nn.LSTM
    assert not model[2].layer._forward_pre_hooks


def test_an_error_of_the_loss_leaves_the_model_as_it_was() -> None:
    model = Last(nn.LSTM(3, 4))

    def broken() -> Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        gradient_flow(model, broken)
    assert type(model.layer) is nn.LSTM
    assert not model.layer._forward_pre_hooks


@pytest.mark.slow
def test_a_compiled_model_is_seen_too() -> None:
    layer, x = rc.nn.GRU(3, 4), torch.randn(5, 2, 3)
    compiled = torch.compile(layer, backend="eager")
    compiled(x)
    found = gradient_flow(layer, lambda: squared(compiled(x)[0])).layers[0]
    assert np.allclose(found.gradient, gradient_flow(layer, lambda: squared(layer(x)[0])).layers[0].gradient)


def test_frozen_layers_have_a_gradient_through_time() -> None:
    layer, x = nn.GRU(3, 4).requires_grad_(False), torch.randn(5, 2, 3)
    head = nn.Linear(4, 1)
    model = nn.ModuleList([layer, head])
    assert gradient_flow(model, lambda: squared(head(layer(x)[0][-1]))).layers[0].gradient.all()


LAYER, X = nn.GRU(3, 4), torch.randn(5, 2, 3)


@pytest.mark.parametrize(
    ("model", "loss_of", "message"),
    [
        (nn.Linear(3, 4), lambda: torch.zeros(()), "a Linear without a recurrent layer"),
        (3, lambda: torch.zeros(()), "of type int: expected a torch.nn.Module"),
        (LAYER, lambda: squared(LAYER(X[:1])[0]), "over a single step"),
        (LAYER, lambda: squared(X.requires_grad_()), "ran no recurrent layer"),
        (LAYER, lambda: LAYER(X)[0], r"a tensor of shape \(5, 2, 4\): expected a scalar"),
        (LAYER, lambda: squared(LAYER(X)[0].detach()), "a tensor without a gradient"),
        (
            LAYER,
            lambda: 0 * LAYER(X)[0].detach().sum() + LAYER.get_parameter("bias_hh_l0").sum(),
            "does not depend on what",
        ),
        (LAYER, lambda: float(LAYER(X)[0].detach().sum()), "gave a float: expected a scalar"),
    ],
)
def test_refusals(model: nn.Module, loss_of: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gradient_flow(model, loss_of)


def test_rows_without_a_loss_at_their_end() -> None:
    torch.manual_seed(0)
    layer, x = rc.nn.GRU(3, 4), torch.randn(9, 2, 3)
    flow = gradient_flow(layer, lambda: squared(layer(x, lengths=[3, 9])[1][0, 0]))
    assert np.isfinite(flow.layers[0].carried).all()
    assert "exploding" not in [finding.kind for finding in rc.inspect.diagnose([flow])]


def relu(radius: float) -> nn.RNN:
    layer = nn.RNN(3, 8, nonlinearity="relu")
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(radius * torch.eye(8))
        layer.get_parameter("weight_ih_l0").fill_(0.1)
        layer.get_parameter("bias_ih_l0").fill_(0.1)
        layer.get_parameter("bias_hh_l0").zero_()
    return layer


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e20])
def test_a_loss_of_any_size(size: float) -> None:
    layer, x = relu(2.0), torch.zeros(80, 2, 3)
    carried = gradient_flow(layer, lambda: (size * layer(x)[0][-1]).sum()).layers[0].carried
    assert np.allclose(carried, 2.0 ** np.arange(80), rtol=1e-4)


def test_what_overflows_early_leaves_the_end_as_it_is() -> None:
    layer, x = relu(4.0), torch.zeros(100, 2, 3)
    carried = gradient_flow(layer, lambda: layer(x)[0].sum()).layers[0].carried
    assert np.allclose(carried[:40], 4.0 ** np.arange(40), rtol=1e-4)


def test_the_cells_own_path() -> None:
    torch.manual_seed(0)
    layer, x = nn.LSTM(3, 5, dtype=torch.float64), torch.randn(6, 2, 3, dtype=torch.float64)
    found = gradient_flow(layer, lambda: squared(layer(x)[0][-1])).layers[0]
    states, state = [], (torch.zeros(1, 2, 5).double(), torch.zeros(1, 2, 5).double())
    for t in range(6):
        h, c = layer(x[t : t + 1], state)[1]
        state = h.clone(), c.clone()  # apart: what goes through h is not in the gradient of c
        states.append(state[1])
    grads = torch.autograd.grad(squared(state[0]), states, allow_unused=True)
    expected = [0.0 if g is None else float(g.norm()) for g in reversed(grads)]
    assert found.cell is not None
    assert np.allclose(found.cell, expected, rtol=1e-10)


def test_two_sequences_through_one_cell() -> None:
    cell, head = nn.GRUCell(3, 4), nn.Linear(4, 1)
    model = nn.ModuleList([cell, head])

    def loop(batch: int, steps: int) -> Tensor:
        h = None
        for x in torch.randn(steps, batch, 3):
            h = cell(x, h)
        return squared(head(h))

    flow = gradient_flow(model, lambda: loop(2, 5) + loop(3, 6))
    assert [(layer.layer, len(layer.carried)) for layer in flow.layers] == [("0", 5), ("0 call 2", 6)]
    with pytest.raises(InputError, match="over a single step"):
        gradient_flow(model, lambda: loop(2, 1) + loop(2, 1))


def test_rows_that_end_in_a_users_loop() -> None:
    cell = nn.GRUCell(3, 4)

    def loop() -> Tensor:
        h, total = torch.zeros(3, 4), torch.zeros(())
        for batch in (3, 3, 1):
            h = cell(torch.randn(batch, 3), h[:batch])
            total = total + squared(h)
        return total

    (layer,) = gradient_flow(cell, loop).layers
    assert len(layer.carried) == 3
    assert layer.carried[0] == pytest.approx(1)


def test_single_steps_go_on_where_a_sequence_ended() -> None:
    layer, x = rc.nn.GRU(3, 3), torch.randn(9, 2, 3)

    def forecast() -> Tensor:
        y, h = layer(x)
        for _ in range(6):
            y, h = layer(y[-1:], h)
        return squared(y)

    flow = gradient_flow(layer, forecast)
    assert [(found.layer, len(found.carried)) for found in flow.layers] == [("GRU", 15)]
    assert flow.left_out == ()
    assert gradient_flow(layer, lambda: squared(layer(x)[0]) + squared(layer(x[:1])[0])).left_out == ("GRU call 2",)


def test_a_parametrised_layer_is_named() -> None:
    layer = nn.GRU(3, 4)
    nn.utils.parametrizations.orthogonal(layer, "weight_hh_l0")
    with pytest.raises(InputError, match="remove parametrisations"):
        gradient_flow(layer, lambda: squared(layer(torch.randn(3, 2, 3))[0]))
    model, x = nn.ModuleDict({"a": layer, "b": nn.GRU(3, 4)}), torch.randn(3, 2, 3)
    assert gradient_flow(model, lambda: squared(model["b"](x)[0])).left_out == ("a (a ParametrizedGRU)",)


def test_a_buffer_of_its_own_is_gone_again() -> None:
    class Counting(Last):
        def forward(self, x: Tensor) -> Tensor:
            self.register_buffer("seen", torch.ones(1), persistent=False)
            return super().forward(x)

    model = Counting(nn.GRU(3, 4))
    gradient_flow(model, lambda: squared(model(torch.randn(5, 2, 3))))
    assert list(model.named_buffers()) == []


def test_no_inference_mode() -> None:
    with torch.inference_mode(), pytest.raises(InputError, match="inference_mode"):
        gradient_flow(LAYER, lambda: squared(LAYER(X)[0]))
