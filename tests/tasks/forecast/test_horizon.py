"""How far to forecast when nobody said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.tasks.forecast.horizon import default_horizon


@pytest.mark.parametrize(
    ("seasons", "length", "steps"),
    [
        ((24, 168), 17_420, 24),
        ((48, 336), 10_320, 48),
        ((7, 365), 1461, 14),
        ((12,), 144, 12),
        ((4,), 200, 12),
        ((5,), 1000, 15),
        ((52,), 2284, 52),
        ((365,), 1461, 28),
        ((), 2000, 28),
        ((), 100, 10),
        ((24,), 50, 5),
        ((), 3, 1),
    ],
)
def test_known_cases(seasons: tuple[int, ...], length: int, steps: int) -> None:
    assert default_horizon(seasons, length)[0] == steps


@given(st.lists(st.integers(1, 1000), max_size=3), st.integers(0, 10**7))
def test_never_more_than_a_tenth_and_never_nothing(seasons: list[int], length: int) -> None:
    steps, reason = default_horizon(seasons, length)
    assert 1 <= steps <= max(1, length // 10)
    assert reason
