"""Small networks to compute by hand: the article's three steps (4.5) with numbers, others by size and seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recurra.errors import InputError
from recurra.textbook.arrays import Array, as_count
from recurra.textbook.gru import GRU
from recurra.textbook.lstm import LSTM
from recurra.textbook.network import Cell, Network
from recurra.textbook.output import Output
from recurra.textbook.rnn import RNN

CELLS = ("rnn", "lstm", "gru")


class Example(NamedTuple):
    """A network, a sequence x [T, F] and its targets [T, K]."""

    network: Network
    x: Array
    targets: Array


# The article leaves its numbers open ("initialised at random"). These are ours: short enough for a pocket calculator.
THREE_STEPS = Example(
    Network(
        RNN(W_xh=np.array([[0.6]]), W_hh=np.array([[0.8]]), b_h=np.array([0.1])),
        Output(W_hy=np.array([[1.2]]), b_y=np.array([-0.2])),
    ),
    x=np.array([[0.5], [-0.3], [0.8]]),
    targets=np.array([[0.2], [0.7], [0.9]]),
)


def example(
    cell: str = "rnn", *, units: int = 1, inputs: int = 1, outputs: int = 1, steps: int = 3, seed: int | None = None
) -> Example:
    """A network of `cell` ("rnn", "lstm", "gru") with numbers of one or two digits, a sequence and its targets.

    Called with nothing it is the article's example; any size, cell or seed of your own draws parameters and inputs
    from -1 to 1 in steps of 0.1 and targets from 0.1 to 0.9, the same for the same seed (0 if not given).

    Errors: InputError for another cell, a size below 1 or a seed below 0.

    >>> example().x.ravel()
    array([ 0.5, -0.3,  0.8])
    >>> example("lstm", units=2, seed=1).network.cell.weight_hh.shape
    (8, 2)
    """
    sizes = dict(units=units, inputs=inputs, outputs=outputs, steps=steps)
    for name, size in sizes.items():
        as_count(name, size, least=1)
    if seed is not None:
        as_count("seed", seed, least=0)
    if cell not in CELLS:
        raise InputError(f"cell is {cell!r}: expected one of {', '.join(CELLS)}")
    if cell == "rnn" and seed is None and tuple(sizes.values()) == (1, 1, 1, 3):
        return THREE_STEPS
    rng = np.random.default_rng(seed or 0)
    network = Network(_cell(cell, inputs, units, rng), Output(_drawn(rng, outputs, units), _drawn(rng, outputs)))
    return Example(network, _drawn(rng, steps, inputs), rng.integers(1, 10, (steps, outputs)) / 10)


def _cell(name: str, inputs: int, units: int, rng: np.random.Generator) -> Cell:
    if name == "rnn":
        return RNN(_drawn(rng, units, inputs), _drawn(rng, units, units), _drawn(rng, units))
    rows = (4 if name == "lstm" else 3) * units
    make = LSTM if name == "lstm" else GRU
    return make(_drawn(rng, rows, inputs), _drawn(rng, rows, units), _drawn(rng, rows), _drawn(rng, rows))


def _drawn(rng: np.random.Generator, *shape: int) -> Array:
    """Tenths from -1 to 1 without 0, which would hide a summand."""
    return rng.integers(1, 11, shape) * rng.choice([-1, 1], shape) / 10
