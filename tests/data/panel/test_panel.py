from __future__ import annotations

import dataclasses

import numpy as np
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
        assert np.array_equal(cut.known[cut.known_offsets[k] : cut.known_offsets[k + 1]], panel.known[known])


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


def test_rows_that_adjoin_are_not_copied() -> None:
    panel = panel_of()
    assert np.shares_memory(panel.cut(np.array([9, 4, 3])).past, panel.past)
    assert not np.shares_memory(panel.cut(np.array([8, 4, 7])).past, panel.past)
