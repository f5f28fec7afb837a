"""The cells of `rnn`, `lstm` and `gru`: what they refuse, and that nobody can change them afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.textbook import GRU, LSTM, RNN


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        (RNN, ([[1.0]], [[1.0, 2.0]], [0.0]), r"W_hh has shape \[1, 2\]: expected \[1, 1\]"),
        (RNN, ([1.0], [[1.0]], [0.0]), r"W_xh has shape \[1\]: expected \[H, F\]"),
        (RNN, ([[1.0]], [[1.0]], [0.0], "sine"), "nonlinearity is 'sine': expected one of tanh, relu"),
        (RNN, ([[1.0]], [[np.inf]], [0.0]), "W_hh holds inf: expected finite numbers"),
        (LSTM, (np.ones((3, 1)), np.ones((4, 1)), np.zeros(4), np.zeros(4)), r"weight_ih has shape \[3, 1\]"),
        (LSTM, (np.ones((4, 1)), np.ones((3, 1)), np.zeros(4), np.zeros(4)), r"expected \[4, 1\]"),
        (GRU, (np.ones((3, 1)), np.ones((3, 1)), np.zeros(3), np.zeros(4)), r"bias_hh has shape \[4\]"),
        (GRU, ([[1.0], [1.0, 2.0]], np.ones((3, 1)), np.zeros(3), np.zeros(3)), "weight_ih is "),
    ],
)
def test_what_does_not_fit_is_refused(kind, arguments, words):
    with pytest.raises(InputError, match=words):
        kind(*arguments)


def test_a_cell_keeps_a_copy_that_cannot_be_written_to():
    weight = np.array([[0.8]])
    cell = RNN(np.array([[0.6]]), weight, np.array([0.1]))
    weight[0, 0] = 5.0
    assert cell.W_hh[0, 0] == 0.8
    with pytest.raises(ValueError, match="read-only"):
        cell.W_hh[0, 0] = 5.0


def test_relu_of_positive_states_is_a_linear_recurrence():
    cell = RNN(np.ones((1, 1)), np.full((1, 1), 2.0), np.zeros(1), "relu")
    run = cell.forward(np.ones((4, 1)), (np.zeros(1),))
    assert run.h.ravel().tolist() == [1, 3, 7, 15]
    assert run.backward(np.eye(4)[:, 3:], (np.zeros(1),)).dh.ravel().tolist() == [8, 4, 2, 1]
