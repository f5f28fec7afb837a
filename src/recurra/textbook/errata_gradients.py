"""The errors in the article's equations (its sections 3.2 and 4.4): its formulas as printed, and the right ones.

Every number is one of the article's own three steps, with one hidden unit, where its formulas have a value at all.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from recurra.textbook.arrays import Array, sigmoid
from recurra.textbook.differences import by_states, difference
from recurra.textbook.erratum import Evidence
from recurra.textbook.example import THREE_STEPS, example
from recurra.textbook.network import Network, backward, forward
from recurra.textbook.output import loss
from recurra.textbook.rnn import RNN

FORMULAS = ("article", "right", "finite difference")


@cache
def cell_states() -> tuple[Evidence, ...]:
    """c_t from c_{t-1}, as 3.2 has it, beside c_t from h_{t-1}, and what h_t = tanh(c_t) demands."""
    network, x, _ = THREE_STEPS
    W_xh, W_hh, b_h = (network.parameters[name] for name in ("W_xh", "W_hh", "b_h"))
    right = forward(network, x).cell.h
    c = np.zeros(1)
    found = []
    for t in range(3):
        c = W_xh @ x[t] + W_hh @ c + b_h
        before = right[t - 1] if t else np.zeros(1)
        c_right = W_xh @ x[t] + W_hh @ before + b_h
        found.append(Evidence(f"c_{t + 1}", (float(c[0]), float(c_right[0]), float(np.arctanh(right[t, 0])))))
    return tuple(reversed(found))


@cache
def output_gradient() -> tuple[Evidence, ...]:
    """dJ/dh_3, which only the output at 3 depends on."""
    network, x, y_true = THREE_STEPS
    run = forward(network, x)
    W_hy, h, s = network.parameters["W_hy"], run.cell.h[2], run.s[2]
    dy = run.y[2] - y_true[2]
    right = backward(run, y_true).cell.dh[2]
    judge = by_states(network, x, y_true)[2]
    return (
        _evidence("dJ/dh_3", dy * _slope(h), right, judge),
        _evidence("dJ/dh_3, W_hy^T put in", W_hy.T @ (dy * _slope(h)), right, judge),
        _evidence("dJ/dh_3, slope taken at s_3", dy * _slope(s), right, judge),
    )


@cache
def through_time() -> tuple[Evidence, ...]:
    """dJ/dh_1 and dJ/dh_2, which later losses depend on too; and two units, where the side of W_hh shows."""
    network, x, y_true = THREE_STEPS
    W_hh = network.parameters["W_hh"]
    run = forward(network, x)
    back = backward(run, y_true)
    dy, h, judge = run.y - y_true, run.cell.h, by_states(network, x, y_true)
    printed = dy * _slope(h) * (1 - h**2) @ W_hh  # row t holds dJ/dh_{t-1} as printed
    mended = (network.output.backward(run.y, y_true)[2] * (1 - h**2)) @ W_hh  # with dJ/dh_t from the output put right
    rows = [_evidence(f"dJ/dh_{t}", printed[t], back.cell.dh[t - 1], judge[t - 1]) for t in (1, 2)]
    rows += [_evidence(f"dJ/dh_{t}, erratum 3 mended", mended[t], back.cell.dh[t - 1], judge[t - 1]) for t in (1, 2)]
    return (*rows, *_side_of_W_hh())


def _side_of_W_hh() -> tuple[Evidence, ...]:
    network, x, y_true = example("rnn", units=2, steps=2, seed=1)
    run = forward(network, x)
    W_hh = network.parameters["W_hh"]
    silent = np.concatenate([run.y[:1], y_true[1:]])  # step 1 has no loss: what reaches h_1 comes through W_hh alone
    back = backward(run, silent)
    judge = by_states(network, x, silent)[0]
    dc = back.cell.dh[1] * (1 - run.cell.h[1] ** 2)
    printed, right = W_hh @ dc, W_hh.T @ dc
    return tuple(
        Evidence(f"two units, dJ_2/dh_1, unit {u + 1}", (float(printed[u]), float(right[u]), float(judge[u])))
        for u in range(2)
    )


@cache
def pre_activation_gradient() -> tuple[Evidence, ...]:
    """dJ/dc_3 with W_xh, as printed, and without."""
    network, x, y_true = THREE_STEPS
    cell = network.cell
    assert isinstance(cell, RNN)
    run = forward(network, x)
    h, dy = run.cell.h[2], run.y[2] - y_true[2]
    dh = backward(run, y_true).cell.dh[2]
    right = dh * (1 - h**2)
    judge = difference(lambda c: _loss_from(network, np.tanh(c), y_true[2]), np.arctanh(h))
    printed = dy * _slope(h) * (1 - h**2) @ cell.W_xh
    return (
        _evidence("dJ/dc_3", printed, right, judge),
        _evidence("dJ/dc_3, erratum 3 mended", right @ cell.W_xh, right, judge),
    )


def _loss_from(network: Network, h: Array, target: Array) -> float:
    return loss(network.output.forward(h[np.newaxis])[1], target)


def _slope(x: Array) -> Array:
    """sigmoid'(x)."""
    return sigmoid(x) * (1 - sigmoid(x))


def _evidence(quantity: str, *values: Array) -> Evidence:
    return Evidence(quantity, tuple(float(value[0]) for value in values))
