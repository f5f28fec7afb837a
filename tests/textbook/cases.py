"""Networks of every cell drawn at odd sizes, for the tests of this folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recurra.textbook import Example, Network, example
from recurra.textbook.network import Cell

CELLS = ("rnn", "relu", "lstm", "gru", "gru-before")
SIZES = [(1, 1, 1, 1), (3, 2, 1, 2), (17, 3, 5, 2)]  # T, F, H, K


def drawn(cell: str, steps: int, inputs: int, units: int, outputs: int) -> Example:
    """An example of one of CELLS, its numbers without a pattern."""
    kind = {"relu": "rnn", "gru-before": "gru"}.get(cell, cell)
    network, x, targets = example(kind, units=units, inputs=inputs, outputs=outputs, steps=steps, seed=steps)
    rng = np.random.default_rng(units)
    network = network.replaced({name: rng.normal(0, 0.6, W.shape) for name, W in network.parameters.items()})
    x = x + rng.normal(0, 0.1, x.shape)
    return Example(Network(variant(cell, network), network.output), x, targets)


def variant(cell: str, network: Network) -> Cell:
    """The network's cell with the option that its name in CELLS stands for."""
    options = {"relu": {"nonlinearity": "relu"}, "gru-before": {"reset_after": False}}.get(cell, {})
    return replace(network.cell, **options)
