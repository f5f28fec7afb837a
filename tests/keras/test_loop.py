"""Ours against stock Keras: outputs, states and gradients, over sizes, masks, states and options that are drawn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from tests.keras.pairs import assert_same, engine_calls, flat, pair

import recurra.keras as rk

KINDS = [
    ("SimpleRNN", {}),
    ("SimpleRNN", {"activation": "relu"}),
    ("SimpleRNN", {"dropout": 0.3, "recurrent_dropout": 0.4, "seed": 1}),
    ("SimpleRNN", {"use_bias": False}),
    ("LSTM", {}),
    ("LSTM", {"use_bias": False}),
    ("LSTM", {"dropout": 0.3, "seed": 1}),
    ("GRU", {}),
    ("GRU", {"reset_after": False}),
    ("GRU", {"use_bias": False}),
    ("GRU", {"use_bias": False, "reset_after": False}),
    ("GRU", {"dropout": 0.3, "seed": 1}),
]
MASKS = ("none", "all", "end", "beginning", "holes", "nothing")


def mask_of(kind: str, batch: int, steps: int) -> Any:
    """A mask [B, T] with rows of different lengths, empty ones among them."""
    draw = np.random.default_rng(batch * 100 + steps)
    lengths, times = draw.integers(0, steps + 1, (batch, 1)), np.arange(steps)
    masks = {
        "all": np.ones((batch, steps), bool),
        "end": times < lengths,
        "beginning": times >= lengths,
        "holes": draw.random((batch, steps)) < 0.6,
        "nothing": np.zeros((batch, steps), bool),
    }
    return None if kind == "none" else torch.from_numpy(masks[kind])


@pytest.mark.slow
@given(
    kind=st.sampled_from(KINDS),
    sizes=st.tuples(*[st.sampled_from([1, 2, 3, 7]) for _ in range(3)], st.sampled_from([1, 5, 17])),
    mask=st.sampled_from(MASKS),
    flags=st.fixed_dictionaries(
        {name: st.booleans() for name in ("return_sequences", "go_backwards", "return_state", "zero_output_for_mask")}
    ),
    training=st.booleans(),
    begin=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=examples(60))
def test_the_same_as_keras(
    kind: Any, sizes: Any, mask: str, flags: Any, training: bool, begin: bool, dtype: str
) -> None:
    name, options = kind
    batch, steps, features, units = sizes
    stock, ours = pair(name, units, (batch, steps, features), dtype=dtype, **options, **flags)
    generator = torch.Generator().manual_seed(0)
    kwargs = {"generator": generator, "dtype": getattr(torch, dtype)}
    x = torch.randn(batch, steps, features, **kwargs)
    states = [torch.randn(batch, units, **kwargs) for _ in range(2 if name == "LSTM" else 1)] if begin else None
    before = engine_calls()
    assert_same(stock, ours, x, mask=mask_of(mask, batch, steps), training=training, initial_state=states)
    assert engine_calls() == before + 1


@pytest.mark.parametrize(("name", "options"), KINDS, ids=str)
def test_stateful_goes_on_where_it_stopped(name: str, options: dict[str, Any]) -> None:
    stock, ours = pair(name, 5, (3, 4, 2), stateful=True, **options)
    whole = torch.randn(3, 8, 2)
    for part in (whole[:, :4], whole[:, 4:]):
        found = ours(part, training=True)
        torch.testing.assert_close(found, stock(part, training=True))
        found.sum().backward()  # in Keras 3.15 this fails for LSTM and GRU: the state is overwritten in place
    ours.reset_state()
    stock.reset_state()
    torch.testing.assert_close(ours(whole[:, :4]), stock(whole[:, :4]))
    _, plain = pair(name, 5, (3, 8, 2), **options)
    torch.testing.assert_close(ours(whole[:, 4:]), plain(whole))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_stack_of_cells_is_computed_cell_after_cell(masked: bool, backwards: bool) -> None:
    def cells() -> list[Any]:
        return [keras.layers.LSTMCell(4), keras.layers.GRUCell(5), keras.layers.SimpleRNNCell(3)]

    options = {"return_sequences": True, "return_state": True, "go_backwards": backwards}
    stock, ours = keras.layers.RNN(cells(), **options), rk.RNN(cells(), **options)
    stock.build((2, 6, 3))
    ours.build((2, 6, 3))
    ours.set_weights(stock.get_weights())
    before = engine_calls()
    assert_same(stock, ours, torch.randn(2, 6, 3), mask=mask_of("holes", 2, 6) if masked else None)
    assert engine_calls() == before + 3


def test_a_nan_at_a_masked_step_reaches_nothing() -> None:
    _, ours = pair("GRU", 4, (2, 5, 3), return_sequences=True)
    x, mask = torch.randn(2, 5, 3), torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]]).bool()
    expected = ours(x, mask=mask)
    x[~mask] = torch.nan
    x.requires_grad_()
    found = ours(x, mask=mask)
    torch.testing.assert_close(found, expected)
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("options", [{"unroll": True}, {"implementation": 1}, {"use_cudnn": False}], ids=str)
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_options_that_change_no_number(name: str, options: dict[str, Any]) -> None:
    before = engine_calls()
    assert_same(*pair(name, 4, (2, 5, 3), **options), torch.randn(2, 5, 3))
    assert engine_calls() == before + 1


OWN = [
    ("SimpleRNN", {"activation": "softsign"}),
    ("SimpleRNN", {"activation": None}),
    ("LSTM", {"activation": "relu"}),
    ("LSTM", {"recurrent_activation": "hard_sigmoid"}),
    ("GRU", {"activation": "elu", "reset_after": False}),
    ("LSTM", {"recurrent_dropout": 0.4, "seed": 1}),
    ("GRU", {"recurrent_dropout": 0.4, "dropout": 0.2, "seed": 1}),
    ("GRU", {"dropout": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), OWN, ids=str)
def test_what_the_kernels_have_not_is_left_to_keras(name: str, options: dict[str, Any]) -> None:
    before = engine_calls()
    assert_same(*pair(name, 4, (3, 5, 2), return_sequences=True, **options), torch.randn(3, 5, 2), training=True)
    assert engine_calls() == before


def test_recurrent_dropout_of_gates_is_ours_again_without_training() -> None:
    before = engine_calls()
    assert_same(*pair("LSTM", 4, (3, 5, 2), recurrent_dropout=0.4), torch.randn(3, 5, 2), training=False)
    assert engine_calls() == before + 1


def test_a_cell_of_a_class_derived_from_keras_is_left_to_keras() -> None:
    class Doubled(keras.layers.SimpleRNNCell):
        def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
            output: Any
            output, states = super().call(sequence, states, training)
            return 2 * output, states

    before = engine_calls()
    layer = rk.RNN(Doubled(3))
    x = torch.randn(2, 4, 1)
    torch.testing.assert_close(layer(x), keras.layers.RNN(layer.cell)(x))
    assert engine_calls() == before


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_whole_numbers_and_mixed_precision(name: str) -> None:
    stock, ours = pair(name, 4, (2, 5, 3))
    numbers = torch.arange(30).reshape(2, 5, 3) % 4
    torch.testing.assert_close(ours(numbers), stock(numbers), rtol=1e-5, atol=1e-6)
    stock, ours = pair(name, 4, (2, 5, 3), dtype="mixed_bfloat16", return_sequences=True)
    before = engine_calls()
    x = torch.randn(2, 5, 3)
    theirs, found = stock(x), ours(x)
    assert found.dtype == theirs.dtype == torch.bfloat16
    torch.testing.assert_close(found, theirs, rtol=0.05, atol=0.05)
    assert engine_calls() == before + 1


@pytest.mark.parametrize("wrapped", [True, False])
def test_bidirectional_and_time_distributed(wrapped: bool) -> None:
    def model(layers: Any) -> Any:
        keras.utils.set_random_seed(2)
        inner = keras.layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="concat")
        shape = (3, 5, 2) if wrapped else (5, 2)
        return keras.Sequential([keras.Input(shape), keras.layers.TimeDistributed(inner) if wrapped else inner])

    x = torch.randn(2, 3, 5, 2) if wrapped else torch.randn(2, 5, 2)
    before = engine_calls()
    torch.testing.assert_close(model(rk)(x), model(keras.layers)(x), rtol=1e-5, atol=1e-6)
    assert engine_calls() >= before + 2


def test_masks_of_an_embedding_arrive() -> None:
    def model(layers: Any) -> Any:
        keras.utils.set_random_seed(2)
        return keras.Sequential([
            keras.layers.Embedding(9, 4, mask_zero=True),
            layers.GRU(5, return_sequences=True),
            layers.LSTM(3),
        ])  # fmt: skip

    tokens = torch.tensor([[3, 0, 5, 0], [0, 0, 2, 1], [4, 4, 4, 4], [0, 0, 0, 0]])
    torch.testing.assert_close(model(rk)(tokens), model(keras.layers)(tokens), rtol=1e-5, atol=1e-6)


def test_gradients_of_gradients() -> None:
    _, ours = pair("LSTM", 2, (2, 3, 2), dtype="float64")
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(ours, (x,))


@pytest.mark.slow
def test_a_graph_that_is_exported_holds_operations_of_torch_alone() -> None:
    _, ours = pair("GRU", 3, (2, 4, 2))
    x = torch.randn(2, 4, 2)
    program = torch.export.export(ours, (x,), strict=False)
    assert not any("recurra" in str(node.target) for node in program.graph.nodes)
    torch.testing.assert_close(flat(program.module()(x))[0], ours(x))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_batch_of_no_rows(name: str, masked: bool) -> None:
    stock, ours = pair(name, 3, (2, 4, 2), return_sequences=True, return_state=True)
    mask = torch.ones(0, 4).bool() if masked else None
    before = engine_calls()
    assert_same(stock, ours, torch.zeros(0, 4, 2), mask=mask)
    assert engine_calls() == before + 1


@pytest.mark.parametrize("return_sequences", [False, True])
def test_a_sequence_of_no_steps_is_refused_as_by_keras(return_sequences: bool) -> None:
    for layer in pair("GRU", 3, (2, 4, 2), return_sequences=return_sequences):
        with pytest.raises(IndexError, match="index 0 is out of bounds for dimension 1 with size 0"):
            layer(torch.zeros(2, 0, 2))


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_what_broadcasts_in_keras_does(name: str) -> None:
    layers, x = pair(name, 3, (5, 4, 2), return_sequences=True), torch.randn(5, 4, 2)
    before = engine_calls()
    assert_same(*layers, x, mask=torch.tensor([[1, 1, 0, 1]]).bool())
    assert_same(*layers, x, initial_state=[torch.randn(1, 3) for _ in range(2 if name == "LSTM" else 1)])
    assert engine_calls() == before


def test_a_state_that_broadcasts_in_a_stack() -> None:
    stock = keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)])
    stock.build((5, 6, 2))
    ours = rk.RNN(stock.cell)
    states = [[torch.randn(5, 4), torch.randn(5, 4)], torch.randn(1, 3)]
    before = engine_calls()
    assert_same(stock, ours, torch.randn(5, 6, 2), initial_state=states)
    assert engine_calls() == before


@pytest.mark.parametrize(
    "make", [lambda layers: layers.SimpleRNN(3), lambda layers: layers.RNN(keras.layers.GRUCell(3))]
)
def test_who_listens_to_the_cell_hears_every_step(make: Any) -> None:
    x, counts = torch.randn(2, 6, 2), []
    for layers in (keras.layers, rk):
        layer, heard = make(layers), []
        layer(x)
        handle = layer.cell.register_forward_hook(lambda *_, heard=heard: heard.append("hook"))
        layer(x)
        handle.remove()
        own = layer.cell.call
        layer.cell.call = lambda *args, own=own, heard=heard, **kwargs: heard.append("call") or own(*args, **kwargs)
        layer(x)
        del layer.cell.call
        before = engine_calls()
        layer(x)
        assert engine_calls() == before + (layers is rk)
        counts.append((heard.count("hook"), heard.count("call")))
    assert counts[0] == counts[1]
    assert min(counts[1]) >= 6


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "RNN"])
def test_the_docstring_says_that_outputs_are_kept(name: str) -> None:
    layer = rk.RNN(keras.layers.GRUCell(3), return_sequences=True) if name == "RNN" else getattr(rk, name)(3)
    layer.return_sequences = True
    x = torch.randn(2, 4, 2)
    layer(x).clone().mul_(2).sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        layer(x).mul_(2).sum().backward()
    assert "write into a copy" in " ".join((type(layer).__doc__ or "").split())
