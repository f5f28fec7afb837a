"""Newer rows behind older ones: the newer win, the older stay known, and the grid is the older's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.panels import make_panel

from recurra.data import Grid, Panel, build_panel, infer_schema, join_panels
from recurra.errors import InputError

FIELDS = ("start", "offsets", "target", "past", "past_codes", "known_offsets", "known", "known_codes", "static")


def same(a: Panel, b: Panel) -> bool:
    return a.series == b.series and all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True) for name in FIELDS
    )


def part(panel: Panel, first: int, end: int) -> Panel:
    """Rows `first` to `end` of every series, as a table of those rows would give them."""
    return panel.cut(np.full(len(panel), end), 10**6).tail(end - first).packed()


def whole(length: int = 20, **options) -> Panel:
    rng = np.random.default_rng(0)
    return make_panel([rng.normal(size=length), rng.normal(size=length)], freq="D", past=1, known=1, **options)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 20))
def test_two_parts_of_a_panel_make_the_panel(end: int, first: int, last: int) -> None:
    panel = whole()
    if not first < last:
        return
    joined = join_panels(part(panel, 0, end), part(panel, first, last))
    expected = panel.cut(np.full(2, last), 10**6).packed()
    if first > end:  # the rows between are missing
        for s in range(2):
            expected.target[expected.offsets[s] + end : expected.offsets[s] + first] = np.nan
            expected.past[expected.offsets[s] + end : expected.offsets[s] + first] = np.nan
    assert same(joined, expected)


@given(st.integers(1, 19))
def test_joining_nothing_new_changes_nothing(rows: int) -> None:
    panel = whole()
    assert same(join_panels(panel, panel.tail(rows)), panel)
    assert same(join_panels(panel, panel), panel)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 25))
def test_the_last_rows_of_a_join_are_those_of_the_whole_join(end: int, first: int, last: int, rows: int) -> None:
    panel = whole()
    if not first < last:
        return
    parts = part(panel, 0, end), part(panel, first, last)
    assert same(join_panels(*parts, rows).packed(), join_panels(*parts).tail(rows).packed())


@pytest.mark.parametrize("rows", [None, 5])
def test_a_newer_panel_that_holds_it_all_is_not_copied(rows: int | None) -> None:
    panel = whole()
    joined = join_panels(panel.tail(7), panel, rows)
    assert np.shares_memory(joined.target, panel.target)
    assert np.shares_memory(joined.known, panel.known)
    assert same(joined.packed(), panel.tail(rows or 20).packed())


def test_rows_that_both_hold_are_the_newer_ones() -> None:
    panel = whole()
    newer = replace(part(panel, 15, 20), target=np.full(10, 7.0))
    joined = join_panels(panel, newer)
    assert (joined.values(1)[15:] == 7).all()
    assert np.array_equal(joined.values(1)[:15], panel.values(1)[:15])


def test_series_without_partner_stay_and_others_are_left_out() -> None:
    panel = whole()
    newer = replace(part(panel, 15, 20), series=("s1", "stranger"))
    joined = join_panels(panel, newer)
    assert joined.series == ("s1", "stranger")
    assert joined.lengths.tolist() == [20, 5]


def test_what_was_known_ahead_stays_known() -> None:
    older = whole()
    newer = part(older, 20 - 2, 20).cut(np.full(2, 2))  # nothing known after the last row
    assert np.array_equal(join_panels(older, newer).known, older.known)


def test_codes_between_the_two_are_missing() -> None:
    older, newer = whole(), part(whole(), 15, 20)
    codes = np.zeros((40, 1), dtype=np.int32)
    older = replace(older, past_codes=codes)
    newer = replace(newer, past_codes=codes[:10], start=newer.start + 10)
    assert join_panels(older, newer).past_codes[:30, 0].tolist() == 20 * [0] + 5 * [-1] + 5 * [0]


@pytest.mark.parametrize("grid", [Grid("h"), Grid("D", "UTC"), Grid(None), Grid(None, step=5)])
def test_other_grids_are_refused(grid: Grid) -> None:
    with pytest.raises(InputError, match=r"the data has the (frequency|time zone) \S+, the model was fitted on"):
        join_panels(whole(), replace(whole(), grid=grid))


def test_a_displaced_grid_is_laid_on_the_older() -> None:
    noon = Grid("D", phase=12 * 3600 * 10**6)
    panel = whole()
    joined = join_panels(panel, replace(part(panel, 15, 20), grid=noon))
    assert joined.grid == panel.grid
    assert same(joined, panel)
    other = join_panels(replace(panel, grid=noon), part(panel, 15, 20))
    assert other.lengths.tolist() == [19, 19]  # midnight comes before noon: the day before


# Without times ------------------------------------------------------------------------------------------------------

OLD, NEW = [1.0, 2.0, 4.0, 8.0], [16.0, 32.0]
COUNTED = infer_schema(pd.DataFrame({"id": ["a"] * 4, "y": OLD}), target="y", series="id")


def counted(values: list[float]) -> Panel:
    return build_panel(pd.DataFrame({"id": "a", "y": values}), COUNTED)[0]


@pytest.mark.parametrize("remembered", [1, 2, 4])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (OLD + NEW, OLD + NEW),  # the same history made longer
        (NEW, OLD + NEW),  # what came after it
        ([1.0, 2.0, 4.0, 8.5, 16.0], [*OLD, 1.0, 2.0, 4.0, 8.5, 16.0]),  # another one: behind it
        ([1.0, 2.0], [*OLD, 1.0, 2.0]),  # shorter than what is remembered
    ],
)
def test_rows_without_times(remembered: int, values: list[float], expected: list[float]) -> None:
    joined = join_panels(counted(OLD).tail(remembered), counted(values))
    assert joined.values(0).tolist()[-len(values) :] == values
    assert joined.start[0] + joined.lengths[0] == len(expected)
    known = joined.values(0)
    assert known.tolist() == expected[len(expected) - len(known) :]


def test_gaps_do_not_hide_the_same_history() -> None:
    values = [1.0, np.nan, 4.0, 8.0]
    joined = join_panels(counted(values).tail(3), counted([*values, *NEW]))
    assert joined.lengths.tolist() == [6]


# What is known ahead, alone -----------------------------------------------------------------------------------------


def table(first: int, last: int, *, target: bool) -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=40)[first:last]
    rows = pd.DataFrame({"day": days, "y": np.arange(first, last) * 1.0, "price": np.arange(first, last) + 100.0})
    return rows if target else rows.assign(y=np.nan)


def prices() -> Panel:
    rows = pd.concat([table(0, 10, target=True), table(10, 12, target=False)])
    return build_panel(rows, infer_schema(rows, target="y"))[0]


@pytest.mark.parametrize(("first", "last"), [(10, 15), (12, 15), (5, 15), (0, 15), (11, 12)])
def test_future_covariates_alone_come_behind_the_older_rows(first: int, last: int) -> None:
    older = prices()
    newer, facts = build_panel(table(first, last, target=False), older.schema)
    assert newer.lengths.tolist() == [0]
    assert "no target yet" in {fact.label for fact in facts}
    joined = join_panels(older, newer)
    assert joined.values(0).tolist() == list(range(10))
    assert joined.known[:, 0].tolist() == [100.0 + k for k in range(max(last, 12))]


def test_future_covariates_after_a_hole_leave_it_missing() -> None:
    joined = join_panels(prices(), build_panel(table(14, 16, target=False), prices().schema)[0])
    assert joined.lengths.tolist() == [10]
    np.testing.assert_array_equal(joined.known[10:, 0], [110, 111, np.nan, np.nan, 114, 115])


def test_a_table_with_nothing_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="has no value in any row"):
        build_panel(table(10, 15, target=False).assign(price=np.nan), prices().schema)


def test_training_needs_a_target() -> None:
    with pytest.raises(InputError, match="has no value in any row"):
        infer_schema(table(10, 15, target=False), target="y")
