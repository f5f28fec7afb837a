"""The steps of a causal tagger are its forward pass; every other network says why it has none."""

from __future__ import annotations

import pytest
import torch

from recurra.errors import InputError
from recurra.nn.sequence import InputBatch, InputSpec, SequenceNetwork, SequenceOptions

CAUSAL = SequenceOptions(hidden=12, layers=2, bidirectional=False, embedding=6)


def network(options: SequenceOptions = CAUSAL, *, cell: str = "gru", per_step: bool = True) -> SequenceNetwork:
    torch.manual_seed(0)
    parts = {"word": InputSpec("tokens", 20), "side": InputSpec("columns", 2, (3,), optional=True)}
    return SequenceNetwork(parts, 4, cell, dict.fromkeys(parts, options), per_step=per_step).eval()


def inputs(steps: int = 9, rows: int = 5) -> dict[str, InputBatch]:
    torch.manual_seed(1)
    side = InputBatch(torch.randn(rows, 2), torch.tensor([1, 0, 1, 1, 0]), torch.randint(0, 4, (rows, 1)))
    return {"word": InputBatch(torch.randint(0, 21, (steps, rows)), torch.full((rows,), steps)), "side": side}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "mingru", "slstm"])
@pytest.mark.parametrize("convolution", [(), (1,)])
def test_steps_are_the_forward_pass(cell: str, convolution: tuple[int, ...]) -> None:
    made = network(SequenceOptions(**{**vars(CAUSAL), "convolution": convolution, "channels": 5}), cell=cell)
    given, state = inputs(), None
    assert made.why_not_causal == ""
    with torch.no_grad():
        whole, _state = made(given)
        for t in range(len(whole)):
            one = given["word"]._replace(values=given["word"].values[t : t + 1], lengths=torch.ones(5).long())
            y, state = made.step({**given, "word": one}, state)
            torch.testing.assert_close(y, whole[t], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "per_step", "why"),
    [
        ({"bidirectional": True}, True, r"word: its recurrence runs in both directions"),
        ({"convolution": (3,)}, True, r"word: its convolution sees the steps on both sides"),
        ({"positions": 4}, True, r"word: it is told the number of the step"),
        ({}, False, r"it has one output for the whole sequence"),
    ],
)
def test_what_is_not_causal_says_why(options: dict, per_step: bool, why: str) -> None:
    made = network(SequenceOptions(**{**vars(CAUSAL), **options}), per_step=per_step)
    with pytest.raises(InputError, match=f"this network cannot run step by step: {why}"):
        made.step(inputs(1))


def test_in_training_nothing_is_dropped_in_silence() -> None:
    with pytest.raises(InputError, match=r"training mode and drops features at random: call eval\(\) first"):
        network().train().step(inputs(1))
