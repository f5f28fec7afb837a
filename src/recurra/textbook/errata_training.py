"""The errors in how the article trains (3.2, 3.3 and 5.3): the missing b_y, the learning rate, the optimiser."""

from __future__ import annotations

from functools import cache

import numpy as np

from recurra.textbook.arrays import Array
from recurra.textbook.descent import descended, train
from recurra.textbook.differences import by_parameters
from recurra.textbook.erratum import Evidence
from recurra.textbook.example import THREE_STEPS, Example, example
from recurra.textbook.network import Network, backward, forward, loss_of

SGD_RATE, ADAM_RATE = 0.01, 0.001  # the defaults of Keras
BETA_1, BETA_2, TINY = 0.9, 0.999, 1e-7  # the same


@cache
def output_bias() -> tuple[Evidence, ...]:
    """What b_y is worth: the loss after 1,000 steps of gradient descent without it and with it, both from b_y = 0."""
    network, x, targets = THREE_STEPS
    start = network.replaced({"b_y": [0.0]})
    without = start
    for _ in range(1000):
        gradient = backward(forward(without, x), targets).gradient
        without = descended(without, gradient | {"b_y": np.zeros(1)}, 0.5)
    with_it = train(start, x, targets, learning_rate=0.5, steps=1000).losses[-1]
    slope = float(backward(forward(network, x), targets).gradient["b_y"][0])
    return (
        Evidence("J after 1,000 steps of 0.5", (loss_of(without, x, targets), float(with_it), None)),
        Evidence("dJ/db_y", (None, slope, float(by_parameters(network, x, targets)["b_y"][0]))),
    )


@cache
def learning_rate() -> tuple[Evidence, ...]:
    """The loss of fifty steps with four units: the whole gradient subtracted, and a twentieth of it."""
    fifty = example("rnn", units=4, steps=50, seed=0)
    whole = train(*fifty, learning_rate=1.0, steps=200).losses
    small = train(*fifty, learning_rate=0.05, steps=200).losses
    return tuple(
        Evidence(f"J after step {steps}", (float(whole[steps]), float(small[steps]), float(whole[0])))
        for steps in (1, 10, 200)
    )


@cache
def optimiser() -> tuple[Evidence, ...]:
    """The first step of SGD and of Adam at their defaults in Keras, parameter by parameter."""
    network, x, targets = THREE_STEPS
    gradient = backward(forward(network, x), targets).gradient
    after = adam(THREE_STEPS, 1).parameters
    rows = [
        Evidence(
            f"first step of {name}",
            (float(-SGD_RATE * g.item()), float(after[name].item() - network.parameters[name].item()), g.item()),
        )
        for name, g in gradient.items()
    ]
    sgd = train(network, x, targets, learning_rate=SGD_RATE, steps=100).losses[-1]
    rows.append(Evidence("J after 100 steps", (float(sgd), loss_of(adam(THREE_STEPS, 100), x, targets), None)))
    return tuple(rows)


def adam(start: Example, steps: int) -> Network:
    """Adam (Kingma and Ba 2015, algorithm 1) on one sequence, with the defaults of Keras.

    >>> moved = adam(THREE_STEPS, 1).parameters["W_hh"] - THREE_STEPS.network.parameters["W_hh"]
    >>> moved.round(6)
    array([[0.001]])
    """
    network, x, targets = start
    m: dict[str, Array] = {name: np.zeros_like(W) for name, W in network.parameters.items()}
    v = dict(m)
    for t in range(1, steps + 1):
        gradient = backward(forward(network, x), targets).gradient
        m = {name: BETA_1 * m[name] + (1 - BETA_1) * g for name, g in gradient.items()}
        v = {name: BETA_2 * v[name] + (1 - BETA_2) * g**2 for name, g in gradient.items()}
        rate = ADAM_RATE * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        network = descended(network, {name: m[name] / (np.sqrt(v[name]) + TINY) for name in m}, float(rate))
    return network
