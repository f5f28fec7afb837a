"""Every number of a worked example: each sum adds up, each gradient is a finite difference, the table can be read."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from tests.textbook.cases import CELLS, drawn

from recurra.errors import InputError
from recurra.textbook import RNN, backward, example, forward, loss_of, walk
from recurra.textbook.differences import by_parameters, by_states

NUMBERS = re.compile(r"(-?\d+\.\d+(?:e-\d+)?)(?:  +-?\d+\.\d+(?:e-\d+)?)*$")  # the end of a line of the table
SMALL = st.integers(1, 4)


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(cell=st.sampled_from(CELLS), steps=SMALL, inputs=SMALL, units=SMALL, outputs=SMALL)
def test_every_sum_adds_up_and_every_name_is_there_once(cell, steps, inputs, units, outputs):
    found = walk(*drawn(cell, steps, inputs, units, outputs))
    assert len(set(found.names)) == len(found.names)
    assert np.isfinite(np.concatenate([row.value.ravel() for row in found.rows])).all()
    sums = [row for row in found.rows if row.terms]
    assert {"s_1", "J", "dJ/dh_1", "dJ/dW_hy", "new b_y"} <= {row.name for row in sums}
    for row in sums:
        total = np.sum([term.value for term in row.terms], axis=0)
        np.testing.assert_allclose(total, row.value, rtol=0, atol=1e-13, err_msg=row.name)
        assert all(term.value.shape == row.value.shape for term in row.terms)


@pytest.mark.parametrize("cell", CELLS)
def test_the_numbers_are_those_of_the_passes_and_of_finite_differences(cell):
    network, x, targets = drawn(cell, 4, 2, 3, 2)
    found, run = walk(network, x, targets), forward(network, x)
    back = backward(run, targets)
    states = by_states(network, x, targets)
    for t in range(1, 5):
        np.testing.assert_array_equal(found[f"h_{t}"], run.cell.h[t - 1])
        np.testing.assert_array_equal(found[f"y_{t}"], run.y[t - 1])
        np.testing.assert_array_equal(found[f"dJ/ds_{t}"], back.ds[t - 1])
        np.testing.assert_allclose(found[f"dJ/dh_{t}"], states[t - 1], rtol=0, atol=1e-8)
    assert found["J"] == loss_of(network, x, targets)
    differences = by_parameters(network, x, targets)
    np.testing.assert_allclose(found["dJ/dW_hy"], differences["W_hy"], rtol=0, atol=1e-8)
    if isinstance(network.cell, RNN):
        np.testing.assert_allclose(found["dJ/dW_hh"], differences["W_hh"], rtol=0, atol=1e-8)
    else:
        for name, block in (("weight_ih", "W_"), ("weight_hh", "U_"), ("bias_ih", "b_"), ("bias_hh", "b_U")):
            stacked = np.concatenate([found[f"dJ/d{block}{gate}"] for gate in network.cell.GATES])
            np.testing.assert_allclose(stacked, differences[name], rtol=0, atol=1e-8)


def test_the_step_of_gradient_descent_is_a_step_down():
    network, x, targets = example()
    found = walk(network, x, targets, learning_rate=0.5)
    assert found["new J"] < found["J"]
    np.testing.assert_allclose(found["new W_hh"], network.parameters["W_hh"] - 0.5 * found["dJ/dW_hh"], rtol=1e-15)


def test_the_gradient_of_a_state_says_where_it_comes_from():
    labels = [term.label for term in walk().row("dJ/dh_2").terms]
    assert labels == ["W_hy^T dJ/ds_2, from the output at 2", "W_hh^T dJ/dc_3, from step 3"]
    assert walk().row("dJ/dh_3").formula == "W_hy^T dJ/ds_3"
    assert walk().row("c_2").formula == "W_xh x_2 + W_hh h_1 + b_h"
    straight_on = walk(*example("gru")).row("dJ/dh_1").terms[1]
    assert straight_on.label == "dJ/dh_2 * z_2, from step 2 straight on"


def test_a_part_and_a_step_are_selected():
    chosen = walk().select(part="backward", step=2)
    assert chosen.names == ["dJ/dy_2", "dJ/ds_2", "dJ/dh_2", "dJ/dc_2"]


def test_records_are_json_with_the_same_numbers():
    found = walk(*example("lstm", units=2))
    records = json.loads(json.dumps(found.records()))
    assert [record["name"] for record in records] == found.names
    for record in records:
        np.testing.assert_array_equal(record["value"], found[record["name"]])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("units", [1, 3, 9])
def test_the_text_is_aligned_and_narrow_and_shows_every_number(cell, units):
    found = walk(*example(cell, units=units, inputs=2, outputs=2))
    lines = found.text(digits=5, width=100).splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)
    matches = [NUMBERS.search(line) for line in lines if line.startswith("  ")]
    assert len({match.end(1) for match in matches if match}) == 1
    assert all(matches)
    text = "\n".join(lines)
    for row in found.rows:
        assert f" {row.name}" in text
        for value in row.value.ravel()[:1]:
            if abs(value) > 1e-5:
                assert f"{value:.5f}" in text


def test_the_text_of_one_unit_has_all_points_below_each_other():
    lines = [line for line in str(walk()).splitlines() if line.startswith("  ")]
    assert len({len(line) for line in lines}) == 1
    assert len(lines) > 80
    assert "   2  dJ/dy_2     y_2                                    0.516081" in str(walk())


def test_the_html_holds_the_same_cells():
    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.texts: list[str] = []
            self.open: list[str] = []

        def handle_starttag(self, tag, attrs):
            self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            self.texts.append(data)

    parser = Cells()
    found = walk()
    parser.feed(found._repr_html_())
    assert not parser.open
    assert {*found.names, "Forward", "W_hh^T dJ/dc_3, from step 3", "-0.034385"} <= set(parser.texts)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: walk(example().network), "x is missing: give network, x and targets, or none of them"),
        (lambda: walk()["dJ/dh2"], "there is no quantity 'dJ/dh2' in this walk: did you mean 'dJ/dh_2'"),
        (lambda: walk()["?"], "names holds those that are"),
        (lambda: walk().select(part="middle"), "part is 'middle': expected one of given, forward, backward"),
        (lambda: walk().select(step=4), "step is 4: expected a whole number from 1 to 3"),
        (lambda: walk().select(part="given").select(step=1), "step is 1: the rows of this walk belong to no step"),
        (lambda: walk().select(part="given", step=1), "part 'given' has nothing of step 1: leave out one of the two"),
        (lambda: walk().select(step=0), "step is 0: expected a whole number"),
        (lambda: walk(cast(Any, example())), "network is of type Example: expected a Network, as in walk"),
        (lambda: walk().text(digits=0), "digits is 0: expected a whole number from 1 to 15"),
    ],
)
def test_what_cannot_be_shown_is_refused(call, words):
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        call()
