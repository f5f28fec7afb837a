"""Layers of different widths and kinds on top of each other."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recurra as rc
from recurra.errors import InputError
from recurra.nn import Stack


def stack(**kwargs):
    torch.manual_seed(0)
    batch_first = kwargs.pop("batch_first", False)
    return Stack(
        [
            nn.GRU(3, 4, bidirectional=True, batch_first=batch_first),
            rc.nn.LSTM(8, 8, layer_norm=True, batch_first=batch_first),
            rc.nn.LSTM(8, 9, proj_size=8, batch_first=batch_first),
            nn.RNN(8, 5, batch_first=batch_first),
        ],
        **kwargs,
    ).double()


X = torch.randn(6, 3, 3, dtype=torch.float64)


def test_it_is_one_layer_after_the_other():
    whole = stack()
    outputs, states = whole(X)
    x, expected = X, []
    for layer in whole.layers:
        x, last = layer(x)
        expected.append(last)
    torch.testing.assert_close((outputs, states), (x, tuple(expected)), rtol=0, atol=0)
    assert [type(layer) for layer in whole.layers] == [rc.nn.GRU, rc.nn.LSTM, rc.nn.LSTM, rc.nn.RNN]


def test_residual_connections_are_where_they_fit():
    whole = stack(residual=True)
    a = whole.layers[0](X)[0]
    b = whole.layers[1](a)[0] + a
    c = whole.layers[2](b)[0] + b
    torch.testing.assert_close(whole(X)[0], whole.layers[3](c)[0], rtol=0, atol=0)


def test_states_carry_on():
    whole = stack(residual=True)
    outputs, states = whole(X)
    upper: list[Any] = [*whole.layers][1:]
    one_way = Stack(upper, residual=True)
    x = torch.randn(6, 3, 8, dtype=torch.float64)
    outputs, states = one_way(x)
    first, middle = one_way(x[:2])
    second, last = one_way(x[2:], middle)
    torch.testing.assert_close(torch.cat([first, second]), outputs, rtol=0, atol=1e-12)
    torch.testing.assert_close(last, states, rtol=0, atol=1e-12)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_lengths_and_packed_sequences_go_through(residual, batch_first):
    whole = stack(residual=residual, batch_first=batch_first)
    lengths = torch.tensor([2, 6, 4])
    x = X.clone()
    for row, length in enumerate(lengths):
        x[length:, row] = torch.nan
    x, clean = (x.transpose(0, 1), X.transpose(0, 1)) if batch_first else (x, X)
    outputs, states = whole(x, lengths=lengths)
    packed = pack_padded_sequence(clean, lengths, batch_first=batch_first, enforce_sorted=False)
    other, last = whole(packed)
    torch.testing.assert_close(outputs, pad_packed_sequence(other, batch_first)[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(last, states, rtol=0, atol=1e-12)


def test_a_residual_connection_does_not_carry_padding():
    whole = Stack([rc.nn.GRU(3, 3)], residual=True).double()
    x = X.clone()
    x[2:, 1] = torch.nan
    outputs, _ = whole(x, lengths=[6, 2, 0])
    assert (outputs[2:, 1] == 0).all()
    assert (outputs[:, 2] == 0).all()
    torch.testing.assert_close(outputs[:2, 1], whole(X[:2, 1])[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(whole(X[:, 1], lengths=[4])[0][:4], whole(X[:4, 1])[0], rtol=0, atol=1e-12)


def test_dropout_is_between_the_layers_in_training():
    whole = stack(dropout=0.5)
    first, second = whole(X)[1], whole(X)[1]
    torch.testing.assert_close(first[0], second[0], rtol=0, atol=0)
    assert not torch.allclose(first[3], second[3])
    whole.eval()
    torch.testing.assert_close(whole(X)[0], stack().eval()(X)[0], rtol=0, atol=0)


def test_copies_and_state_dicts():
    whole = stack(residual=True)
    other = copy.deepcopy(whole)
    other.load_state_dict(whole.state_dict())
    torch.testing.assert_close(other(X), whole(X), rtol=0, atol=0)
    assert "residual=True" in repr(whole)


@pytest.mark.parametrize(
    ("layers", "more", "message"),
    [
        ([], {}, "layers is empty: expected at least one recurrent layer"),
        ([nn.Linear(2, 3)], {}, "layers[0] is of type Linear: expected a recurrent layer of Recurra or torch.nn"),
        ([nn.GRU(2, 3), nn.GRU(4, 3)], {}, "layers[1] has input_size 4: expected 3, the width of the outputs of"),
        ([nn.GRU(2, 3), nn.GRU(3, 3, batch_first=True)], {}, "layers[1] has batch_first=True: expected False"),
        ([nn.GRU(2, 3)], {"residual": True}, "residual is True, but no layer is as wide as its input"),
        ([nn.GRU(2, 3)], {"dropout": 1.0}, "dropout is 1.0: expected a share of at least 0 and below 1"),
    ],
)
def test_refusals(layers, more, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Stack(layers, **more)


def test_states_are_counted():
    with pytest.raises(InputError, match=re.escape("hx has 1 states: expected one per layer, 4, or None")):
        stack()(X, [None])
