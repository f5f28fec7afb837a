"""Prefix scores against every path there is, and the search of two networks against every text."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from recurra.decoding.ctc.best_path import collapsed
from recurra.decoding.ctc.joint import write
from recurra.decoding.ctc.prefix_scores import PrefixScores
from recurra.decoding.together import Together

FRAMES, UNITS = 5, 3


def drawn(rows: int, seed: int) -> Tensor:
    made = torch.randn(FRAMES, rows, UNITS, generator=torch.Generator().manual_seed(seed))
    return made.log_softmax(-1)


def spelled(said: Tensor) -> dict[tuple[int, ...], float]:
    """P of every text, the sum of its paths, of log probabilities [T, K]."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(UNITS), repeat=len(said)):
        text = tuple(collapsed(list(path)))
        found[text] = found.get(text, 0.0) + math.exp(sum(float(said[t, unit]) for t, unit in enumerate(path)))
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("length", [1, 3, FRAMES])
def test_a_prefix_is_as_likely_as_all_texts_that_begin_with_it(seed: int, length: int) -> None:
    said, lengths = drawn(2, seed), torch.tensor([FRAMES, length])
    for row in range(2):
        texts = spelled(said[: int(lengths[row]), row])
        for prefix in itertools.chain.from_iterable(itertools.product((1, 2), repeat=n) for n in range(4)):
            scores = PrefixScores(said, lengths)
            for unit in prefix:
                scores.extended(torch.tensor([[1, 2]] * 2))
                scores.take(torch.arange(2))
                scores.add(torch.tensor([unit] * 2))
            further = scores.extended(torch.tensor([[1, 2]] * 2))[row].exp()
            assert float(scores.ended()[row].exp()) == pytest.approx(texts.get(prefix, 0.0), abs=1e-5)
            for place, unit in enumerate((1, 2)):
                begun = (*prefix, unit)
                expected = sum(p for text, p in texts.items() if text[: len(begun)] == begun)
                assert float(further[place]) == pytest.approx(expected, abs=1e-5)


class Table:
    """A network that writes by the last token alone: logits [rows, V, V], V = UNITS and the beginning."""

    def __init__(self, tables: Tensor) -> None:
        self.tables = tables

    def step(self, tokens: Tensor) -> Tensor:
        return self.tables[torch.arange(len(tokens)), tokens]

    def take(self, rows: Tensor, width: int) -> Table:
        return Table(self.tables[rows])


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_text_of_both_networks_is_found(seed: int, weight: float) -> None:
    said, lengths = drawn(3, seed), torch.tensor([FRAMES, 2, 4])
    tables = 2 * torch.randn(3, UNITS + 1, UNITS + 1, generator=torch.Generator().manual_seed(seed))
    found = write(Together([Table(tables)]), said, lengths, size=40, weight=weight)
    logs = tables.log_softmax(-1)
    for row in range(3):
        best, text = max(
            (
                (1 - weight) * sum(float(logs[row, a, b]) for a, b in itertools.pairwise((UNITS, *text, 0)))
                + weight * math.log(p),
                text,
            )
            for text, p in spelled(said[: int(lengths[row]), row]).items()
        )
        assert best > -math.inf
        assert found[row] == list(text)


def test_a_network_that_would_write_without_end_is_stopped_by_the_frames() -> None:
    tables = torch.zeros(1, UNITS + 1, UNITS + 1)
    tables[..., 1] = 9.0  # always the same unit again
    said = torch.full((FRAMES, 1, UNITS), -3.0)
    said[0, 0, 1] = said[1:, 0, 0] = 0.0
    assert write(Together([Table(tables)]), said.log_softmax(-1), torch.tensor([FRAMES]), size=4, weight=0.8) == [[1]]
