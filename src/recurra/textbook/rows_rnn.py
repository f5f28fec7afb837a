"""The rows of a worked example of the simple RNN: what `rnn` computes, in the symbols of its equations."""

from __future__ import annotations

from collections.abc import Iterator

from recurra.textbook.rnn import RNN, Backward, Forward
from recurra.textbook.rows import Row, Term, over_steps, sum_row


def given(cell: RNN) -> Iterator[Row]:
    """The parameters."""
    for name in cell.PARAMETERS:
        yield Row("given", None, name, "parameter", getattr(cell, name))


def forward(run: Forward, t: int) -> Iterator[Row]:
    """c_t and h_t of step t, from 1."""
    cell, c, h = run.cell, run.c[t - 1], run.h[t - 1]
    terms = [
        (f"W_xh x_{t}", cell.W_xh @ run.x[t - 1]),
        (f"W_hh h_{t - 1}", cell.W_hh @ run.h_before[t - 1]),
        ("b_h", cell.b_h),
    ]
    yield sum_row("forward", t, f"c_{t}", c, terms)
    yield Row("forward", t, f"h_{t}", f"{cell.nonlinearity}(c_{t})", h)


def h_terms(back: Backward, t: int) -> Iterator[Term]:
    """What reaches h_t from step t+1."""
    if t < len(back.dh):
        yield Term(f"W_hh^T dJ/dc_{t + 1}, from step {t + 1}", back.run.cell.W_hh.T @ back.dc[t])


def backward(back: Backward, t: int) -> Iterator[Row]:
    """dJ/dc_t, once dJ/dh_t is there."""
    slope = f"(1 - h_{t}^2)" if back.run.cell.nonlinearity == "tanh" else f"(1 if c_{t} > 0 else 0)"
    yield Row("backward", t, f"dJ/dc_{t}", f"dJ/dh_{t} * {slope}", back.dc[t - 1])


def gradients(back: Backward) -> Iterator[Row]:
    """The gradients of the parameters."""
    summands = back.summands()
    yield over_steps("dJ/dW_xh", summands["W_xh"], "dJ/dc_{t} x_{t}^T")
    yield over_steps("dJ/dW_hh", summands["W_hh"], "dJ/dc_{t} h_{before}^T")
    yield over_steps("dJ/db_h", summands["b_h"], "dJ/dc_{t}")
