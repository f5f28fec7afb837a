"""The rows of a worked example of the GRU, in both forms: what `gru` computes, in the symbols of its equations."""

from __future__ import annotations

from collections.abc import Iterator

from recurra.textbook.gru import GRU, Backward, Forward
from recurra.textbook.rows import Row, Term, gate_slices, over_steps, sum_row


def given(cell: GRU) -> Iterator[Row]:
    """The parameters, gate by gate."""
    for gate, rows in gate_slices(cell.GATES, cell.units):
        yield Row("given", None, f"W_{gate}", "block of weight_ih", cell.weight_ih[rows])
        yield Row("given", None, f"U_{gate}", "block of weight_hh", cell.weight_hh[rows])
        yield Row("given", None, f"b_{gate}", "block of bias_ih", cell.bias_ih[rows])
        yield Row("given", None, f"b_U{gate}", "block of bias_hh", cell.bias_hh[rows])


def forward(run: Forward, t: int) -> Iterator[Row]:
    """The gates, u_t and h_t of step t, from 1."""
    cell, x, before = run.cell, run.x[t - 1], run.h_before[t - 1]
    a = {"r": run.a_r[t - 1], "z": run.a_z[t - 1], "n": run.a_n[t - 1]}
    r, z, n, u = (each[t - 1] for each in (run.r, run.z, run.n, run.u))
    blocks = dict(gate_slices(cell.GATES, cell.units))
    for gate in "rz":
        rows = blocks[gate]
        terms = [
            (f"W_{gate} x_{t}", cell.weight_ih[rows] @ x),
            (f"b_{gate}", cell.bias_ih[rows]),
            (f"U_{gate} h_{t - 1}", cell.weight_hh[rows] @ before),
            (f"b_U{gate}", cell.bias_hh[rows]),
        ]
        yield sum_row("forward", t, f"a_{gate}_{t}", a[gate], terms)
        yield Row("forward", t, f"{gate}_{t}", f"sigmoid(a_{gate}_{t})", r if gate == "r" else z)
    rows = blocks["n"]
    met = (f"h_{t - 1}", before) if cell.reset_after else (f"(r_{t} * h_{t - 1})", r * before)
    terms = [(f"U_n {met[0]}", cell.weight_hh[rows] @ met[1]), ("b_Un", cell.bias_hh[rows])]
    yield sum_row("forward", t, f"u_{t}", u, terms)
    last = (f"r_{t} * u_{t}", r * u) if cell.reset_after else (f"u_{t}", u)
    terms = [(f"W_n x_{t}", cell.weight_ih[rows] @ x), ("b_n", cell.bias_ih[rows]), last]
    yield sum_row("forward", t, f"a_n_{t}", a["n"], terms)
    yield Row("forward", t, f"n_{t}", f"tanh(a_n_{t})", n)
    terms = [(f"(1 - z_{t}) * n_{t}", (1 - z) * n), (f"z_{t} * h_{t - 1}", z * before)]
    yield sum_row("forward", t, f"h_{t}", run.h[t - 1], terms)


def h_terms(back: Backward, t: int) -> Iterator[Term]:
    """What reaches h_t from step t+1: straight on through z, and through each gate."""
    if t == len(back.dh):
        return
    cell, later = back.run.cell, t + 1
    blocks = dict(gate_slices(cell.GATES, cell.units))
    yield Term(f"dJ/dh_{later} * z_{later}, from step {later} straight on", back.dh[t] * back.run.z[t])
    for gate, da in (("r", back.da_r[t]), ("z", back.da_z[t])):
        label = f"U_{gate}^T dJ/da_{gate}_{later}, from step {later} through {gate}"
        yield Term(label, cell.weight_hh[blocks[gate]].T @ da)
    label = f"U_n^T dJ/du_{later}" if cell.reset_after else f"r_{later} * U_n^T dJ/du_{later}"
    yield Term(f"{label}, from step {later} through n", back.through_n[t])


def backward(back: Backward, t: int) -> Iterator[Row]:
    """The gates' gradients, once dJ/dh_t is there."""
    after = back.run.cell.reset_after
    dr = f"dJ/da_n_{t} * u_{t}" if after else f"(U_n^T dJ/du_{t}) * h_{t - 1}"
    formulas = {
        "da_n": (f"dJ/dh_{t} * (1 - z_{t}) * (1 - n_{t}^2)", back.da_n),
        "da_z": (f"dJ/dh_{t} * (h_{t - 1} - n_{t}) * z_{t} * (1 - z_{t})", back.da_z),
        "du": (f"dJ/da_n_{t} * r_{t}" if after else f"dJ/da_n_{t}", back.du),
        "da_r": (f"{dr} * r_{t} * (1 - r_{t})", back.da_r),
    }
    for name, (formula, values) in formulas.items():
        yield Row("backward", t, f"dJ/{name}_{t}", formula, values[t - 1])


def gradients(back: Backward) -> Iterator[Row]:
    """The gradients of the parameters, gate by gate."""
    summands, after = back.summands(), back.run.cell.reset_after
    for gate, rows in gate_slices(back.run.cell.GATES, back.run.cell.units):
        da = f"dJ/da_{gate}_{{t}}"
        recurrent = "dJ/du_{t}" if gate == "n" else da
        met = "(r_{t} * h_{before})^T" if gate == "n" and not after else "h_{before}^T"
        yield over_steps(f"dJ/dW_{gate}", summands["weight_ih"][:, rows], da + " x_{t}^T")
        yield over_steps(f"dJ/dU_{gate}", summands["weight_hh"][:, rows], f"{recurrent} {met}")
        yield over_steps(f"dJ/db_{gate}", summands["bias_ih"][:, rows], da)
        yield over_steps(f"dJ/db_U{gate}", summands["bias_hh"][:, rows], recurrent)
