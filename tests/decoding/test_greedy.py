"""Greedy decoding of toys whose right answer is known, and of a recurrent network by its step."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import recurra as rc
from recurra.decoding.greedy import Greedy
from recurra.errors import InputError


def reversing(token: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]):
    """The state is a sequence [B, T] and a place [B]; the likeliest next token is the one before that place."""
    tokens, place = state
    at = (place - 1).clamp(min=0)
    said = torch.where(place > 0, tokens.gather(1, at[:, None])[:, 0], torch.zeros_like(place))
    return functional.one_hot(said, 9).float(), (tokens, place - 1)


def test_rows_end_where_they_end() -> None:
    tokens = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0], [0, 0, 0, 0]])
    lengths = torch.tensor([4, 2, 0])
    found = Greedy(begin=1, end=0).decode(reversing, (tokens, lengths), rows=3)
    assert [row.tolist() for row in found] == [[6, 5, 4, 3], [8, 7], []]


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    tokens = torch.randint(1, 9, (5, 7), generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([7, 1, 0, 4, 6])
    decoder = Greedy(begin=1, end=0)
    together = decoder.decode(reversing, (tokens, lengths), rows=5)
    for k in range(5):
        (alone,) = decoder.decode(reversing, (tokens[k : k + 1], lengths[k : k + 1]), rows=1)
        assert alone.tolist() == together[k].tolist() == tokens[k, : lengths[k]].flip(0).tolist()


def test_what_never_ends_is_cut() -> None:
    found = Greedy(begin=0, end=5, most=3).decode(lambda token, _: (functional.one_hot(token * 0 + 2, 6), _), None, 2)
    assert [row.tolist() for row in found] == [[2, 2, 2], [2, 2, 2]]
    with pytest.raises(InputError, match="most is 0: expected a whole number of at least 1"):
        Greedy(begin=0, end=1, most=0)


def test_steps_are_those_of_the_whole_sequence() -> None:
    """What a network says step by step is what it says of the sequence that it has produced, read at once."""
    torch.manual_seed(3)
    table, layer, head = nn.Embedding(12, 8), rc.nn.GRU(8, 16), nn.Linear(16, 12)

    def step(token: torch.Tensor, state: torch.Tensor | None):
        y, state = layer.step(table(token), state)
        return head(y), state

    encoded = torch.randn(1, 4, 16)
    found = Greedy(begin=0, end=11, most=20).decode(step, encoded, rows=4)
    for k, row in enumerate(found):
        read = torch.cat([torch.zeros(1, dtype=torch.int64), row])
        whole = head(layer(table(read)[:, None], encoded[:, k : k + 1])[0]).argmax(-1)[:, 0]
        assert whole[: len(row)].tolist() == row.tolist()
        assert len(row) == 20 or int(whole[len(row)]) == 11
