"""Both calls of a pair are the same call; what they give is everything that a training could use."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from recurra.bench import Case, Disagreement
from recurra.bench.agreement import largest_error
from recurra.bench.layers import make_pair
from recurra.bench.measuring import check_call

CELLS = ("rnn", "gru", "lstm")
PARAMETERS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_results_are_outputs_states_and_every_gradient(cell: str) -> None:
    _, call = make_pair(nn, nn, Case(cell, 5, 3, 4))
    found = call.results()
    states = {"last h", "last c"} if cell == "lstm" else {"last h"}
    assert found.keys() == {"outputs", *states, *(f"gradient of {name}" for name in ("input", *PARAMETERS))}
    assert found["outputs"].shape == (4, 3, 5)
    assert all(tensor.abs().sum() > 0 for tensor in found.values())


@pytest.mark.parametrize("cell", CELLS)
def test_inference_has_no_gradients(cell: str) -> None:
    ours, theirs = make_pair(nn, nn, Case(cell, 5, 3, 4, mode="inference"))
    assert {"outputs", "last h"} <= theirs.results().keys() <= {"outputs", "last h", "last c"}
    assert not any(tensor.requires_grad for tensor in ours())


def test_a_call_starts_from_fresh_gradients() -> None:
    ours, _ = make_pair(nn, nn, Case("gru", 5, 3, 4))
    assert largest_error(ours.results(), ours.results())[1] == 0


def test_the_two_share_numbers_but_no_memory() -> None:
    ours, theirs = make_pair(nn, nn, Case("lstm", 5, 3, 4))
    assert largest_error(ours.results(), theirs.results())[1] == 0
    places = [{tensor.data_ptr() for tensor in (call.data, *call.layer.parameters())} for call in (ours, theirs)]
    assert not places[0] & places[1]


def test_packed_gives_what_the_rows_give_alone() -> None:
    lengths = torch.tensor([2, 4, 1])
    _, call = make_pair(nn, nn, Case("gru", 5, 3, 4), lengths=lengths)
    assert isinstance(call.input, PackedSequence)
    found = call.results()
    assert found["outputs"].shape == (int(lengths.sum()), 5)
    assert found["gradient of input"].shape == (int(lengths.sum()), 5)
    padded, _ = nn.utils.rnn.pad_packed_sequence(call.input)
    for row, length in enumerate(lengths.tolist()):
        _, h = call.layer(padded[:length, row])
        torch.testing.assert_close(h, found["last h"][:, row])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_wrong_weight_is_seen(dtype: str, name: str) -> None:
    ours, theirs = make_pair(nn, nn, Case("lstm", 8, 4, 6, dtype=dtype))
    check_call(ours, theirs)
    with torch.no_grad():
        getattr(ours.layer, name)[0] += 0.5
    with pytest.raises(Disagreement):
        check_call(ours, theirs)


def test_the_reference_of_bfloat16_has_the_same_numbers() -> None:
    ours, theirs = make_pair(nn, nn, Case("rnn", 8, 4, 6, dtype="bfloat16"))
    reference = theirs.in_dtype(torch.float32)
    assert torch.equal(reference.data, theirs.data.float())
    assert reference.results()["outputs"].dtype == torch.float32
    assert check_call(ours, theirs) > 0


def test_drawing_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    make_pair(nn, nn, Case("rnn", 4, 2, 3))
    assert torch.equal(torch.rand(2), expected)
