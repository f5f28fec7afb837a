"""A model's own layers on our kernels, and back."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest
import torch
from tests.nn.pairs import BACKENDS, Ran
from torch import nn
from torch.ao.nn.quantized.dynamic import LSTM as DynamicLSTM
from torch.ao.quantization import quantize_dynamic
from torch.nn.utils import parametrizations, parametrize

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


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def doubled(layer: nn.Module, name: str) -> None:
    parametrize.register_parametrization(layer, name, Doubled())


PARAMETRISATIONS = [parametrizations.weight_norm, parametrizations.spectral_norm, parametrizations.orthogonal, doubled]


@pytest.mark.parametrize("change", PARAMETRISATIONS, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_parametrised_layers_go_there_and_back(name, change):
    torch.manual_seed(0)
    model, x = nn.Sequential(getattr(nn, name)(4, 8, 2, bidirectional=True)).eval(), torch.randn(5, 2, 4)
    plain = type(model[0])
    before = rc.accelerate(model)
    for weight in ("weight_hh_l0", "weight_ih_l1_reverse"):
        change(model[0], weight)
    model.eval()
    expected = model(x)[0].detach()
    twin = copy.deepcopy(model)  # torch lets copies share the class
    assert rc.restore(model) is before
    assert isinstance(model[0], plain)
    assert not isinstance(model[0], rc.nn.layer.RecurrentLayer)
    assert isinstance(twin[0], rc.nn.layer.RecurrentLayer)
    assert parametrize.is_parametrized(model[0], "weight_hh_l0")
    with Ran() as ran:
        torch.testing.assert_close(model(x)[0], expected, rtol=0, atol=1e-6)
    assert ran.counts == {}
    rc.accelerate(model)  # also a layer that was parametrised before
    assert isinstance(model[0], getattr(rc.nn, name))
    torch.testing.assert_close(model(x)[0], expected, rtol=0, atol=1e-6)
    rc.restore(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)
        for parameter in twin.parameters():
            parameter.mul_(0.5)
    torch.testing.assert_close(model(x)[0], twin(x)[0], rtol=0, atol=1e-6)
    for weight in ("weight_hh_l0", "weight_ih_l1_reverse"):
        parametrize.remove_parametrizations(model[0], weight)
        parametrize.remove_parametrizations(twin[0], weight)
    assert type(model[0]) is plain
    assert type(twin[0]) is getattr(rc.nn, name)
    torch.testing.assert_close(model(x)[0], twin(x)[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("removed", [True, False])
def test_quantisation_finds_a_restored_layer(removed):
    model = rc.accelerate(nn.ModuleDict({"lstm": nn.LSTM(8, 16)}))
    parametrizations.weight_norm(model["lstm"], "weight_hh_l0")
    if removed:
        rc.restore(model)
        parametrize.remove_parametrizations(model["lstm"], "weight_hh_l0")
    else:
        parametrize.remove_parametrizations(model["lstm"], "weight_hh_l0")
        rc.restore(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all of torch.ao is deprecated
        quantised = quantize_dynamic(model, {nn.LSTM})
    assert type(quantised["lstm"]) is DynamicLSTM
    assert quantised["lstm"](torch.randn(3, 1, 8))[0].shape == (3, 1, 16)


@pytest.mark.parametrize("function", [rc.accelerate, rc.restore])
def test_a_model_is_expected(function):
    with pytest.raises(InputError, match="model is of type dict: expected a torch"):
        function({})
