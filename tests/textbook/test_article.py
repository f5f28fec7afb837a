"""Each of the article's errors by its number: its formulas disagree with finite differences, ours do not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.textbook import errata, erratum, walk
from recurra.textbook.errata_gradients import FORMULAS


def evidence(number: int) -> dict[str, Any]:
    return dict(erratum(number).evidence())


def test_they_are_the_ten_in_order():
    assert [each.number for each in errata()] == list(range(1, 11))
    assert len(errata()) == 10


@pytest.mark.parametrize("number", [3, 4, 5])
def test_the_article_s_gradients_are_not_the_finite_differences_and_ours_are(number):
    assert erratum(number).columns == FORMULAS
    found = evidence(number)
    assert len(found) >= 2
    for article, right, judge in found.values():
        assert right == pytest.approx(judge, abs=1e-9)
        assert abs(article - judge) > 1e-3


def test_1_only_the_c_of_4_1_is_what_h_is_the_tanh_of():
    found = evidence(1)
    for wrong, right, demanded in found.values():
        assert right == pytest.approx(demanded, abs=1e-12)
        assert wrong == pytest.approx(demanded, abs=1e-12) or abs(wrong - demanded) > 0.01
    assert found["c_1"][0] == found["c_1"][1]  # the two formulas part after the first step
    assert abs(found["c_3"][0] - found["c_3"][2]) > 0.01


@pytest.mark.slow
def test_2_the_loss_is_larger_without_b_y():
    found = evidence(2)
    without, with_it, _ = found["J after 1,000 steps of 0.5"]
    assert without > 5 * with_it
    _, right, judge = found["dJ/db_y"]
    assert right == pytest.approx(judge, abs=1e-9)
    assert abs(judge) > 0.01


def test_4_two_units_tell_the_sides_of_w_hh_apart():
    sides = [values for quantity, values in evidence(4).items() if quantity.startswith("two units")]
    assert len(sides) == 2
    assert all(wrong * right < 0 for wrong, right, _ in sides)  # here even the sign is wrong


@pytest.mark.slow
def test_6_the_whole_gradient_climbs_and_a_twentieth_descends():
    for whole, small, before in evidence(6).values():
        assert small < before < whole


def test_7_adam_s_first_steps_are_all_of_one_length_and_sgd_s_are_not():
    steps = {quantity: values for quantity, values in evidence(7).items() if quantity.startswith("first step")}
    sgd, adam, gradients = np.array(list(steps.values())).T
    np.testing.assert_allclose(np.abs(adam), 0.001, rtol=1e-3)  # up to the term that keeps Adam from dividing by 0
    np.testing.assert_allclose(sgd, -0.01 * gradients, rtol=1e-12)
    assert np.abs(sgd).max() > 10 * np.abs(sgd).min()
    assert (np.sign(sgd) == np.sign(adam)).all()


def test_8_old_targets_blame_a_perfect_forecast_and_praise_the_old_values():
    found = evidence(8)
    assert found["a perfect forecast"][0] > 100
    assert found["a perfect forecast"][1] == 0
    assert found["the old values again"] == tuple(reversed(found["a perfect forecast"]))


@pytest.mark.slow
def test_9_a_known_future_makes_the_error_look_small():
    found = evidence(9)
    leaked, honest = found["error reported for the test part"]
    assert leaked < 0.7 * honest
    assert found["mean of the test part, normalised"][0] < found["mean of the test part, normalised"][1] - 0.5
    flat, rising = found["rise within a window, normalised"]
    assert flat == 0
    assert rising > 0.4


def test_10_relu_keeps_the_gradient_and_lets_states_grow_and_units_die():
    found = evidence(10)
    tanh, relu = found["|dJ/dh_1| / |dJ/dh_50|, W_hh = I"]
    assert relu == 1
    assert tanh < 1e-5
    tanh, relu = found["largest |h_50|, W_hh = 1.2 I"]
    assert tanh < 1
    assert relu > 1000
    (dead,) = [values for quantity, values in found.items() if quantity.startswith("share of units")]
    assert dead[0] == 0
    assert 0 < dead[1] < 1


def test_the_table_and_each_alone_can_be_read():
    text = str(errata())
    for each in errata():
        assert f"{each.number:>2}  {each.section}  {each.title}" in text
        alone = str(each)
        assert max(map(len, alone.splitlines())) <= 100
        assert all(line == line.rstrip() for line in alone.splitlines())
        numbers = [cell for row in each.cells() for cell in row[1:] if cell]
        assert len(numbers) >= 4
        assert all(number in alone and number in each._repr_html_() for number in numbers)
        assert numbers[0] in text
        assert numbers[0] in errata()._repr_html_()


def test_an_interactive_session_is_not_flooded():
    for each in (walk(), errata(), *errata()):
        assert len(repr(each)) < 120
        assert "\n" not in repr(each)


def test_a_record_is_json():
    for each in errata():
        record = json.loads(json.dumps(each.record()))
        assert [row["quantity"] for row in record["evidence"]] == [quantity for quantity, _ in each.evidence()]


def test_there_is_no_other():
    with pytest.raises(InputError, match="there is no erratum 0: expected a number from 1 to 10"):
        erratum(0)
