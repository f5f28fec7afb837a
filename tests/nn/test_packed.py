"""Weights stay packed from one stream to the next, and never longer than they are the layer's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import recurra as rc
from recurra.nn import packed as module
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.nn.packed import packed

X = np.random.default_rng(0).normal(size=(1, 3)).astype(np.float32)


def said(layer, head=None):
    """What a new stream says of one step, which is what the layer says."""
    y = layer.stream(head=head).step(X)
    with torch.no_grad():
        whole = layer(torch.from_numpy(X)[None, 0])[0] if head is None else head(layer(torch.from_numpy(X)[None, 0])[0])
    np.testing.assert_allclose(y, whole[0].reshape(1, -1).numpy(), atol=1e-6)
    return y


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SLSTM"])
def test_streams_of_the_same_weights_share_them_and_have_states_of_their_own(kind):
    layer = getattr(rc.nn, kind)(3, 5).eval()
    assert packed([(layer, False)], None) is packed([(layer, False)], None)
    one, many = layer.stream(), layer.stream(4)
    first = one.step(X).copy()
    one.step(X)
    np.testing.assert_allclose(many.step(np.tile(X, (4, 1))), np.tile(first, (4, 1)), atol=1e-7)
    assert one._packed is many._packed


@pytest.mark.parametrize("by", ["data", "no_grad", "load", "parameter", "dtype"])
def test_weights_that_change_in_whatever_way_are_packed_anew(by):
    layer: Any = rc.nn.GRU(3, 5)
    before = said(layer)
    old = layer.stream()
    if by == "data":
        layer.weight_hh_l0.data.mul_(-2.0)  # not seen by torch's version counters
        layer.bias_ih_l0.data.add_(1.0)
    elif by == "no_grad":
        with torch.no_grad():
            layer.bias_ih_l0.add_(1.0)
    elif by == "load":
        layer.load_state_dict(rc.nn.GRU(3, 5).state_dict())
    elif by == "parameter":
        layer.weight_ih_l0 = nn.Parameter(torch.randn(15, 3))
    else:
        layer.double()
        assert layer.stream().dtype == np.float64
        return
    assert np.abs(said(layer) - before).max() > 1e-3
    np.testing.assert_array_equal(old.step(X), before)


def test_another_head_and_another_kernel_are_not_taken_for_the_same():
    layer, one, other = rc.nn.LSTM(3, 5), nn.Linear(5, 2), nn.Linear(5, 2)
    assert np.abs(said(layer, one) - said(layer, other)).max() > 1e-3
    assert said(layer).shape == (1, 5)
    with rc.backend("reference"):
        assert layer.stream().kernel == "reference"
    assert layer.stream().kernel == packed([(layer, False)], None).steps(1, 1).name


def test_large_weights_are_not_kept(monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 10)
    layer = rc.nn.GRU(3, 5)
    assert packed([(layer, False)], None) is not packed([(layer, False)], None)
    said(layer)


def translator():
    torch.manual_seed(0)
    return EncoderDecoder(None, 9, "gru", EncoderDecoderOptions(embedding=4, hidden=3)).eval()


def test_a_decoder_keeps_its_layers_ready_until_it_is_trained_moved_or_loaded():
    network = translator()
    source, lengths, token = torch.tensor([[3], [4], [5]]), torch.tensor([3]), torch.tensor([1])

    def step(network):
        with torch.no_grad():
            memory = network.encode(source, lengths)
            logits = network.step(token, network.start(memory))[0]
            whole = network.logits(network.read_out(token[None], memory)[0])[0]
        torch.testing.assert_close(logits, whole, atol=1e-5, rtol=0)
        return network.core._ready

    ready = step(network)
    assert step(network) is ready
    network.train()
    for p in network.core.lower.parameters():
        p.data.mul_(1.5)
    assert step(network.eval()) is not ready
    network.load_state_dict({k: 0.5 * v for k, v in network.state_dict().items()})
    step(network)
    network.core.upper.weight_hh_l0.requires_grad_(False).mul_(2.0)
    step(network)
    step(pickle.loads(pickle.dumps(network)))
    step(copy.deepcopy(network).double().float())
