"""What torch.nn lacks: layer norm, peepholes, the paper's GRU, dropout and zoneout of the recurrence, in every form."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.nn.pairs import BACKENDS, Ran, flat, same_with_gradients, states
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recurra as rc
from recurra.nn import Regularisation

NOISE = Regularisation(recurrent_dropout=0.3, zoneout=0.2, zoneout_cell=0.4)
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "RNN norm": ("RNN", {"layer_norm": True}),
    "RNN relu noise": ("RNN", {"nonlinearity": "relu", "regularisation": NOISE}),
    "GRU norm": ("GRU", {"layer_norm": True}),
    "GRU paper": ("GRU", {"reset_after": False}),
    "GRU paper noise": ("GRU", {"reset_after": False, "regularisation": NOISE}),
    "LSTM peepholes": ("LSTM", {"peepholes": True}),
    "LSTM norm": ("LSTM", {"layer_norm": True}),
    "LSTM everything": ("LSTM", {"layer_norm": True, "peepholes": True, "regularisation": NOISE, "proj_size": 3}),
}
every_option = pytest.mark.parametrize("option", OPTIONS)


def layer(option: str, hidden: int = 17, **more: Any) -> Any:
    torch.manual_seed(0)
    name, options = OPTIONS[option]
    made = getattr(rc.nn, name)(4, hidden, dtype=torch.float64, **options, **more)
    with torch.no_grad():  # away from ones and zeros
        for key, parameter in made.named_parameters():
            if "norm" in key:
                parameter.add_(torch.rand_like(parameter) - 0.5)
    return made


@pytest.mark.skipif("cpu" not in BACKENDS, reason="the C++ engine is not built here")
@every_option
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("form", ["padded", "lengths", "packed"])
def test_the_engine_gives_what_the_reference_gives(option, form, training):
    ours = layer(option, num_layers=2, bidirectional=True, batch_first=True).train(training)
    x, hx = torch.randn(4, 5, 4, dtype=torch.float64).requires_grad_(), states(ours, 4)
    lengths = torch.tensor([3, 5, 1, 4])
    results = []
    for backend in ("cpu", "reference"):
        torch.manual_seed(1)
        with rc.backend(backend), Ran() as ran:
            if form == "packed":
                packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                results.append(ours(packed, hx))
            else:
                results.append(ours(x, hx, lengths=lengths if form == "lengths" else None))
        assert ran.counts == {backend: 4}
    same_with_gradients(ours, ours, [x, *(hx if isinstance(hx, tuple) else [hx])], *results)


@every_option
def test_lengths_are_the_packed_sequence(option):
    ours = layer(option, bidirectional=True).eval()
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    lengths = torch.tensor([2, 5, 1])
    padded = x.clone()
    for row, length in enumerate(lengths):
        padded[length:, row] = torch.nan
    outputs, last = ours(padded, lengths=lengths)
    other, end = ours(pack_padded_sequence(x, lengths, enforce_sorted=False))
    torch.testing.assert_close(outputs, pad_packed_sequence(other)[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(last, end, rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(outputs.sum(), list(ours.parameters()))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


@every_option
def test_two_calls_are_one_and_rows_do_not_know_each_other(option):
    ours = layer(option).eval()
    x = torch.randn(7, 4, 4, dtype=torch.float64)
    outputs, last = ours(x)
    first, state = ours(x[:3])
    second, end = ours(x[3:], state)
    torch.testing.assert_close(torch.cat([first, second]), outputs, rtol=0, atol=1e-12)
    torch.testing.assert_close(end, last, rtol=0, atol=1e-12)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(ours(x[:, order])[0], outputs[:, order], rtol=0, atol=1e-12)


@every_option
def test_every_parameter_matters(option):
    ours = layer(option, 5).eval()
    x = torch.randn(7, 4, 4, dtype=torch.float64)
    gradients = torch.autograd.grad(ours(x)[0].square().sum(), list(ours.parameters()))
    for (name, _), gradient in zip(ours.named_parameters(), gradients, strict=True):
        assert (gradient != 0).any(), name


def test_an_lstm_with_norms_is_the_equations_of_the_paper():
    ours = layer("LSTM norm", 3)
    x, (h, c) = torch.randn(1, 2, 4, dtype=torch.float64), states(ours, 2)

    def norm(a, gain, bias):
        centred = a - a.mean(-1, keepdim=True)
        return gain * centred / (a.var(-1, correction=0, keepdim=True) + 1e-5).sqrt() + bias

    gates = norm(h[0] @ ours.weight_hh_l0.T, ours.weight_norm_hh_l0, ours.bias_hh_l0)
    gates = gates + norm(x[0] @ ours.weight_ih_l0.T, ours.weight_norm_ih_l0, ours.bias_ih_l0)
    i, f, g, o = gates.split(3, dim=1)
    new_c = f.sigmoid() * c[0] + i.sigmoid() * g.tanh()
    new_h = o.sigmoid() * norm(new_c, ours.weight_norm_cell_l0, ours.bias_norm_cell_l0).tanh()
    _, (got_h, got_c) = ours(x, (h, c))
    torch.testing.assert_close((got_h[0], got_c[0]), (new_h, new_c), rtol=0, atol=1e-12)


def test_noise_is_drawn_anew_and_by_torchs_seed():
    ours = layer("LSTM everything")
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    torch.manual_seed(3)
    first, second = ours(x)[0], ours(x)[0]
    torch.manual_seed(3)
    again = ours(x)[0]
    torch.testing.assert_close(again, first, rtol=0, atol=0)
    assert not torch.allclose(first, second)
    ours.eval()
    torch.testing.assert_close(ours(x)[0], ours(x)[0], rtol=0, atol=0)


def test_recurrent_dropout_is_the_same_units_at_every_step():
    ours: Any = rc.nn.RNN(1, 400, bias=False, regularisation=Regularisation(recurrent_dropout=0.5)).double()
    with torch.no_grad():
        ours.weight_ih_l0.zero_()
        ours.weight_hh_l0.copy_(torch.eye(400))
    start = torch.full((1, 2, 400), 0.01, dtype=torch.float64)
    outputs, _ = ours(torch.zeros(3, 2, 1, dtype=torch.float64), start)
    dropped = outputs == 0
    assert (dropped[0] == dropped[2]).all()
    assert not (dropped[0, 0] == dropped[0, 1]).all()
    assert 0.4 < dropped[0].double().mean() < 0.6
    kept = outputs[0][~dropped[0]]
    torch.testing.assert_close(kept, torch.full_like(kept, 0.02).tanh(), rtol=0, atol=1e-12)


def test_zoneout_keeps_units_at_each_step_and_their_mean_in_evaluation():
    ours = rc.nn.RNN(1, 1000, bias=False, regularisation=Regularisation(zoneout=0.25)).double()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    x, start = torch.zeros(2, 1, 1, dtype=torch.float64), torch.ones(1, 1, 1000, dtype=torch.float64)
    ours.requires_grad_(False)
    outputs, _ = ours(x, start)
    assert abs(float(outputs[0].mean()) - 0.25) < 0.05  # new is 0, old is 1
    assert abs(float(outputs[1].mean()) - 0.0625) < 0.03
    mean, _ = ours.eval()(x, start)
    torch.testing.assert_close(mean[:, 0, 0], torch.tensor([0.25, 0.0625], dtype=torch.float64), rtol=0, atol=1e-12)


def test_regularisation_may_be_given_later():
    ours = rc.nn.GRU(4, 8).double()
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    before = ours(x)[0]
    ours.regularisation = Regularisation(zoneout=0.5)
    assert not ours.is_plain
    assert not torch.allclose(ours(x)[0], before)
    ours.regularisation = None
    torch.testing.assert_close(ours(x)[0], before, rtol=0, atol=0)


def test_a_callable_nonlinearity_with_parameters():
    slope = torch.nn.PReLU(8)
    ours = rc.nn.RNN(4, 8, nonlinearity=slope)
    x = torch.randn(5, 3, 4)
    with Ran() as ran:
        outputs, _ = ours(x)
    assert ran.counts == {"reference": 1}
    assert "nonlinearity.weight" in ours.state_dict()
    outputs.sum().backward()
    assert slope.weight.grad is not None
    plain = rc.nn.RNN(4, 8, nonlinearity=torch.tanh)
    same = rc.nn.RNN(4, 8)
    same.load_state_dict(plain.state_dict())
    torch.testing.assert_close(flat(plain(x)), flat(same(x)), rtol=0, atol=1e-6)


@every_option
def test_other_dtypes_run_on_the_reference(option):
    ours = layer(option).half()
    with Ran() as ran:
        outputs, _ = ours(torch.randn(5, 3, 4, dtype=torch.float16))
    assert ran.counts == {"reference": 1}
    assert outputs.dtype == torch.float16
