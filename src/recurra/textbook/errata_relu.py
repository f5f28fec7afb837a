"""The article's claim about ReLU (9.2): its unit neither shrinks nor grows a gradient; it dies, or its state grows."""

from __future__ import annotations

from functools import cache

import numpy as np

from recurra.textbook.arrays import Array
from recurra.textbook.erratum import Evidence
from recurra.textbook.rnn import RNN, Forward

UNITS, STEPS = 32, 50
KINDS = ("tanh", "relu")


@cache
def relu() -> tuple[Evidence, ...]:
    """A gradient, a state and dead units over fifty steps, with tanh and with ReLU, the weights the same."""
    identity = np.eye(UNITS)
    kept = [_kept(_run(kind, identity, bias=0.01)) for kind in KINDS]
    grown = [float(np.abs(_run(kind, 1.2 * identity, bias=0.01).h[-1]).max()) for kind in KINDS]
    dead = [_dead(_run(kind, 0.5 * identity, bias=-0.15)) for kind in KINDS]
    return (
        Evidence("|dJ/dh_1| / |dJ/dh_50|, W_hh = I", tuple(kept)),
        Evidence("largest |h_50|, W_hh = 1.2 I", tuple(grown)),
        Evidence("share of units without a gradient, b_h = -0.15", tuple(dead)),
    )


def _run(kind: str, W_hh: Array, bias: float) -> Forward:
    """Inputs above 0, so that with a bias above 0 every unit of ReLU is at work."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (STEPS, 4))
    cell = RNN(rng.uniform(0, 0.1, (UNITS, 4)), W_hh, np.full(UNITS, bias), kind)
    return cell.forward(x, (np.zeros(UNITS),))


def _kept(run: Forward) -> float:
    """What is left at step 1 of a gradient that enters at the last step."""
    from_output = np.zeros_like(run.h)
    from_output[-1] = 1.0
    dh = run.backward(from_output, (np.zeros(UNITS),)).dh
    return float(np.linalg.norm(dh[0]) / np.linalg.norm(dh[-1]))


def _dead(run: Forward) -> float:
    """The share of units through which no step's gradient passes."""
    dc = run.backward(np.ones_like(run.h), (np.zeros(UNITS),)).dc
    return float((dc == 0).all(axis=0).mean())
