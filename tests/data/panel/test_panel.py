from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.panels import make_panel

from recurra.data.panel.panel import Panel

LENGTHS = (9, 4, 7)
ends = st.tuples(*(st.integers(0, length + 2) for length in LENGTHS)).filter(any).map(np.array)


def panel_of(seed: int = 0) -> Panel:
    rng = np.random.default_rng(seed)
    return make_panel([rng.normal(size=length) for length in LENGTHS], past=2, known=1)


def same(a: Panel, b: Panel) -> bool:
    a, b = a.packed(), b.packed()
    names = [field.name for field in dataclasses.fields(Panel)]
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names if name not in ("schema", "grid"))


@given(ends, st.integers(0, 60))
def test_a_cut_keeps_what_came_before_and_nothing_else(at: np.ndarray, horizon: int) -> None:
    panel = panel_of()
    cut = panel.cut(at, horizon)
    kept = [s for s in range(3) if at[s] > 0]
    assert cut.series == tuple(panel.series[s] for s in kept)
    for k, s in enumerate(kept):
        assert np.array_equal(cut.values(k), panel.values(s)[: at[s]])
        known = slice(
            panel.known_offsets[s],
            min(panel.known_offsets[s] + min(at[s], LENGTHS[s]) + horizon, panel.known_offsets[s + 1]),
        )
        assert np.array_equal(cut.past[cut.rows(k)], panel.past[panel.rows(s)][: at[s]])
        assert np.array_equal(cut.known[cut.known_rows(k)], panel.known[known])


@given(ends, ends)
def test_cutting_twice_is_cutting_at_the_earlier_end(first: np.ndarray, second: np.ndarray) -> None:
    both = np.minimum(first, second)
    if (first > 0).all() and both.any():
        assert same(panel_of().cut(first, 3).cut(second, 3), panel_of().cut(both, 3))


@given(ends)
def test_what_comes_after_a_cut_may_be_anything(at: np.ndarray) -> None:
    panel, other = panel_of(), panel_of(seed=1)
    past, target = panel.past.copy(), panel.target.copy()
    for s in range(3):
        rows = slice(panel.offsets[s] + min(at[s], LENGTHS[s]), panel.offsets[s + 1])
        target[rows], past[rows] = other.target[rows], 1e9
    changed = dataclasses.replace(panel, target=target, past=past)
    assert same(changed.cut(at), panel.cut(at))


def test_a_part_shares_the_rows_and_packed_ones_are_its_own() -> None:
    panel = panel_of()
    part = panel.cut(np.array([8, 0, 7])).tail(5)
    assert np.shares_memory(part.past, panel.past)
    assert part.series == (panel.series[0], panel.series[2])
    packed = part.packed()
    assert packed.offsets.tolist() == [0, 5, 10]
    assert packed.lengths.tolist() == part.lengths.tolist() == [5, 5]
    assert np.array_equal(packed.target, np.concatenate([panel.values(0)[3:8], panel.values(2)[2:]]))
    assert len(packed.past) == 10
    assert not np.shares_memory(packed.past, panel.past)
    assert packed.packed() is packed
    assert panel.packed() is panel


@given(ends, st.integers(1, 12))
def test_the_tail_of_a_cut_are_its_last_rows(at: np.ndarray, rows: int) -> None:
    cut = panel_of().cut(at, 2)
    tail = cut.tail(rows)
    assert same(tail, cut.packed().tail(rows))
    assert tail.lengths.tolist() == np.minimum(cut.lengths, rows).tolist()
    assert (tail.known_lengths - tail.lengths == cut.known_lengths - cut.lengths).all()


def test_categories_of_later_rows_are_forgotten_in_a_part() -> None:
    schema = dataclasses.replace(panel_of().schema, past_categorical=("kind",), categories={"kind": ("a", "b", "c")})
    codes = np.zeros((sum(LENGTHS), 1), dtype=np.int32)
    codes[8], codes[9] = 2, 1  # the last row of the first series, and the first of the second one
    panel = dataclasses.replace(panel_of(), schema=schema, past_codes=codes)
    part = panel.cut(np.array([8, 4, 7]))
    assert part.schema.categories == {"kind": ("a", "b")}
    assert part.past_codes[part.rows(1), 0].tolist() == [1, 0, 0, 0]
    assert panel.cut(np.array([9, 0, 7])).schema.categories == {"kind": ("a", "c")}


def test_a_part_is_not_stored_as_it_is() -> None:
    part = panel_of().cut(np.array([8, 4, 7]))
    with pytest.raises(ValueError, match="end to end"):
        part.check()
    part.packed().check()
