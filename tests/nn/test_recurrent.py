"""The constructors: torch's arguments and parameters, ours beside them, and what they refuse."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
from typing import Any

import pytest
import torch
from tests.nn.pairs import NAMES, flat, pair
from torch import nn

import recurra as rc
from recurra.errors import InputError

every_name = pytest.mark.parametrize("name", NAMES)
ADDED = {
    "weight_norm_ih": 1, "weight_norm_hh": 1, "weight_norm_cell": 1, "bias_norm_cell": 1, "weight_peephole": 2,
}  # fmt: skip


@every_name
@pytest.mark.parametrize("bias", [True, False])
def test_the_same_seed_makes_torchs_layer(name, bias):
    made = []
    for module in (nn, rc.nn):
        torch.manual_seed(5)
        made.append(getattr(module, name)(4, 3, num_layers=2, bias=bias, bidirectional=True))
    theirs, ours = made
    assert isinstance(ours, getattr(nn, name))
    assert ours.is_plain
    assert list(ours.state_dict()) == list(theirs.state_dict())
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()), rtol=0, atol=0)
    theirs.load_state_dict(ours.state_dict())
    assert [p.shape for row in ours.all_weights for p in row] == [p.shape for row in theirs.all_weights for p in row]
    assert repr(ours) == repr(theirs)


@every_name
def test_positions_are_torchs(name):
    positions = [3, 5, 2, *(["relu"] if name == "RNN" else []), False, True, 0.1, True]
    ours, theirs = getattr(rc.nn, name)(*positions), getattr(nn, name)(*positions)
    assert repr(ours) == repr(theirs)
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
    named = list(inspect.signature(getattr(rc.nn, name)).parameters)
    assert named[:3] == ["input_size", "hidden_size", "num_layers"]


def test_device_and_dtype():
    layer = rc.nn.LSTM(3, 5, layer_norm=True, peepholes=True, device="meta", dtype=torch.float64)
    assert {(p.device.type, p.dtype) for p in layer.parameters()} == {("meta", torch.float64)}


def test_what_the_options_add():
    layer: Any = rc.nn.LSTM(4, 3, 2, bidirectional=True, layer_norm=True, peepholes=True)
    added = set(layer.state_dict()) - set(nn.LSTM(4, 3, 2, bidirectional=True).state_dict())
    ends = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    assert added == {name + end for name in ADDED for end in ends}
    assert layer.weight_peephole_l1_reverse.shape == (3, 3)
    assert layer.weight_norm_hh_l0.shape == (12,)
    assert (layer.weight_norm_ih_l1 == 1).all()
    assert (layer.bias_norm_cell_l0 == 0).all()
    assert set(rc.nn.GRU(4, 3, layer_norm=True).state_dict()) - set(nn.GRU(4, 3).state_dict()) == {
        "weight_norm_ih_l0", "weight_norm_hh_l0",
    }  # fmt: skip
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(7.0)
    layer.reset_parameters()
    assert (layer.weight_norm_cell_l0 == 1).all()
    assert (layer.bias_norm_cell_l1 == 0).all()
    assert layer.weight_peephole_l0.abs().max() <= 3**-0.5
    assert layer.weight_hh_l0.abs().max() <= 3**-0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: rc.nn.RNN(4, 3, nonlinearity=torch.nn.PReLU()),
        lambda: rc.nn.GRU(4, 3, reset_after=False, regularisation=rc.nn.Regularisation(zoneout=0.1)),
        lambda: rc.nn.LSTM(4, 3, 2, layer_norm=True, peepholes=True, proj_size=2),
        lambda: rc.nn.LSTM(4, 3, batch_first=True),
    ],
)
def test_copies_and_pickles(make):
    layer = make().eval()
    x = torch.randn(5, 2, 4)
    saved = io.BytesIO()
    torch.save(layer, saved)
    saved.seek(0)
    for other in (
        copy.deepcopy(layer), copy.copy(layer), pickle.loads(pickle.dumps(layer)), torch.load(saved, weights_only=False)
    ):  # fmt: skip
        assert type(other) is type(layer)
        assert other.cell == layer.cell or isinstance(layer.cell.nonlinearity, nn.Module)
        torch.testing.assert_close(flat(other(x)), flat(layer(x)), rtol=0, atol=0)
    assert all(a is not b for a, b in zip(copy.deepcopy(layer).parameters(), layer.parameters(), strict=True))


def test_the_text_of_a_layer_names_its_options():
    assert repr(rc.nn.GRU(4, 3, reset_after=False)) == "GRU(4, 3, reset_after=False)"
    assert repr(rc.nn.LSTM(4, 3, 2, layer_norm=True, peepholes=True)) == (
        "LSTM(4, 3, num_layers=2, peepholes=True, layer_norm=True)"
    )
    assert "regularisation=Regularisation(recurrent_dropout=0.5" in repr(
        rc.nn.RNN(4, 3, regularisation=rc.nn.Regularisation(0.5))
    )


@every_name
def test_weights_may_be_computed(name):
    ours, theirs = pair(name, 4, 3)
    x = torch.randn(5, 2, 4, dtype=torch.float64)
    for layer in (ours, theirs):
        nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
        with torch.no_grad():
            layer.parametrizations.weight_hh_l0.original0.mul_(2.0)
    torch.testing.assert_close(flat(ours(x)), flat(theirs(x)), rtol=0, atol=1e-12)
    outputs = [flat(layer(x))[0].sum() for layer in (ours, theirs)]
    gradients = [
        torch.autograd.grad(output, layer.parametrizations.weight_hh_l0.original1)
        for output, layer in zip(outputs, (ours, theirs), strict=True)
    ]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-10)


@every_name
def test_a_weight_may_be_replaced_and_flattened(name):
    ours, theirs = pair(name, 4, 3)
    x = torch.randn(5, 2, 4, dtype=torch.float64)
    for layer in (ours, theirs):
        layer.weight_hh_l0 = nn.Parameter(layer.weight_hh_l0.detach() * 3)
        layer.flatten_parameters()
    torch.testing.assert_close(flat(ours(x)), flat(theirs(x)), rtol=0, atol=1e-12)


def test_refusals():
    with pytest.raises(InputError, match="nonlinearity is 'sine': expected 'tanh', 'relu' or a callable"):
        rc.nn.RNN(4, 3, nonlinearity="sine")
    with pytest.raises(InputError, match="nonlinearity is 3: expected"):
        rc.nn.RNN(4, 3, nonlinearity=3)  # pyright: ignore[reportArgumentType]  # what is refused
    with pytest.raises(InputError, match="layer_norm is True and reset_after is False: expected reset_after=True"):
        rc.nn.GRU(4, 3, layer_norm=True, reset_after=False)
    with pytest.raises(ValueError, match="hidden_size must be greater than zero"):
        rc.nn.LSTM(4, 0)
    with pytest.raises(TypeError, match="proj_size"):
        rc.nn.GRU(4, 3, proj_size=2)  # pyright: ignore[reportCallIssue]  # what is refused
