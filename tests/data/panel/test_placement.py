from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.panel.placement import order_rows, place_rows, spread

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-5, 8), st.one_of(st.just(float("nan")), st.integers(-9, 9).map(float))),
    min_size=1,
    max_size=30,
).filter(lambda xs: any(x[2] == x[2] for x in xs))


def place(table: list[tuple[int, int, float]]) -> dict[tuple[int, int], float]:
    codes, positions, values = (np.array(column) for column in zip(*table, strict=True))
    order = order_rows(codes, positions)
    target = order.numbers(values.astype(float))
    plan = place_rows(order, ~np.isnan(target), np.zeros(len(target), dtype=bool), 4)
    out = np.full(plan.offsets[-1], np.nan)
    spread(target, plan.taken, plan.rows, out)
    return {
        (int(series), int(plan.start[k]) + i): value
        for k, series in enumerate(plan.kept)
        for i, value in enumerate(out[plan.offsets[k] : plan.offsets[k + 1]].tolist())
    }


@given(rows)
def test_rows_lie_where_a_slow_twin_puts_them(table: list[tuple[int, int, float]]) -> None:
    means = pd.DataFrame(table, columns=["series", "at", "y"]).groupby(["series", "at"])["y"].mean()
    expected: dict[tuple[int, int], float] = {}
    for series, group in means.dropna().groupby("series"):
        times = [at for _, at in group.index]
        for at in range(min(times), max(times) + 1):
            expected[int(str(series)), at] = float(means.get((series, at), np.nan))
    found = place(table)
    assert list(found) == list(expected)
    np.testing.assert_allclose(list(found.values()), list(expected.values()), rtol=1e-12)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(table: list[tuple[int, int, float]], random: object) -> None:
    before = place(table)
    shuffled = list(table)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    after = place(shuffled)
    assert list(before) == list(after)
    np.testing.assert_allclose(list(before.values()), list(after.values()), rtol=1e-12)


def test_codes_of_a_repeated_time_are_one_of_them() -> None:
    order = order_rows(np.zeros(4, int), np.array([0, 1, 1, 1]))
    assert order.codes_at(np.array([-1, -1, 7, 4])).tolist() == [-1, 4]
    assert order.disagreeing(np.array([1.0, 2.0, 2.0, np.nan])) == 0
    assert order.disagreeing(np.array([1.0, 2.0, 3.0, np.nan])) == 1


def test_sorted_rows_are_not_copied() -> None:
    values = np.arange(6.0)
    order = order_rows(np.repeat([0, 1], 3), np.tile([3, 4, 5], 2))
    plan = place_rows(order, np.ones(6, bool), np.zeros(6, bool), 2)
    assert order.numbers(values) is values
    assert plan.rows == slice(None)


def test_far_apart_positions_do_not_overflow() -> None:
    order = order_rows(np.array([0, 5, 0]), np.array([-(2**61), 2**61, 2**61]))
    assert order.codes.tolist() == [0, 0, 5]
