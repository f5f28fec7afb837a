"""Beam search beside trying all sequences, rows that do not disturb one another, lengths, repetition."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from recurra.decoding.beam import Beam
from recurra.decoding.greedy import Greedy
from recurra.errors import InputError

END = 4


class History:
    """A network without memory but for the tokens it has read: a table by the last two of them, per source."""

    def __init__(self, tables: torch.Tensor) -> None:
        self.tables = tables  # [rows, V, V, V]
        self.before = torch.zeros(len(tables), dtype=torch.int64)

    def take(self, rows, width):
        self.tables, self.before = self.tables[rows], self.before[rows]
        return self


def step(tokens, state):
    rows = torch.arange(len(tokens))
    outputs = state.tables[rows, state.before, tokens]
    state.before = tokens
    return outputs, state


def tables(rows: int, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(rows, 5, 5, 5, generator=torch.Generator().manual_seed(seed))


def best_of_all(table: torch.Tensor, most: int, penalty: float) -> list[int]:
    logs = table.log_softmax(-1)
    found = (-math.inf, [])
    for length in range(most + 1):
        for tokens in itertools.product(range(4), repeat=length):
            before, last, score = 0, 0, 0.0
            for token in (*tokens, END):
                score += float(logs[before, last, token])
                before, last = last, token
            found = max(found, (score / ((6 + length) / 6) ** penalty, list(tokens)))
    return found[1]


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_of_all(penalty):
    every = tables(4)
    found = Beam(begin=0, end=END, size=200, penalty=penalty, most=4, ngram=0).decode(step, History(every), 4)
    assert [row.tolist() for row in found] == [best_of_all(table, 4, penalty) for table in every]


def test_a_row_does_not_depend_on_the_others():
    every, beam = tables(6, 1), Beam(begin=0, end=END, size=3, most=9)
    together = beam.decode(step, History(every), 6)
    alone = [beam.decode(step, History(every[k : k + 1]), 1)[0] for k in range(6)]
    assert [row.tolist() for row in together] == [row.tolist() for row in alone]


def test_a_beam_of_one_is_greedy():
    every = tables(5, 2)
    beam = Beam(begin=0, end=END, size=1, most=8, ngram=0, penalty=0.0).decode(step, History(every), 5)
    greedy = Greedy(begin=0, end=END, most=8).decode(step, History(every), 5)
    for one, other in zip(beam, greedy, strict=True):
        assert len(one) <= 8
        if len(other) < 8:
            assert one.tolist() == other.tolist()


def test_nothing_is_repeated_without_end():
    table = torch.full((1, 5, 5, 5), -9.0)
    table[0, :, 1, 2] = table[0, :, 2, 1] = table[0, :, 0, 1] = 9.0  # 1 2 1 2 1 2 ...
    free = Beam(begin=0, end=END, size=2, most=30, ngram=0).decode(step, History(table), 1)[0]
    kept = Beam(begin=0, end=END, size=2, most=30, ngram=3).decode(step, History(table), 1)[0]
    assert len(free) == 30
    grams = [tuple(kept[k : k + 3].tolist()) for k in range(len(kept) - 2)]
    assert len(set(grams)) == len(grams)


def test_each_row_has_its_own_limit():
    every = tables(3, 5)
    every[..., END] = -9.0  # nothing ends by itself
    beam = Beam(begin=0, end=END, size=2, most=(2, 7, 4), ngram=0)
    found = beam.decode(step, History(every), 3)
    assert [len(row) for row in found] == [2, 7, 4]


def test_a_token_that_is_never_written():
    every = tables(3, 4)
    found = Beam(begin=0, end=END, size=4, most=9, never=(1,)).decode(step, History(every), 3)
    assert all(1 not in row.tolist() for row in found)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": 10**30}, "at most 1,000 hypotheses"),
        ({"penalty": -1.0}, "penalty is -1.0"),
        ({"penalty": 1e9}, "from 0 to 10"),
        ({"most": 0}, "most is 0"),
    ],
)
def test_settings_that_are_none_are_refused(changed, words):
    with pytest.raises(InputError, match=words):
        Beam(begin=0, end=1, **changed)
