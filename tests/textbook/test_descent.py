"""Gradient descent lowers the loss, by what the gradient promises."""

from __future__ import annotations

import numpy as np
import pytest
from tests.textbook.cases import CELLS, drawn

from recurra.errors import InputError
from recurra.textbook import backward, example, forward, loss_of, train
from recurra.textbook.descent import descended, norm


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_it_lowers_the_loss(cell):
    network, x, targets = drawn(cell, 5, 2, 3, 2)
    trained = train(network, x, targets, learning_rate=0.02, steps=500)
    # where a unit of relu switches on or off the slope jumps, and the loss may rise for one step
    assert cell == "relu" or (np.diff(trained.losses) < 0).all()
    assert trained.losses[-1] < 0.8 * trained.losses[0]
    assert trained.losses[-1] == loss_of(trained.network, x, targets)


@pytest.mark.parametrize("cell", CELLS)
def test_a_small_step_lowers_it_by_the_squared_gradient(cell):
    network, x, targets = drawn(cell, 5, 2, 3, 2)
    gradient = backward(forward(network, x), targets).gradient
    rate = 1e-6
    fall = loss_of(network, x, targets) - loss_of(descended(network, gradient, rate), x, targets)
    assert fall == pytest.approx(rate * norm(gradient) ** 2, rel=1e-3)


def test_nothing_is_done_in_no_steps_and_the_network_given_stays():
    network, x, targets = example()
    assert train(network, x, targets, steps=0).network is network
    before = network.parameters["W_hh"].copy()
    train(network, x, targets, steps=3)
    np.testing.assert_array_equal(network.parameters["W_hh"], before)


def test_clipping_shortens_a_long_gradient_and_leaves_a_short_one():
    network, x, targets = example()
    length = norm(backward(forward(network, x), targets).gradient)

    def moved(clip: float | None) -> float:
        after = train(network, x, targets, learning_rate=1.0, steps=1, clip=clip).network.parameters
        return norm({name: after[name] - W for name, W in network.parameters.items()})

    assert moved(length / 4) == pytest.approx(length / 4)
    assert moved(4 * length) == moved(None) == pytest.approx(length)


def test_a_flat_loss_is_no_division_by_zero():
    network, x, _ = example()
    y = forward(network, x).y
    assert train(network, x, y, steps=2, clip=1.0).losses.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learning_rate": 0.0}, "learning_rate is 0.0: expected a finite number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"steps": 2.5}, "steps is 2.5: expected a whole number from 0"),
        ({"clip": -1.0}, "clip is -1.0"),
        ({"steps": -1}, "steps is -1: expected a whole number from 0"),
    ],
)
def test_what_cannot_be_done_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        train(*example(), **options)
