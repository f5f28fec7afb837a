"""The rows of a worked example."""

from __future__ import annotations

import numpy as np

from recurra.textbook.rows import gate_slices, over_steps, sum_row


def test_a_sum_s_formula_leaves_out_where_its_terms_come_from():
    row = sum_row("forward", 1, "s", np.array(3.0), [("a", np.array(1.0)), ("b c, from there", np.array(2.0))])
    assert (row.formula, row.terms[1].label) == ("a + b c", "b c, from there")


def test_the_steps_of_a_gradient_are_counted_from_one():
    row = over_steps("dJ/dW", np.array([[[1.0]], [[2.0]]]), "d_{t} h_{before}^T")
    assert [term.label for term in row.terms] == ["d_1 h_0^T, step 1", "d_2 h_1^T, step 2"]
    assert row.value.tolist() == [[3.0]]


def test_the_blocks_of_gates_cover_the_rows():
    rows = [row for _, block in gate_slices("ifgo", 3) for row in range(12)[block]]
    assert rows == list(range(12))
