"""What inspection shows of cells that torch has not: states and gates, which one keeps, and how long a bit is held."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import recurra as rc
from recurra.inspect.gates import GateUse


def model(name, **options):
    torch.manual_seed(0)
    layer = getattr(rc.nn, name)(3, 4, **options)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return layer


SHOWN = {"MinGRU": ["h", "z", "n"], "SLSTM": ["h", "c", "n", "m", "i", "f", "z", "o"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_traces_and_pictures(name, bidirectional):
    layer, x = model(name, bidirectional=bidirectional), torch.randn(12, 2, 3)
    traces = rc.inspect.trace(layer, x)
    assert list(traces) == ([f"{name}.l0", f"{name}.l0_reverse"] if bidirectional else [name])
    outputs = layer(x)[0].detach().numpy()
    for k, trace in enumerate(traces.values()):
        assert list(trace.values) == SHOWN[name]
        assert np.allclose(trace.h, outputs[..., 4 * k : 4 * k + 4], atol=1e-6)
        assert rc.inspect.draw_trace(trace).axes
        assert rc.inspect.draw_holding(trace).axes


def test_a_mingru_holds_a_bit_as_long_as_one_minus_z_says():
    layer = model("MinGRU", candidate="identity")
    with torch.no_grad():
        layer.weight_ih_l0.mul_(0.01)
        layer.bias_ih_l0[:4].copy_(torch.tensor([-4.0, -2.0, 0.0, 2.0]))  # z: the first keeps longest
    frame = rc.inspect.holding(rc.inspect.trace(layer, torch.randn(300, 2, 3))["MinGRU"]).sort_values("unit")
    z = torch.tensor([-4.0, -2.0, 0.0, 2.0]).sigmoid().double().numpy()
    assert np.allclose(frame["by_gates"], -1 / np.log1p(-z), rtol=0.05)
    assert np.allclose(frame["by_push"], np.ceil(-1 / np.log1p(-z)), atol=2)


@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
def test_an_slstm_holds_a_bit_in_the_scale_of_its_normaliser(forget):
    layer = rc.nn.SLSTM(3, 2, forget=forget)  # R starts as 0
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").zero_()
        bias = layer.get_parameter("bias_ih_l0").zero_()
        bias[2:4].copy_(torch.tensor([3.0, -3.0]))
    x = torch.randn(400, 1, 3)
    trace = rc.inspect.trace(layer, x)["SLSTM"]
    kept = trace.kept()
    assert kept is not None
    f = torch.tensor([3.0, -3.0])
    f = f.sigmoid() if forget == "sigmoid" else f.exp()
    if forget == "sigmoid":  # n -> 1 / (1 - f), and f n / (f n + 1) -> f
        assert np.allclose(kept[-1, 0], f, atol=1e-3)
    else:  # exp(3) > 1: n grows without end, and all is kept
        assert np.allclose(kept[-1, 0], f.clamp(max=1), atol=1e-3)
    assert ((kept[1:] > 0) & (kept[1:] < 1 + 1e-6)).all()
    assert (kept[0] == 0).all()  # nothing to keep yet


@pytest.mark.parametrize("name", SHOWN)
def test_the_gradient_is_followed(name):
    layer, head, x = model(name), nn.Linear(4, 1), torch.randn(15, 4, 3)
    flow = rc.inspect.gradient_flow(nn.ModuleList([layer, head]), lambda: head(layer(x)[0][-1]).square().mean())
    (found,) = flow.layers
    assert found.gradient.shape == found.carried.shape == (15,)
    assert found.carried[0] == pytest.approx(1)
    assert (found.carried[1:] > 0).any()
    assert [use.name for use in found.gates] == (["z"] if name == "MinGRU" else ["z", "o"])


def test_a_gate_that_keeps_at_either_end_is_not_called_saturated():
    assert GateUse("f", 0.1, 0.7, "open").saturated == 0.1
    assert GateUse("z", 0.1, 0.7, "shut").saturated == 0.7
    assert GateUse("o", 0.1, 0.7).saturated == pytest.approx(0.8)
