"""Sequences within others, beside a search by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.containment import contained, related_groups
from recurra.data.examples.ragged import Ragged

RAGGED = st.lists(st.lists(st.integers(0, 2), max_size=9), min_size=1, max_size=8)


def stands_in(inner: list[int], outer: list[int]) -> bool:
    return any(outer[k : k + len(inner)] == inner for k in range(len(outer) - len(inner) + 1))


def of(rows: list[list[int]]) -> Ragged:
    return Ragged.of([np.array(row, dtype=np.int64) for row in rows])


@given(inner=RAGGED, outer=RAGGED, least=st.integers(1, 3))
def test_every_sequence_within_another_is_found(inner: list[list[int]], outer: list[list[int]], least: int) -> None:
    found = set(zip(*(part.tolist() for part in contained(of(inner), of(outer), least)), strict=True))
    expected = {
        (inner.index(row), k)
        for row in inner
        for k, other in enumerate(outer)
        if len(row) >= least and stands_in(row, other)
    }
    assert found == expected


def test_phrases_of_a_sentence_are_one_group() -> None:
    sentences = np.random.default_rng(0).integers(1000, size=(40, 12))
    rows = [row[a : a + n] for row in sentences for a, n in ((0, 12), (2, 5), (6, 4))]
    groups = related_groups([(Ragged.of(rows), 3)], np.arange(120))
    assert len(np.unique(groups)) == 40
    assert (groups.reshape(40, 3) == groups.reshape(40, 3)[:, :1]).all()


def test_equal_fingerprints_are_one_group_and_a_common_phrase_ties_nothing_together() -> None:
    rng = np.random.default_rng(0)
    rows = [np.concatenate([[1, 2, 3], rng.integers(10, 1000, 6)]) for _ in range(60)] + [np.array([1, 2, 3])]
    prints = np.arange(61)
    prints[7] = prints[3]
    groups = related_groups([(Ragged.of(rows), 3)], prints)
    assert groups[7] == groups[3]
    assert len(np.unique(groups)) == 60
