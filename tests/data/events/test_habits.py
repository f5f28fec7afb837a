"""What is counted within a history: as a slow count says, whatever lies beside it, and the same step by step."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from recurra.data.events.habits import Counted, Habits

LENGTHS = np.array([1, 17, 63, 3])


def drawn(habits: Habits, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """codes, words, offsets; some items are unknown, some words missing."""
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    return rng.integers(0, habits.items + 1, offsets[-1]), rng.integers(0, habits.words + 1, offsets[-1]), offsets


def slowly(habits: Habits, codes: np.ndarray, words: np.ndarray) -> np.ndarray:
    """One history by dictionaries: the equations at the top of the file."""
    items, experts = habits.items, habits.experts
    counts: list[Any] = [defaultdict(lambda: np.zeros(items)) for _expert in experts]
    weights = np.full(len(experts), 1 / len(experts))
    said, found = np.full((len(experts), items), 1 / items), []
    context: list[Any] = [None] * len(experts)
    for t, code in enumerate(codes):
        if code:
            weights = weights * said[:, code - 1]
            weights = 0.98 * weights / weights.sum() + 0.02 / len(experts)
            for k in range(len(experts)):
                if context[k] is not None:
                    counts[k][context[k]] *= 0.95
                    counts[k][context[k]][code - 1] += 1
        for k, expert in enumerate(experts):
            last = [(int(codes[i]), int(words[i])) for i in range(t, t - expert.depth, -1) if i >= 0]
            known = len(last) == expert.depth and all(item for item, _word in last)
            pick = {"items": lambda e: e[0], "words": lambda e: e[1], "both": lambda e: e}[expert.what]
            context[k] = tuple(map(pick, last)) if known else None
            prior = counts[k][context[k]] + 1.5 / items
            said[k] = prior / prior.sum() if known else 1 / items
        found.append(np.append(said.ravel(), weights @ said))
    return np.array(found)


@pytest.mark.parametrize("habits", [Habits(3), Habits(3, "rivals", 3), Habits(1), Habits(12, "kind", 2)])
def test_counts_are_those_of_a_slow_count_in_every_history(habits):
    codes, words, offsets = drawn(habits)
    found = habits.of(codes, words, offsets)
    assert found.shape == (len(codes), habits.width)
    for first, last in pairwise(offsets):
        expected = slowly(habits, codes[first:last], words[first:last])
        np.testing.assert_allclose(found[first:last], expected, atol=2e-6)


def test_what_comes_later_changes_nothing_before():
    habits = Habits(3, "rivals", 3)
    codes, words, offsets = drawn(habits)
    later = codes.copy()
    later[50:] = 1
    same = habits.of(codes, words, offsets)[:50] == habits.of(later, words, offsets)[:50]
    assert same.all()


def test_a_row_that_is_forgotten_begins_anew_and_the_others_go_on():
    habits = Habits(3)
    codes, words, offsets = drawn(habits)
    rows, one = Counted(habits, 2), np.array([1])
    both = again = np.zeros(0)
    for code, word in zip(codes[1:18], words[1:18], strict=True):
        both = rows.after(np.arange(2), np.array([code, code]), np.array([word, word]))
    np.testing.assert_array_equal(both[0], both[1])
    rows.forget(one)
    for code, word in zip(codes[1:18], words[1:18], strict=True):
        again = rows.after(one, np.array([code]), np.array([word]))
    np.testing.assert_array_equal(again[0], both[0])
    assert offsets[1] == 1
