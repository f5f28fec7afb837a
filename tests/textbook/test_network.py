"""The whole network, every cell: torch's autograd, finite differences, and the laws that hold without either."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.textbook.cases import CELLS, SIZES, drawn

from recurra.errors import InputError
from recurra.textbook import LSTM, RNN, Network, Output, backward, example, forward, loss_of, lstm
from recurra.textbook.differences import by_parameters, by_states

WIDE = Output(np.ones((1, 2)), np.zeros(1))
each_cell = pytest.mark.parametrize("cell", CELLS)
each_size = pytest.mark.parametrize("sizes", SIZES, ids=str)


def by_torch(network: Network, x: np.ndarray, targets: np.ndarray) -> tuple[float, dict[str, Any], Any]:
    """J and its gradients by torch's autograd, from torch's own cells where it has the form."""
    W = {name: torch.tensor(np.array(value), requires_grad=True) for name, value in network.parameters.items()}
    inputs = torch.tensor(np.array(x), requires_grad=True)
    zero = torch.zeros(network.cell.units, dtype=torch.float64)
    state = (zero, zero) if isinstance(network.cell, LSTM) else zero
    J = torch.zeros((), dtype=torch.float64)
    for x_t, target in zip(inputs, torch.tensor(np.array(targets)), strict=True):
        state = one_step(network, W, x_t, state)
        h = state[0] if isinstance(state, tuple) else state
        y = torch.sigmoid(W["W_hy"] @ h + W["b_y"])
        J = J + 0.5 * ((y - target) ** 2).sum()
    J.backward()
    return J.item(), {name: value.grad for name, value in W.items()}, inputs.grad


def one_step(network: Network, W, x_t, state):
    cell = network.cell
    if isinstance(cell, RNN):
        step = torch.rnn_tanh_cell if cell.nonlinearity == "tanh" else torch.rnn_relu_cell
        return step(x_t[None], state[None], W["W_xh"], W["W_hh"], W["b_h"], torch.zeros_like(W["b_h"]))[0]
    weights = [W[name] for name in cell.PARAMETERS]
    if isinstance(cell, LSTM):
        h, c = torch.lstm_cell(x_t[None], [s[None] for s in state], *weights)
        return h[0], c[0]
    if cell.reset_after:
        return torch.gru_cell(x_t[None], state[None], *weights)[0]
    W_r, W_z, W_n = (weights[0] @ x_t + weights[2]).chunk(3)
    (U_r, U_z, U_n), (b_r, b_z, b_n) = weights[1].chunk(3), weights[3].chunk(3)
    r = torch.sigmoid(W_r + U_r @ state + b_r)
    z = torch.sigmoid(W_z + U_z @ state + b_z)
    n = torch.tanh(W_n + U_n @ (r * state) + b_n)
    return (1 - z) * n + z * state


@each_cell
@each_size
def test_loss_and_all_gradients_are_autograds(cell, sizes):
    network, x, targets = drawn(cell, *sizes)
    J, gradients, dx = by_torch(network, x, targets)
    found = backward(forward(network, x), targets)
    assert loss_of(network, x, targets) == pytest.approx(J, rel=1e-12)
    assert list(found.gradient) == list(network.parameters)
    for name, gradient in found.gradient.items():
        np.testing.assert_allclose(gradient, gradients[name], rtol=0, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(found.cell.dx, dx, rtol=0, atol=1e-12)


@each_cell
@each_size
def test_all_gradients_are_finite_differences(cell, sizes):
    network, x, targets = drawn(cell, *sizes)
    found = backward(forward(network, x), targets)
    for name, difference in by_parameters(network, x, targets).items():
        np.testing.assert_allclose(found.gradient[name], difference, rtol=0, atol=1e-8, err_msg=name)
    np.testing.assert_allclose(found.cell.dh, by_states(network, x, targets), rtol=0, atol=1e-8)
    if isinstance(found.cell, lstm.Backward):
        # h_t as well as c_{t+1} depends on c_t: the difference holds h_t, so only what comes from later is compared
        np.testing.assert_allclose(found.cell.c_from_later, by_states(network, x, targets, "c"), rtol=0, atol=1e-8)


@each_cell
def test_the_gradient_by_the_initial_state(cell):
    network, x, targets = drawn(cell, 4, 2, 3, 2)
    rng = np.random.default_rng(0)
    state = tuple(rng.normal(size=3) for _ in network.rest)
    found = backward(forward(network, x, state), targets).cell.dstate
    for which, gradient in enumerate(found):
        for unit in range(3):
            sides = []
            for sign in (1, -1):
                moved = [s.copy() for s in state]
                moved[which][unit] += sign * 1e-5
                sides.append(0.5 * ((forward(network, x, tuple(moved)).y - targets) ** 2).sum())
            assert gradient[unit] == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=1e-8)


@each_cell
def test_two_parts_are_the_whole(cell):
    network, x, targets = drawn(cell, 7, 2, 3, 1)
    whole = forward(network, x)
    first = forward(network, x[:3])
    second = forward(network, x[3:], first.cell.state(3))
    np.testing.assert_array_equal(np.concatenate([first.y, second.y]), whole.y)
    back = backward(second, targets[3:])
    *_, from_output = network.output.backward(first.y, targets[:3])
    before = first.cell.backward(from_output, back.cell.dstate)
    expected = backward(whole, targets)
    np.testing.assert_allclose(np.concatenate([before.dh, back.cell.dh]), expected.cell.dh, rtol=0, atol=1e-14)
    for name, summands in before.summands().items():
        total = summands.sum(axis=0) + back.gradient[name]
        np.testing.assert_allclose(total, expected.gradient[name], rtol=0, atol=1e-14)


@each_cell
def test_the_future_moves_nothing_before_it(cell):
    network, x, targets = drawn(cell, 6, 2, 3, 1)
    changed = x.copy()
    changed[4:] += 1.0
    np.testing.assert_array_equal(forward(network, changed).y[:4], forward(network, x).y[:4])
    silent = forward(network, x).y.copy()
    silent[:4] = targets[:4]  # only steps 1 to 4 have a loss
    back = backward(forward(network, x), np.concatenate([targets[:4], forward(network, x).y[4:]]))
    assert (back.cell.dh[4:] == 0).all()
    assert (back.cell.dh[:4] != 0).any()


def test_permuting_the_units_permutes_the_states():
    network, x, _ = drawn("rnn", 5, 2, 4, 1)
    order = np.array([2, 0, 3, 1])
    W = network.parameters
    to_and_from = W["W_hh"][order][:, order]
    other = network.replaced(
        {"W_xh": W["W_xh"][order], "W_hh": to_and_from, "b_h": W["b_h"][order], "W_hy": W["W_hy"][:, order]}
    )
    np.testing.assert_allclose(forward(other, x).cell.h, forward(network, x).cell.h[:, order], rtol=0, atol=1e-15)
    np.testing.assert_allclose(forward(other, x).y, forward(network, x).y, rtol=0, atol=1e-15)


def test_a_flat_list_is_a_sequence_of_one_input():
    network, x, targets = example()
    np.testing.assert_array_equal(forward(network, [0.5, -0.3, 0.8]).y, forward(network, x).y)
    assert loss_of(network, x.ravel(), targets.ravel()) == loss_of(network, x, targets)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda n, x, y: forward(n, []), "x has shape"),
        (lambda n, x, y: forward(n, [[1.0, 2.0]]), r"x has shape \[1, 2\]: expected \[T, 1\]"),
        (lambda n, x, y: forward(n, [0.1, float("nan")]), "x holds nan: expected finite numbers"),
        (lambda n, x, y: forward(n, [0.1, 2j]), "x is .*: expected real numbers"),
        (lambda n, x, y: forward(n, "high"), "x is 'high': expected real numbers"),
        (lambda n, x, y: forward(n, x, (np.zeros(1), np.zeros(1))), r"state holds 2 arrays: expected 1, \(h_0,\)"),
        (lambda n, x, y: forward(n, x, (np.zeros(2),)), r"h_0 has shape \[2\]: expected \[1\]"),
        (lambda n, x, y: backward(forward(n, x), y[:2]), r"targets has shape \[2, 1\]: expected \[3, 1\]"),
        (lambda n, x, y: n.replaced({"W_xx": 1}), "no parameter 'W_xx': expected some of W_xh, W_hh, b_h, W_hy, b_y"),
        (
            lambda n, x, y: Network(n.cell, WIDE),
            "W_hy is for 2 hidden units, the cell has 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call(*example())
