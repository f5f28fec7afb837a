"""What a layer refuses, in words that name the argument, the value, what was expected and the remedy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from tests.nn.pairs import NAMES
from torch.nn.utils.rnn import PackedSequence

import recurra as rc
from recurra.errors import InputError, ShapeError

RNN, LSTM = rc.nn.RNN(3, 5, 2), rc.nn.LSTM(3, 5, proj_size=2, batch_first=True)
X = torch.zeros(4, 2, 3)

REFUSED = {
    "input is of type ndarray: expected a tensor or a PackedSequence": (RNN, (np.zeros((4, 2, 3)),), {}),
    "input has 4 dimensions, in shape (1, 1, 2, 3): expected 3, [T, B, F], or 2 without a batch, [T, F]":
        (RNN, (torch.zeros(1, 1, 2, 3),), {}),
    "input has 1 dimensions, in shape (3,): expected 3, [B, T, F], or 2": (LSTM, (torch.zeros(3),), {}),
    "input has 7 features, in shape (4, 2, 7): expected input_size, 3, as its last dimension":
        (RNN, (torch.zeros(4, 2, 7),), {}),
    "input has dtype torch.float64, and the weights have torch.float32: expected the same. Convert the input, "
    "input.to(torch.float32), or the layer, layer.to(torch.float64)": (RNN, (X.double(),), {}),
    "input is on meta, and the weights are on cpu: expected the same device": (RNN, (X.to("meta"),), {}),
    "input has no steps, in shape (0, 2, 3): expected at least one, or `lengths`": (RNN, (X[:0],), {}),
    "hx has shape (1, 2, 5): expected (2, 2, 5), which is layers times directions, batch and hidden_size":
        (RNN, (X, torch.zeros(1, 2, 5)), {}),
    "hx has dtype torch.float64, and the input has torch.float32: expected the same":
        (RNN, (X, torch.zeros(2, 2, 5).double()), {}),
    "hx is on meta, and the input is on cpu: expected the same device":
        (RNN, (X, torch.zeros(2, 2, 5, device="meta")), {}),
    "hx is of type tuple: expected one tensor, h": (RNN, (X, (torch.zeros(2, 2, 5),)), {}),
    "hx has 3 dimensions: expected 2 for input without a batch": (RNN, (X[:, 0], torch.zeros(2, 1, 5)), {}),
    "hx is one tensor: expected a pair of tensors, (h, c)": (LSTM, (X, torch.zeros(1, 4, 2)), {}),
    "hx is 3 tensors: expected a pair": (LSTM, (X, (torch.zeros(1, 4, 2),) * 3), {}),
    "hx[0] has shape (1, 4, 5): expected (1, 4, 2), which is layers times directions, batch and proj_size":
        (LSTM, (X, (torch.zeros(1, 4, 5), torch.zeros(1, 4, 5))), {}),
    "hx[1] has shape (1, 4, 2): expected (1, 4, 5), which is layers times directions, batch and hidden_size":
        (LSTM, (X, (torch.zeros(1, 4, 2), torch.zeros(1, 4, 2))), {}),
    "hx[1] is of type float: expected a tensor": (LSTM, (X, (torch.zeros(1, 4, 2), 0.0)), {}),
    "lengths has shape (3,): expected one length per row of the batch, (2,)": (RNN, (X,), {"lengths": [4, 4, 4]}),
    "lengths has shape (2, 1): expected one length per row": (RNN, (X,), {"lengths": torch.ones(2, 1)}),
    "lengths[1] is 5: expected at least 0 and at most the number of steps of input, 4":
        (RNN, (X,), {"lengths": [4, 5]}),
    "lengths[0] is -1: expected at least 0": (RNN, (X,), {"lengths": torch.tensor([-1, 5])}),
    "lengths has dtype torch.float32: expected whole numbers, such as torch.int64":
        (RNN, (X,), {"lengths": [4.0, 2.5]}),
    "lengths has dtype torch.bool: expected whole numbers": (RNN, (X,), {"lengths": [True, False]}),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_the_error_says_what_and_how(message):
    layer, arguments, more = REFUSED[message]
    with pytest.raises(ShapeError, match=re.escape(message)):
        layer(*arguments, **more)


def test_errors_are_those_that_torch_may_raise():
    assert issubclass(ShapeError, InputError | ValueError | RuntimeError)
    assert issubclass(ShapeError, InputError)
    assert issubclass(ShapeError, RuntimeError)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([2, 2], "[2, 2]"), ([1, 2], "[1, 2]"), ([3, 0], "[3, 0]"), ([], "[]"), ([4, -1], "[4, -1]"),
        ([1, 1, 1, 1, 1, 1], "[1, 1, 1, 1, 1, ...]"),
    ],
)  # fmt: skip
def test_a_packed_sequence_that_does_not_add_up(name, sizes, shown):
    layer = getattr(rc.nn, name)(3, 5)
    packed = PackedSequence(torch.zeros(3, 3), torch.tensor(sizes, dtype=torch.int64))
    with pytest.raises(ShapeError, match=re.escape(f"input.batch_sizes is {shown}: expected positive numbers")):
        layer(packed)


def test_packed_data_of_three_dimensions():
    packed = PackedSequence(torch.zeros(3, 1, 3), torch.tensor([3]))
    with pytest.raises(ShapeError, match=r"input.data has 3 dimensions: expected 2"):
        RNN(packed)
