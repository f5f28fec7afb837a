"""Gradient descent on one sequence: W <- W - alpha dJ/dW for every parameter, with the learning rate alpha."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.textbook.arrays import Array, as_count, as_sequence
from recurra.textbook.network import Network, backward, forward
from recurra.textbook.output import loss


class Trained(NamedTuple):
    """The network after the last step, and J before the first step and after each one [steps + 1]."""

    network: Network
    losses: Array


def train(
    network: Network,
    x: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    learning_rate: float = 0.1,
    steps: int = 100,
    clip: float | None = None,
) -> Trained:
    """Gradient descent on one sequence x [T, F] with targets [T, K]; the network given stays as it is.

    With `clip`, a gradient whose norm over all parameters is larger is shortened to that norm (Pascanu et al. 2013).

    Errors: InputError for a learning rate or clip that is not positive, steps below 0, and as `forward`, `backward`.

    >>> from recurra.textbook import example
    >>> trained = train(*example(), learning_rate=0.5, steps=200)
    >>> len(trained.losses), bool(trained.losses[-1] < 0.5 * trained.losses[0])
    (201, True)
    """
    expect_positive("learning_rate", learning_rate)
    if clip is not None:
        expect_positive("clip", clip)
    as_count("steps", steps, least=0)
    run = forward(network, x)
    targets = as_sequence("targets", targets, run.y.shape[1], run.y.shape[0])
    losses = [loss(run.y, targets)]
    for _ in range(steps):
        gradient = backward(run, targets).gradient
        shrink = 1.0 if clip is None else min(1.0, clip / max(norm(gradient), np.finfo(np.float64).tiny))
        network = descended(network, gradient, learning_rate * shrink)
        run = forward(network, x)
        losses.append(loss(run.y, targets))
    return Trained(network, np.array(losses))


def descended(network: Network, gradient: dict[str, Array], learning_rate: float) -> Network:
    """One step: every parameter W becomes W - learning_rate * dJ/dW."""
    return network.replaced({name: W - learning_rate * gradient[name] for name, W in network.parameters.items()})


def norm(gradient: dict[str, Array]) -> float:
    """The Euclidean norm over all parameters together.

    >>> norm({"W_hh": np.array([[3.0]]), "b_h": np.array([4.0])})
    5.0
    """
    return math.sqrt(sum(float((each**2).sum()) for each in gradient.values()))


def expect_positive(name: str, value: float) -> None:
    """Refuse what is no learning rate, and no norm, with InputError."""
    if not (isinstance(value, int | float | np.number) and math.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value!r}: expected a finite number above 0, such as 0.1")
