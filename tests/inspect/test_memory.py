"""The effective memory of known decays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.inspect import memory_of


@given(st.floats(0.05, 0.97))
def test_a_geometric_decay(rho: float) -> None:
    exact = math.log(0.01) / math.log(rho)
    assert memory_of(rho ** np.arange(400)).steps in {math.ceil(exact), math.ceil(exact - 1e-6)}


def test_as_far_as_the_sequence_goes() -> None:
    memory = memory_of(np.full(10, 0.5))
    assert (memory.steps, memory.whole, str(memory)) == (9, True, "at least 9 steps")
    assert str(memory_of([1, 0.02, 0.0001])) == "1 step"


@pytest.mark.parametrize("factor", [0.5, 0.005, 1e-4, 1e-12])
def test_a_constant_factor_shortens_no_memory(factor: float) -> None:
    assert memory_of(np.r_[1.0, np.full(59, factor)]).whole
    assert memory_of(np.r_[1.0, factor * 0.5 ** np.arange(1, 60)]).steps == 7


def test_nothing_is_carried_back() -> None:
    assert memory_of([1.0, 0.0, 0.0]).steps == 0
    assert memory_of([1.0]).steps == 0


@pytest.mark.parametrize("values", [[1, 5, 25, 50], [1, 2, math.nan, 1]])
def test_growth_and_where(values: list[float]) -> None:
    memory = memory_of(values)
    assert memory.growth == pytest.approx(50) if math.isfinite(values[2]) else memory.growth == math.inf
    assert memory.peak == (3 if math.isfinite(values[2]) else 2)
