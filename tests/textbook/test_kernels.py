"""The third opinion: the kernels' loop, and the C++ engine, against the textbook's forward and backward by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.textbook.cases import CELLS, SIZES, drawn

import recurra as rc
from recurra.kernels import chooser
from recurra.textbook import LSTM, RNN

BACKENDS = [
    "reference",
    pytest.param("cpu", marks=pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")),
]


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.array(array))


def layer_of(cell) -> torch.nn.RNNBase:
    """The layer of recurra.nn with the weights of a textbook cell."""
    if isinstance(cell, RNN):
        layer = rc.nn.RNN(cell.inputs, cell.units, nonlinearity=cell.nonlinearity)
        weights = [cell.W_xh, cell.W_hh, cell.b_h, np.zeros(cell.units)]
    else:
        layer = (
            rc.nn.LSTM(cell.inputs, cell.units)
            if isinstance(cell, LSTM)
            else rc.nn.GRU(cell.inputs, cell.units, reset_after=cell.reset_after)
        )
        weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    layer = layer.double()
    layer.load_state_dict({name: tensor(weight) for name, weight in zip(names, weights, strict=True)})
    return layer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", [*SIZES, (63, 2, 17, 1)], ids=str)
def test_outputs_states_and_gradients_are_the_kernels(backend, cell, sizes):
    network, x, _ = drawn(cell, *sizes)
    if cell == "relu":  # keep it from growing without bound, which would make the tolerance meaningless
        network = network.replaced({"W_hh": network.parameters["W_hh"] / np.sqrt(network.cell.units)})
    rng = np.random.default_rng(1)
    start = [rng.normal(size=network.cell.units) for _ in network.rest]
    seeds = [rng.normal(size=(len(x), network.cell.units)), *(rng.normal(size=s.shape) for s in start)]

    ours = network.cell.forward(x, tuple(start))
    back = ours.backward(seeds[0], tuple(seeds[1:]))

    layer = layer_of(network.cell)
    rows = tensor(x)[:, None].requires_grad_()
    states = [tensor(s)[None, None].requires_grad_() for s in start]
    with rc.backend(backend):
        outputs, last = layer(rows, tuple(states) if len(states) == 2 else states[0])
    last = last if isinstance(last, tuple) else (last,)
    gradients = torch.autograd.grad(
        [outputs, *last],
        [rows, *states, *layer.parameters()],
        [tensor(seeds[0])[:, None], *(tensor(s)[None, None] for s in seeds[1:])],
    )

    expected = [ours.h, *ours.state(len(x)), back.dx, *back.dstate]
    summed = {name: each.sum(axis=0) for name, each in back.summands().items()}
    expected += list(summed.values())
    if isinstance(network.cell, RNN):
        expected.append(summed["b_h"])  # torch's second bias
    found = [outputs[:, 0], *(s[0, 0] for s in last), gradients[0][:, 0]]
    found += [g[0, 0] for g in gradients[1 : 1 + len(states)]] + list(gradients[1 + len(states) :])
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b, rtol=0, atol=1e-12 * max(1.0, float(np.abs(b).max())))
