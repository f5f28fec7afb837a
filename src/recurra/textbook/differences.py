"""Gradients by finite differences: the judge of every formula here, since it knows none of them.

dJ/dw = (J(w + e) - J(w - e)) / 2e, with an error of the order e^2
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recurra.textbook.arrays import Array, as_sequence
from recurra.textbook.network import Network, forward, loss_of, resumed
from recurra.textbook.output import loss

EPSILON = 1e-5  # error 1e-10 from the method, 1e-11 from rounding


def difference(J: Callable[[Array], float], at: Array, epsilon: float = EPSILON) -> Array:
    """The central difference of J by every element of an array of any shape, around `at`.

    >>> difference(lambda w: float((w**3).sum()), np.array([1.0, 2.0])).round(6)
    array([ 3., 12.])
    """
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[index] = epsilon
        gradient[index] = (J(at + step) - J(at - step)) / (2 * epsilon)
    return gradient


def by_parameters(network: Network, x: npt.ArrayLike, targets: npt.ArrayLike) -> dict[str, Array]:
    """dJ/dW for every parameter by name; as `backward(...).gradient`, but without a formula.

    >>> from recurra.textbook import backward, example
    >>> network, x, targets = example()
    >>> by_hand = backward(forward(network, x), targets).gradient
    >>> all(np.allclose(each, by_hand[name]) for name, each in by_parameters(network, x, targets).items())
    True
    """
    return {
        name: difference(lambda W, name=name: loss_of(network.replaced({name: W}), x, targets), value)
        for name, value in network.parameters.items()
    }


def by_states(network: Network, x: npt.ArrayLike, targets: npt.ArrayLike, state: str = "h") -> Array:
    """dJ/dh_t for every t [T, H] (or dJ/dc_t of an LSTM, h_t held): one state is moved, and what follows it runs again.

    >>> from recurra.textbook import backward, example
    >>> network, x, targets = example()
    >>> np.allclose(by_states(network, x, targets), backward(forward(network, x), targets).cell.dh)
    True
    """
    x = as_sequence("x", x, network.cell.inputs)
    run = forward(network, x)
    targets = as_sequence("targets", targets, run.y.shape[1], len(x))
    which = network.cell.STATES.index(state)
    gradient = np.zeros_like(run.cell.h)
    for t in range(len(x)):
        states = run.cell.state(t + 1)

        def J(moved: Array, t: int = t, states: tuple[Array, ...] = states) -> float:
            new = (*states[:which], moved, *states[which + 1 :])
            _, y = network.output.forward(new[0][np.newaxis])
            return loss(y, targets[t : t + 1]) + loss(resumed(network, x[t + 1 :], new).y, targets[t + 1 :])

        gradient[t] = difference(J, states[which])
    return gradient
