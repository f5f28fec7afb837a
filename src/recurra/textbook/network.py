"""A cell and an output on it: the whole network of the article, forward, loss and backward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.textbook import gru, lstm, rnn
from recurra.textbook.arrays import Array, as_array, as_sequence
from recurra.textbook.gru import GRU
from recurra.textbook.lstm import LSTM
from recurra.textbook.output import Output, loss
from recurra.textbook.rnn import RNN

Cell = RNN | LSTM | GRU
CellForward = rnn.Forward | lstm.Forward | gru.Forward
CellBackward = rnn.Backward | lstm.Backward | gru.Backward


@dataclass(frozen=True, eq=False)
class Network:
    """A cell (RNN, LSTM or GRU) and the output on its hidden state.

    Errors: InputError where the output's W_hy is for another number of hidden units.

    >>> network = Network(RNN([[0.6]], [[0.8]], [0.1]), Output([[1.2]], [-0.2]))
    >>> list(network.parameters)
    ['W_xh', 'W_hh', 'b_h', 'W_hy', 'b_y']
    """

    cell: Cell
    output: Output

    def __post_init__(self) -> None:
        width = self.output.W_hy.shape[1]
        if width != self.cell.units:
            raise InputError(
                f"output.W_hy is for {width} hidden units, the cell has {self.cell.units}: "
                f"expected W_hy of shape [{self.output.outputs}, {self.cell.units}]"
            )

    @property
    def parameters(self) -> dict[str, Array]:
        """Every parameter by name: the cell's, then W_hy and b_y."""
        own = {name: getattr(self.cell, name) for name in self.cell.PARAMETERS}
        return own | {name: getattr(self.output, name) for name in self.output.PARAMETERS}

    def replaced(self, parameters: Mapping[str, npt.ArrayLike]) -> Network:
        """The same network with some parameters replaced, by name.

        Errors: InputError for a name that is not a parameter, or a shape that does not fit.
        """
        for name in parameters:
            if name not in self.parameters:
                raise InputError(f"there is no parameter {name!r}: expected some of {', '.join(self.parameters)}")
        to_cell = {name: value for name, value in parameters.items() if name in self.cell.PARAMETERS}
        to_output = {name: value for name, value in parameters.items() if name in self.output.PARAMETERS}
        return Network(replace(self.cell, **to_cell), replace(self.output, **to_output))

    @property
    def rest(self) -> tuple[Array, ...]:
        """The state that a sequence starts from where none is given: zeros."""
        return tuple(np.zeros(self.cell.units) for _ in self.cell.STATES)


@dataclass(frozen=True, eq=False)
class Forward:
    """What the forward pass computed: the cell's part, s and y [T, K]."""

    network: Network
    cell: CellForward
    s: Array
    y: Array


@dataclass(frozen=True, eq=False)
class Backward:
    """What the backward pass computed: dy and ds [T, K], the cell's part, and the gradients of the parameters.

    `summands[name]` [T, ...] holds what each step adds to `gradient[name]`, which is of the parameter's own shape.
    """

    run: Forward
    dy: Array
    ds: Array
    cell: CellBackward
    summands: dict[str, Array]
    gradient: dict[str, Array]


def forward(network: Network, x: npt.ArrayLike, state: tuple[npt.ArrayLike, ...] | None = None) -> Forward:
    """One sequence x [T, F] (or [T], where there is one input) from the state (h_0 [H], and c_0 of an LSTM) or zeros.

    Errors: InputError for no step at all, another width, numbers that are not finite.

    >>> network = Network(RNN([[0.6]], [[0.8]], [0.1]), Output([[1.2]], [-0.2]))
    >>> forward(network, [0.5, -0.3, 0.8]).y.round(4).ravel()
    array([0.5636, 0.5161, 0.638 ])
    """
    names = network.cell.STATES
    if state is not None and len(state) != len(names):
        expected = ", ".join(f"{name}_0" for name in names)
        raise InputError(f"state holds {len(state)} arrays: expected {len(names)}, ({expected},)")
    start = (
        network.rest
        if state is None
        else tuple(as_array(f"{name}_0", s, network.cell.units) for name, s in zip(names, state, strict=True))
    )
    return resumed(network, as_sequence("x", x, network.cell.inputs), start)


def resumed(network: Network, x: Array, state: tuple[Array, ...]) -> Forward:
    """`forward` of arrays that are checked already; x may be empty, as after the last step."""
    cell = network.cell.forward(x, state)
    s, y = network.output.forward(cell.h)
    return Forward(network, cell, s, y)


def backward(run: Forward, targets: npt.ArrayLike) -> Backward:
    """All gradients of J for the targets y* [T, K] (or [T], where there is one output).

    Errors: InputError for targets of another shape than the outputs, or not finite.

    >>> network = Network(RNN([[0.6]], [[0.8]], [0.1]), Output([[1.2]], [-0.2]))
    >>> backward(forward(network, [0.5, -0.3, 0.8]), [0.2, 0.7, 0.9]).gradient["W_hh"].round(6)
    array([[-0.041825]])
    """
    output = run.network.output
    steps, outputs = run.y.shape
    dy, ds, from_output = output.backward(run.y, as_sequence("targets", targets, outputs, steps))
    cell = run.cell.backward(from_output, run.network.rest)
    summands = cell.summands() | output.summands(ds, run.cell.h)
    return Backward(run, dy, ds, cell, summands, {name: each.sum(axis=0) for name, each in summands.items()})


def loss_of(network: Network, x: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """J of one sequence: forward, then the loss.

    >>> network = Network(RNN([[0.6]], [[0.8]], [0.1]), Output([[1.2]], [-0.2]))
    >>> round(loss_of(network, [0.5, -0.3, 0.8], [0.2, 0.7, 0.9]), 6)
    0.117356
    """
    y = forward(network, x).y
    return loss(y, as_sequence("targets", targets, y.shape[1], y.shape[0]))
