"""The rows of a worked example of the LSTM: what `lstm` computes, in the symbols of its equations, gate by gate."""

from __future__ import annotations

from collections.abc import Iterator

from recurra.textbook.lstm import LSTM, Backward, Forward
from recurra.textbook.rows import Row, Term, gate_slices, over_steps, sum_row

INTO_C = {"i": "g", "f": "c", "g": "i"}  # what dJ/dc_t is multiplied by on its way to a gate


def given(cell: LSTM) -> Iterator[Row]:
    """The parameters, gate by gate."""
    for gate, rows in gate_slices(cell.GATES, cell.units):
        yield Row("given", None, f"W_{gate}", "block of weight_ih", cell.weight_ih[rows])
        yield Row("given", None, f"U_{gate}", "block of weight_hh", cell.weight_hh[rows])
        yield Row("given", None, f"b_{gate}", "block of bias_ih", cell.bias_ih[rows])
        yield Row("given", None, f"b_U{gate}", "block of bias_hh", cell.bias_hh[rows])


def forward(run: Forward, t: int) -> Iterator[Row]:
    """The gates, c_t and h_t of step t, from 1."""
    cell, x, h_before, c_before = run.cell, run.x[t - 1], run.h_before[t - 1], run.c_before[t - 1]
    i, f, g, o, c, h = (each[t - 1] for each in (run.i, run.f, run.g, run.o, run.c, run.h))
    for gate, rows in gate_slices(cell.GATES, cell.units):
        terms = [
            (f"W_{gate} x_{t}", cell.weight_ih[rows] @ x),
            (f"b_{gate}", cell.bias_ih[rows]),
            (f"U_{gate} h_{t - 1}", cell.weight_hh[rows] @ h_before),
            (f"b_U{gate}", cell.bias_hh[rows]),
        ]
        yield sum_row("forward", t, f"a_{gate}_{t}", run.a[t - 1, rows], terms)
    for gate, value in zip(cell.GATES, (i, f, g, o), strict=True):
        yield Row("forward", t, f"{gate}_{t}", f"{'tanh' if gate == 'g' else 'sigmoid'}(a_{gate}_{t})", value)
    yield sum_row("forward", t, f"c_{t}", c, [(f"f_{t} * c_{t - 1}", f * c_before), (f"i_{t} * g_{t}", i * g)])
    yield Row("forward", t, f"h_{t}", f"o_{t} * tanh(c_{t})", h)


def h_terms(back: Backward, t: int) -> Iterator[Term]:
    """What reaches h_t from step t+1, through each of its gates."""
    if t < len(back.dh):
        cell = back.run.cell
        for gate, rows in gate_slices(cell.GATES, cell.units):
            label = f"U_{gate}^T dJ/da_{gate}_{t + 1}, from step {t + 1} through {gate}"
            yield Term(label, cell.weight_hh[rows].T @ back.da[t, rows])


def backward(back: Backward, t: int) -> Iterator[Row]:
    """dJ/dc_t and the gates' gradients, once dJ/dh_t is there."""
    terms = [(f"dJ/dh_{t} * o_{t} * (1 - tanh(c_{t})^2)", back.dc_from_h[t - 1])]
    if t < len(back.dh):
        terms.append((f"dJ/dc_{t + 1} * f_{t + 1}, from step {t + 1}", back.dc[t] * back.run.f[t]))
    yield sum_row("backward", t, f"dJ/dc_{t}", back.dc[t - 1], terms)
    for gate, rows in gate_slices(back.run.cell.GATES, back.run.cell.units):
        slope = f"(1 - g_{t}^2)" if gate == "g" else f"{gate}_{t} * (1 - {gate}_{t})"
        if gate == "o":
            outer = f"dJ/dh_{t} * tanh(c_{t})"
        else:
            outer = f"dJ/dc_{t} * {INTO_C[gate]}_{t - 1 if gate == 'f' else t}"
        yield Row("backward", t, f"dJ/da_{gate}_{t}", f"{outer} * {slope}", back.da[t - 1, rows])


def gradients(back: Backward) -> Iterator[Row]:
    """The gradients of the parameters, gate by gate."""
    summands = back.summands()
    for gate, rows in gate_slices(back.run.cell.GATES, back.run.cell.units):
        da = f"dJ/da_{gate}_{{t}}"
        yield over_steps(f"dJ/dW_{gate}", summands["weight_ih"][:, rows], da + " x_{t}^T")
        yield over_steps(f"dJ/dU_{gate}", summands["weight_hh"][:, rows], da + " h_{before}^T")
        yield over_steps(f"dJ/db_{gate}", summands["bias_ih"][:, rows], da)
        yield over_steps(f"dJ/db_U{gate}", summands["bias_hh"][:, rows], da)
