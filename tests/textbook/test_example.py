"""The examples: the article's, and those that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.textbook import example, forward


def test_the_article_s_three_steps_by_the_pocket_calculator():
    network, x, _ = example()
    h = 0.0
    for x_t, y_t in zip((0.5, -0.3, 0.8), forward(network, x).y[:, 0], strict=True):
        h = np.tanh(0.6 * x_t + 0.8 * h + 0.1)
        assert y_t == pytest.approx(1 / (1 + np.exp(-(1.2 * h - 0.2))), rel=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_same_seed_gives_the_same_and_another_another(cell):
    def numbers(seed: int | None) -> np.ndarray:
        network, x, targets = example(cell, units=2, inputs=3, outputs=2, steps=4, seed=seed)
        assert (network.cell.units, network.cell.inputs, x.shape, targets.shape) == (2, 3, (4, 3), (4, 2))
        return np.concatenate([each.ravel() for each in (*network.parameters.values(), x, targets)])

    np.testing.assert_array_equal(numbers(3), numbers(3))
    np.testing.assert_array_equal(numbers(None), numbers(0))
    assert (numbers(3) != numbers(4)).any()
    assert (np.round(numbers(3), 1) == numbers(3)).all()
    assert (numbers(3) != 0).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cell": "tcn"}, "cell is 'tcn': expected one of rnn, lstm, gru"),
        ({"units": 0}, "units is 0: expected a whole number from 1"),
        ({"steps": -2}, "steps is -2"),
        ({"units": 1.5}, "units is 1.5: expected a whole number from 1"),
        ({"inputs": True}, "inputs is True"),
        ({"seed": "a"}, "seed is 'a': expected a whole number from 0"),
        ({"seed": -1}, "seed is -1: expected a whole number from 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        example(**options)
