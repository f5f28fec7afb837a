"""The clock is a list here: what counts is the order of the calls and the arithmetic on their times."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.bench import pairs
from recurra.bench.pairs import SAMPLE, Pairs, geometric_mean, paired

POSITIVE = st.floats(1e-3, 1e3)


class Clock:
    """Seconds that pass only while work is done."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, ""

    def work(self, name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.calls += name
            self.now += seconds

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pairs.time, "perf_counter", lambda: clock.now)
    return clock


@pytest.mark.slow
def test_the_two_take_turns_in_going_first(clock: Clock) -> None:
    found = paired(clock.work("a", 0.25), clock.work("b", 1.0), seconds=0, least=4, warm_up=1)
    assert clock.calls == "ab" + "abba" * 2
    assert (found.ratio, found.spread, len(found.ours)) == (4.0, (4.0, 4.0), 4)


@pytest.mark.slow
def test_a_short_call_is_repeated_until_a_sample_is_long_enough(clock: Clock) -> None:
    found = paired(clock.work("a", SAMPLE / 8), clock.work("b", 1.0), seconds=0, least=1, warm_up=1)
    assert clock.calls.count("a") == 1 + 8
    assert found.ours[0] == pytest.approx(SAMPLE / 8)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 5), (15.0, 7), (1000.0, 20)])
def test_as_many_pairs_as_the_seconds_allow(clock: Clock, seconds: float, expected: int) -> None:
    assert len(paired(clock.work("a", 1.0), clock.work("b", 1.0), seconds=seconds).ours) == expected


@pytest.mark.slow
def test_garbage_is_not_collected_meanwhile_and_again_afterwards() -> None:
    seen = []
    paired(lambda: seen.append(gc.isenabled()), lambda: None, seconds=0, least=1)
    assert not any(seen)
    with pytest.raises(ZeroDivisionError):
        paired(lambda: 1 / 0, lambda: None)
    assert gc.isenabled()


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1))
def test_the_ratio_lies_within_its_spread_and_turns_over_with_the_roles(times: list[tuple[float, float]]) -> None:
    ours, theirs = zip(*times, strict=True)
    found = Pairs(ours, theirs)
    low, high = found.spread
    assert low <= found.ratio * (1 + 1e-12)
    assert found.ratio <= high * (1 + 1e-12)
    if len(times) % 2:
        assert Pairs(theirs, ours).ratio == pytest.approx(1 / found.ratio)


@given(st.lists(POSITIVE, min_size=1))
def test_the_geometric_mean_of_inverses_is_the_inverse(ratios: list[float]) -> None:
    assert geometric_mean([1 / ratio for ratio in ratios]) == pytest.approx(1 / geometric_mean(ratios))
    assert min(ratios) * (1 - 1e-9) <= geometric_mean(ratios) <= max(ratios) * (1 + 1e-9)


def test_no_ratios_have_no_mean() -> None:
    assert math.isnan(geometric_mean([]))
