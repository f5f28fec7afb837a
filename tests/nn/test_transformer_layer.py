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


@pytest.fixture
def narrow() -> TransformerLayer:
    torch.manual_seed(5)
    return TransformerLayer(3, 8, 2, span=4).eval()


def test_of_one_block_a_step_beyond_the_span_tells_nothing() -> None:
    layer = TransformerLayer(3, 8, span=4).eval()
    x = torch.randn(20, 1, 3)
    y, _ = layer(x)
    x[5] += 1.0
    moved = (layer(x)[0] - y).abs().amax(dim=(1, 2)) > 1e-6
    assert moved.nonzero().flatten().tolist() == [5, 6, 7, 8]


def test_with_a_span_padding_pieces_and_steps_say_the_same(narrow: TransformerLayer) -> None:
    x, z = torch.randn(7, 4, 3), torch.randn(13, 4, 3)
    y, state = narrow(x, lengths=LENGTHS)
    after, state = narrow(z, state)
    last, state = narrow.step(z[0], state)
    assert [tuple(part.shape[-2:]) for part in state] == [(3, 2)] * 4 + [(4, 3)]
    for row, count in enumerate(LENGTHS):
        own = torch.cat([x[:count, row], z[:, row], z[:1, row]]).unsqueeze(1)
        steps, hx = [], None
        for one in own:
            out, hx = narrow.step(one, hx)
            steps.append(out)
        found = torch.cat([y[:count, row], after[:, row], last[None, row]])
        torch.testing.assert_close(found, torch.cat(steps), rtol=1e-5, atol=1e-5)


def test_a_stream_of_rows_is_the_layer_and_its_arrays_are_its_state(narrow: TransformerLayer) -> None:
    x = torch.randn(9, 3, 3)
    whole = narrow(x)[0].detach().numpy()
    stream = narrow.stream(3)
    for t in range(6):
        np.testing.assert_allclose(stream.step(x[t].numpy()), whole[t], rtol=1e-5, atol=1e-5)
    other = narrow.stream(3)
    for name, array in stream.arrays().items():
        other.arrays()[name][...] = array
    assert other.fingerprint == stream.fingerprint
    rows = np.array([2, 0])
    for t in range(6, 9):
        np.testing.assert_allclose(other.step_rows(rows, x[t, rows].numpy()), whole[t, rows], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(other.outputs, [whole[8, 0], whole[5, 1], whole[8, 2]], rtol=1e-5, atol=1e-5)
    other.reset([1])
    np.testing.assert_allclose(other.step_rows([1], x[:1, 1].numpy())[0], whole[0, 1], rtol=1e-5, atol=1e-5)
    with pytest.raises(InputError, match="span"):
        TransformerLayer(3, 8).stream()
