"""Every intermediate number of a worked example, forward, backward and one step of gradient descent, as a table."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.textbook import gru, lstm, rnn, rows_gru, rows_lstm, rows_rnn
from recurra.textbook.arrays import Array, as_sequence
from recurra.textbook.descent import descended, expect_positive
from recurra.textbook.example import example
from recurra.textbook.network import Backward, Forward, Network, backward, forward, loss_of
from recurra.textbook.output import loss
from recurra.textbook.printing import as_html, as_text
from recurra.textbook.rows import PARTS, Row, over_steps, sum_row


@dataclass(frozen=True, eq=False)
class Walk:
    """The rows of a worked example, in the order of computing; printed it is a table, in a notebook too.

    `walk["dJ/dh_2"]` is the array of that name; `walk.row("dJ/dh_2").terms` what it is the sum of.
    """

    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        return f"<Walk of {len(self.rows)} quantities, from {self.names[0]} to {self.names[-1]}: print it>"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.rows)

    def __getitem__(self, name: str) -> Array:
        return self.row(name).value

    @property
    def names(self) -> list[str]:
        """The names of all rows."""
        return [row.name for row in self.rows]

    def row(self, name: str) -> Row:
        """The row of one quantity.

        Errors: InputError for a name that is not there, with the nearest one.
        """
        for row in self.rows:
            if row.name == name:
                return row
        near = difflib.get_close_matches(str(name), self.names, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else "names holds those that are"
        raise InputError(f"there is no quantity {name!r} in this walk: {remedy}")

    def select(self, *, part: str | None = None, step: int | None = None) -> Walk:
        """The rows of one part ("given", "forward", "backward", "gradients", "update"), of one step t, or of both.

        Errors: InputError for another part, a step that is not there, and where nothing is left.
        """
        if part is not None and part not in PARTS:
            raise InputError(f"part is {part!r}: expected one of {', '.join(PARTS)}")
        steps = max((row.step or 0 for row in self.rows), default=0)
        if step is not None and not steps:
            raise InputError(f"step is {step}: the rows of this walk belong to no step; select from the whole walk")
        if step is not None and step not in range(1, steps + 1):
            raise InputError(f"step is {step}: expected a whole number from 1 to {steps}")
        rows = tuple(row for row in self.rows if part in (None, row.part) and step in (None, row.step))
        if not rows:
            raise InputError(f"part {part!r} has nothing of step {step}: leave out one of the two")
        return Walk(rows)

    def records(self) -> list[dict[str, Any]]:
        """Plain dictionaries, one a row, for JSON or a DataFrame; values and terms are numbers or nested lists."""
        return [
            {
                "part": row.part,
                "step": row.step,
                "name": row.name,
                "formula": row.formula,
                "value": row.value.tolist(),
                "terms": [{"label": term.label, "value": term.value.tolist()} for term in row.terms],
            }
            for row in self.rows
        ]

    def text(self, digits: int = 6, *, width: int = 100) -> str:
        """The table with so many digits after the point; vectors that would pass `width` columns go on below.

        Errors: InputError for digits that are not from 1 to 15.
        """
        if digits not in range(1, 16):
            raise InputError(f"digits is {digits}: expected a whole number from 1 to 15")
        return as_text(self.rows, digits, width)


def walk(
    network: Network | None = None,
    x: npt.ArrayLike | None = None,
    targets: npt.ArrayLike | None = None,
    *,
    learning_rate: float = 0.1,
) -> Walk:
    """Compute an example by hand and keep every number: the article's three steps, or `walk(*example("lstm"))`.

    Errors: InputError for a network that is none, for some of network, x and targets without the others, for a learning
    rate that is not positive, and as `forward` and `backward`.

    >>> steps = walk()
    >>> steps["h_1"].round(4)
    array([0.3799])
    >>> for label, value in steps.row("dJ/dh_2").terms:
    ...     print(label, value.round(4))
    W_hy^T dJ/ds_2, from the output at 2 [-0.0551]
    W_hh^T dJ/dc_3, from step 3 [-0.0344]
    """
    expect_positive("learning_rate", learning_rate)
    missing = [name for name, each in (("network", network), ("x", x), ("targets", targets)) if each is None]
    if len(missing) == 3:
        network, x, targets = example()
    if network is not None and not isinstance(network, Network):
        raise InputError(
            f"network is of type {type(network).__name__}: expected a Network, as in walk(*example('lstm'))"
        )
    if network is None or x is None or targets is None:
        raise InputError(f"{missing[0]} is missing: give network, x and targets, or none of them for the article's")
    run = forward(network, x)
    aims = as_sequence("targets", targets, run.y.shape[1], run.y.shape[0])
    back = backward(run, aims)
    steps = range(1, len(run.y) + 1)
    return Walk(
        (
            *_given(run),
            *(row for t in steps for row in _forward(run, aims, t)),
            _loss(run, aims),
            *(row for t in reversed(steps) for row in _backward(back, aims, t)),
            *_gradients(back),
            *_update(network, back, aims, learning_rate),
        )
    )


def _given(run: Forward) -> Iterator[Row]:
    network = run.network
    match network.cell:
        case rnn.RNN():
            yield from rows_rnn.given(network.cell)
        case lstm.LSTM():
            yield from rows_lstm.given(network.cell)
        case gru.GRU():
            yield from rows_gru.given(network.cell)
    for name in network.output.PARAMETERS:
        yield Row("given", None, name, "parameter", network.parameters[name])
    for name, value in zip(network.cell.STATES, run.cell.state(0), strict=True):
        yield Row("given", None, f"{name}_0", "initial state", value)


def _forward(run: Forward, targets: Array, t: int) -> Iterator[Row]:
    W_hy, b_y = run.network.output.W_hy, run.network.output.b_y
    s, y, target = run.s[t - 1], run.y[t - 1], targets[t - 1]
    yield Row("forward", t, f"x_{t}", "input", run.cell.x[t - 1])
    match run.cell:
        case rnn.Forward():
            yield from rows_rnn.forward(run.cell, t)
        case lstm.Forward():
            yield from rows_lstm.forward(run.cell, t)
        case gru.Forward():
            yield from rows_gru.forward(run.cell, t)
    yield sum_row("forward", t, f"s_{t}", s, [(f"W_hy h_{t}", W_hy @ run.cell.h[t - 1]), ("b_y", b_y)])
    yield Row("forward", t, f"y_{t}", f"sigmoid(s_{t})", y)
    yield Row("forward", t, f"y*_{t}", "target", target)
    yield Row("forward", t, f"J_{t}", f"1/2 sum (y_{t} - y*_{t})^2", np.array(loss(y, target)))


def _loss(run: Forward, targets: Array) -> Row:
    each = [np.array(loss(y, target)) for y, target in zip(run.y, targets, strict=True)]
    terms = ((f"J_{t}", J_t) for t, J_t in enumerate(each, start=1))
    return sum_row("forward", None, "J", np.array(loss(run.y, targets)), terms)


def _backward(back: Backward, targets: Array, t: int) -> Iterator[Row]:
    W_hy, dy, ds, y = back.run.network.output.W_hy, back.dy[t - 1], back.ds[t - 1], back.run.y[t - 1]
    yield sum_row("backward", t, f"dJ/dy_{t}", dy, [(f"y_{t}", y), (f"(-y*_{t})", -targets[t - 1])])
    yield Row("backward", t, f"dJ/ds_{t}", f"dJ/dy_{t} * y_{t} * (1 - y_{t})", ds)
    terms = [(f"W_hy^T dJ/ds_{t}, from the output at {t}", W_hy.T @ ds)]
    match back.cell:
        case rnn.Backward():
            later, rows = rows_rnn.h_terms(back.cell, t), rows_rnn.backward(back.cell, t)
        case lstm.Backward():
            later, rows = rows_lstm.h_terms(back.cell, t), rows_lstm.backward(back.cell, t)
        case gru.Backward():
            later, rows = rows_gru.h_terms(back.cell, t), rows_gru.backward(back.cell, t)
    yield sum_row("backward", t, f"dJ/dh_{t}", back.cell.dh[t - 1], [*terms, *later])
    yield from rows


def _gradients(back: Backward) -> Iterator[Row]:
    match back.cell:
        case rnn.Backward():
            yield from rows_rnn.gradients(back.cell)
        case lstm.Backward():
            yield from rows_lstm.gradients(back.cell)
        case gru.Backward():
            yield from rows_gru.gradients(back.cell)
    yield over_steps("dJ/dW_hy", back.summands["W_hy"], "dJ/ds_{t} h_{t}^T")
    yield over_steps("dJ/db_y", back.summands["b_y"], "dJ/ds_{t}")


def _update(network: Network, back: Backward, targets: Array, learning_rate: float) -> Iterator[Row]:
    new = descended(network, back.gradient, learning_rate)
    for name, W in network.parameters.items():
        terms = [(name, W), (f"(-{learning_rate:g} dJ/d{name})", -learning_rate * back.gradient[name])]
        yield sum_row("update", None, f"new {name}", new.parameters[name], terms)
    yield Row("update", None, "new J", "loss with the new parameters", np.array(loss_of(new, back.run.cell.x, targets)))
