"""Sizes, grids and their arithmetic."""

from __future__ import annotations

from recurra.bench import FULL, QUICK, Case
from recurra.bench.cases import Grid


def test_flops_are_those_of_the_matrix_products() -> None:
    case = Case("lstm", 64, 32, 100, mode="inference")
    input_product = 2 * (100 * 32) * 64 * (4 * 64)
    assert case.flops == 2 * input_product  # the recurrent one is as large, because I = H
    assert Case("lstm", 64, 32, 100).flops == 3 * case.flops
    assert Case("gru", 64, 32, 100).flops * 4 == Case("lstm", 64, 32, 100).flops * 3


def test_the_full_grid_is_the_one_that_the_goals_name() -> None:
    cases = FULL.cases()
    assert len(cases) == len(set(cases)) == 3 * 5 * 3 * 3 * 2 * 2
    assert {case.hidden for case in cases} == {32, 64, 128, 256, 512}
    assert {case.batch for case in cases} == {1, 32, 128}
    assert {case.steps for case in cases} == {20, 100, 500}


def test_the_quick_grid_is_a_part_of_it_but_for_the_dtype() -> None:
    assert set(QUICK.cases()) < set(FULL.cases())
    assert Grid(("rnn",), (), (1,), (1,)).cases() == []
