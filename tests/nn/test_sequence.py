"""Padding changes nothing, a missing input is what was learnt for it, and options are checked where they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recurra.errors import InputError
from recurra.nn.sequence import InputBatch, InputSpec, SequenceNetwork, SequenceOptions

PARTS = {
    "text": InputSpec("tokens", 9, optional=True),
    "walk": InputSpec("numbers", 2),
    "call": InputSpec("sound", 1),
    "photo": InputSpec("image", 3, optional=True),
    "facts": InputSpec("columns", 2, (3, 4)),
}
SMALL = SequenceOptions(hidden=5, embedding=4, channels=6, convolution=(3,), dropout=0.2, input_dropout=0.1)


def inputs(rows: int = 4) -> dict[str, InputBatch]:
    torch.manual_seed(3)
    lengths = torch.tensor([7, 1, 4, 2])[:rows]
    alive = torch.arange(7).unsqueeze(1) < lengths
    sound = torch.tensor([200, 64, 1, 130])[:rows]
    return {
        "text": InputBatch(torch.randint(1, 10, (7, rows)) * alive, lengths),
        "walk": InputBatch(torch.randn(7, rows, 2) * alive.unsqueeze(-1), lengths),
        "call": InputBatch(torch.randn(200, rows, 1), sound),
        "photo": InputBatch(torch.randn(rows, 3, 6, 6), torch.ones(rows, dtype=torch.int64)),
        "facts": InputBatch(torch.randn(rows, 2), torch.ones(rows, dtype=torch.int64), torch.tensor([[0, 1]] * rows)),
    }


def of_row(given: dict[str, InputBatch], row: int) -> dict[str, InputBatch]:
    """A row alone, without padding."""

    def cut(part: InputBatch, in_steps: bool) -> InputBatch:
        codes = None if part.codes is None else part.codes[[row]]
        length = max(1, int(part.lengths[row]))
        values = part.values[:length, [row]] if in_steps else part.values[[row]]
        return InputBatch(values, part.lengths[[row]], codes)

    return {name: cut(part, PARTS[name].in_steps) for name, part in given.items()}


def network(options: SequenceOptions = SMALL, cell: str = "gru", **more: Any) -> SequenceNetwork:
    torch.manual_seed(0)
    return SequenceNetwork(PARTS, 3, cell, dict.fromkeys(PARTS, options), **more).eval()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "mingru", "slstm"])
@pytest.mark.parametrize("pooling", ["last+mean", "max", "attention"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_row_beside_longer_ones_is_the_row_alone(cell, pooling, bidirectional):
    options = SequenceOptions(
        hidden=5, embedding=4, layers=2, convolution=(3,), channels=6, pooling=pooling, bidirectional=bidirectional
    )
    made, given = network(options, cell), inputs()
    with torch.no_grad():
        together, exact = made(given)[0], made.evaluated(given)
        alone = torch.cat([made(of_row(given, row))[0] for row in range(4)])
    assert together.shape == (4, 3)
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), together, atol=1e-6, rtol=0)


def test_a_permuted_batch_gives_permuted_outputs():
    made, order = network(), [2, 0, 3, 1]

    def permuted(part: InputBatch, in_steps: bool) -> InputBatch:
        codes = None if part.codes is None else part.codes[order]
        return InputBatch(part.values[:, order] if in_steps else part.values[order], part.lengths[order], codes)

    given = inputs()
    shuffled = {name: permuted(part, PARTS[name].in_steps) for name, part in given.items()}
    with torch.no_grad():
        torch.testing.assert_close(made(shuffled)[0], made(given)[0][order], atol=1e-6, rtol=0)


def test_what_stands_in_a_missing_input_is_not_read():
    made, given = network(), inputs()
    there = torch.tensor([1, 0, 1, 0])
    one = given | {"photo": given["photo"]._replace(lengths=there)}
    other = given | {"photo": InputBatch(torch.where(there.view(-1, 1, 1, 1) > 0, given["photo"].values, 7.0), there)}
    with torch.no_grad():
        assert torch.equal(made(one)[0], made(other)[0])
        assert not torch.allclose(made(one)[0], made(given)[0])
        with_other_vector = network()
        torch.nn.init.ones_(with_other_vector.absent[3])
        changed = (with_other_vector(one)[0] - made(one)[0]).abs().sum(1) > 0
    assert changed.tolist() == [False, True, False, True]


def test_in_training_an_optional_input_is_sometimes_hidden():
    made = network(SequenceOptions(hidden=5, embedding=4, dropout=0.0)).train()
    given = inputs()
    with torch.no_grad():
        found = torch.stack([made(given)[0] for _ in range(40)])
    assert len(torch.unique(found[:, 0, 0])) > 1
    assert len(torch.unique(found[:, 0, 0])) <= 4  # text and photo, each there or hidden


def test_a_tagger_gives_every_step_an_output():
    parts = {"walk": PARTS["walk"], "facts": PARTS["facts"]}
    torch.manual_seed(0)
    made = SequenceNetwork(parts, 3, "lstm", dict.fromkeys(parts, SMALL), per_step=True).eval()
    given = {name: inputs()[name] for name in parts}
    with torch.no_grad():
        found, _state = made(given)
        assert found.shape == (7, 4, 3)
        for row, length in enumerate([7, 1, 4, 2]):
            alone = made({name: part for name, part in of_row(inputs(), row).items() if name in parts})[0]
            torch.testing.assert_close(found[:length, [row]], alone, atol=1e-6, rtol=0)


def test_a_sound_cannot_be_tagged_sample_by_sample():
    with pytest.raises(InputError, match=r"input 'call' is a sound, .* declare it as Series\(\)"):
        SequenceNetwork({"call": PARTS["call"]}, 3, "gru", {"call": SMALL}, per_step=True)


def test_forget_gates_begin_open():
    made = network(cell="lstm")
    first = dict(made.branches[0].named_parameters())
    assert torch.equal(first["layers.0.bias_ih_l0"][5:10] + first["layers.0.bias_hh_l0"][5:10], torch.ones(5))


@pytest.mark.slow
def test_every_parameter_learns():
    made = network().train()
    given: dict[str, InputBatch] = inputs() | {"photo": inputs()["photo"]._replace(lengths=torch.tensor([1, 0, 1, 1]))}
    for _ in range(30):  # what is hidden is drawn
        made(given)[0].square().sum().backward()
    idle = [name for name, value in made.named_parameters() if value.requires_grad and not _moves(value.grad)]
    assert idle == []


def _moves(gradient: Tensor | None) -> bool:
    return gradient is not None and bool(gradient.any())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(hidden=0), r"hidden is 0: expected a whole number of at least 1"),
        (dict(hidden=2.5), r"hidden is 2.5: expected a whole number"),
        (dict(layers="2"), r"layers is '2': expected a whole number"),
        (dict(embedding=True), r"embedding is True: expected a whole number"),
        (dict(dropout=1.0), r"dropout is 1.0: expected a share of at least 0 and below 1"),
        (dict(word_dropout=float("nan")), r"word_dropout is nan: expected a share"),
        (dict(recurrent_dropout="a"), r"recurrent_dropout is 'a': expected a share"),
        (dict(convolution=(4,)), r"convolution is \(4,\): expected odd widths"),
        (dict(convolution=3), r"convolution is 3: expected odd widths"),
        (dict(pooling="sum"), r"pooling is 'sum': expected one of"),
    ],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        SequenceOptions(**wrong)


def test_a_list_of_widths_is_as_good_as_a_tuple():
    given: Any = [3, 5]  # as JSON has it
    assert SequenceOptions(convolution=given) == SequenceOptions(convolution=(3, 5))


def test_numbers_of_numpy_are_as_good_as_plain_ones():
    numbers: Any = {"hidden": np.int64(5), "dropout": np.float32(0.25), "convolution": (np.int32(3),)}
    given = SequenceOptions(**numbers, layers=2)
    assert given == SequenceOptions(hidden=5, dropout=0.25, convolution=(3,), layers=2)
    assert [type(x) for x in (given.hidden, given.dropout, given.convolution[0])] == [int, float, int]
