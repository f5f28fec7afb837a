"""Blocks of a Transformer in the place of a recurrence: rows of any length, a state to go on from, in every task."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import recurra as rc
from recurra.errors import InputError
from recurra.nn import Regularisation, layer_of
from recurra.nn.cell_layer import options_of
from recurra.nn.transformer_layer import TransformerLayer

LENGTHS = torch.tensor([7, 3, 5, 1])


@pytest.fixture(params=[(1, 10), (2, 10), (1, 7)])
def layer(request: pytest.FixtureRequest) -> TransformerLayer:
    torch.manual_seed(3)
    layers, hidden = request.param
    return TransformerLayer(3, hidden, layers).eval()


def test_padding_changes_nothing(layer: TransformerLayer) -> None:
    x = torch.randn(7, 4, 3)
    y, _ = layer(x, lengths=LENGTHS)
    for row, count in enumerate(LENGTHS):
        alone, _ = layer(x[:count, row : row + 1])
        torch.testing.assert_close(y[:count, row], alone[:, 0], rtol=1e-5, atol=1e-5)
        assert not y[count:, row].any()


def test_it_goes_on_from_where_each_row_ended(layer: TransformerLayer) -> None:
    x, z = torch.randn(7, 4, 3), torch.randn(2, 4, 3)
    _, state = layer(x, lengths=LENGTHS)
    y, state = layer(z[:1], state)
    last, _ = layer.step(z[1], state)
    for row, count in enumerate(LENGTHS):
        whole, _ = layer(torch.cat([x[:count, row : row + 1], z[:, row : row + 1]]))
        torch.testing.assert_close(torch.stack([y[0, row], last[row]]), whole[count:, 0], rtol=1e-5, atol=1e-5)


def test_both_directions_see_the_whole_row() -> None:
    layer = TransformerLayer(3, 5, bidirectional=True).eval()
    x = torch.randn(7, 4, 3)
    y, state = layer(x, lengths=LENGTHS)
    assert state == ()
    alone, _ = layer(x[:5, 2:3])
    torch.testing.assert_close(y[:5, 2], alone[:, 0], rtol=1e-5, atol=1e-5)
    x[4, 2] += 1
    assert not torch.equal(layer(x, lengths=LENGTHS)[0][0, 2], y[0, 2])
    with pytest.raises(InputError, match="bidirectional"):
        layer.step(x[0])


def test_it_stands_where_a_cell_is_named() -> None:
    assert layer_of("transformer") is TransformerLayer
    assert options_of("transformer") == ("recurrent_dropout",)
    assert TransformerLayer(3, 8, regularisation=Regularisation(recurrent_dropout=0.2)).blocks[0].rate == 0.2
    with pytest.raises(InputError, match="recurrent_dropout alone"):
        TransformerLayer(3, 8, regularisation=Regularisation(zoneout=0.2))


@pytest.mark.slow
def test_a_tagger_of_it_is_saved_and_what_it_cannot_do_is_said(tmp_path) -> None:
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("abcd"), 9)) for _ in range(40)]
    tags = ["".join("x" if letter in "ab" else "y" for letter in text) for text in texts]
    small = dict(hidden=8, embedding=8, bidirectional=False, convolution=(), positions=0, layers=1)
    tagger = rc.SequenceTagger(cell="transformer", members=1, network=small, training=dict(epochs=2)).fit(texts, tags)
    tagger.save(tmp_path / "t.safetensors")
    assert rc.load(tmp_path / "t.safetensors").predict(texts[:5]) == tagger.predict(texts[:5])
    with pytest.raises(InputError, match="Transformer keeps every step"):
        tagger.stream()
    with pytest.raises(InputError, match="TransformerLayer cannot be exported"):
        tagger.export(onnx=tmp_path / "o")
