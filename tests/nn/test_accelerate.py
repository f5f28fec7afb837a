"""A model's own layers on our kernels, and back."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from tests.nn.pairs import BACKENDS, Ran
from torch import nn

import recurra as rc
from recurra.errors import InputError

FAST = BACKENDS[-1]


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(4, 8, nonlinearity="relu")
        self.body = nn.ModuleDict({"gru": nn.GRU(8, 8, 2, batch_first=True), "other": nn.Linear(8, 8)})
        self.lstm = nn.LSTM(8, 3, bidirectional=True)
        self.cell = nn.LSTMCell(6, 2)

    def forward(self, x):
        x, _ = self.rnn(x)
        x, _ = self.body["gru"](x)
        x, (h, c) = self.lstm(self.body["other"](x))
        return self.cell(x[-1])[0], h, c


class Special(nn.LSTM):
    def forward(self, input, hx=None):
        return super().forward(input * 0, hx)


def test_results_parameters_and_hooks_stay():
    torch.manual_seed(0)
    model = Model()
    x = torch.randn(5, 2, 4)
    before = model(x)
    parameters, seen = list(model.parameters()), []
    model.lstm.register_forward_hook(lambda *_: seen.append(1))
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    assert rc.accelerate(model) is model
    with rc.backend(FAST), Ran() as ran:
        after = model(x)
    assert ran.counts == {FAST: 1 + 2 + 2}
    torch.testing.assert_close(after, before, rtol=0, atol=1e-6)
    assert seen == [1]
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    torch.stack([t.sum() for t in after]).sum().backward()
    optimiser.step()
    assert not torch.allclose(model(x)[0], before[0])
    assert type(model.cell) is nn.LSTMCell
    with Ran() as ran:
        rc.restore(model)(x)
    assert ran.counts == {}
    assert [type(m) for m in model.modules()] == [type(m) for m in Model().modules()]


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_a_layer_by_itself(name):
    layer = getattr(nn, name)(3, 4)
    assert rc.accelerate(layer) is layer
    assert type(layer) is getattr(rc.nn, name)
    assert type(rc.accelerate(layer)) is getattr(rc.nn, name)
    other = pickle.loads(pickle.dumps(copy.deepcopy(layer)))
    assert type(other) is getattr(rc.nn, name)
    assert repr(layer) == repr(getattr(nn, name)(3, 4))
    outputs, _ = layer(torch.randn(4, 2, 3), lengths=[2, 4])
    assert (outputs[2:, 0] == 0).all()
    assert type(rc.restore(layer)) is getattr(nn, name)


def test_a_forward_of_its_own_is_left_alone():
    model = nn.Sequential(Special(3, 4))
    assert type(rc.accelerate(model)[0]) is Special


def test_a_layer_with_options_stays():
    model = nn.ModuleList([rc.nn.LSTM(3, 4, peepholes=True), rc.nn.LSTM(3, 4), rc.nn.GRU(3, 4, reset_after=False)])
    rc.restore(model)
    assert [type(m) for m in model] == [rc.nn.LSTM, nn.LSTM, rc.nn.GRU]


@pytest.mark.parametrize("function", [rc.accelerate, rc.restore])
def test_a_model_is_expected(function):
    with pytest.raises(InputError, match="model is of type dict: expected a torch"):
        function({})
