from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.labels.label_values import Name, Origin, code_of, codes_among
from recurra.errors import InputError

NAMES = st.one_of(
    st.lists(st.integers(-9, 99), min_size=1, unique=True), st.lists(st.text(max_size=3), min_size=1, unique=True)
)


@given(NAMES)
def test_a_label_is_found_as_it_is_and_as_it_is_typed(names: list[Name]) -> None:
    for k, name in enumerate(names):
        assert code_of(name, names, "target") == k
        assert code_of(str(name), names, "target") == k


@pytest.mark.parametrize("label", [4, "4", 1.5, "1.0", float("nan"), "nan", "None"])
def test_what_is_no_label_is_shown_what_there_is(label: Any) -> None:
    with pytest.raises(InputError, match=f"^target is {label!r}: expected one of 1, 3$"):
        code_of(label, [1, 3], "target")


def test_a_missing_value_is_not_the_word_for_it() -> None:
    with pytest.raises(InputError, match=r"^target is nan: expected one of 'nan', 'x'$"):
        code_of(float("nan"), ["nan", "x"], "target")


@given(st.lists(st.integers(0, 50), min_size=1, unique=True))
def test_rows_of_rows_are_rows(rows: list[int]) -> None:
    origin = Origin("mood", np.array(rows))
    places = np.arange(len(rows))[::-1]
    assert [origin.row(place) for place in places] == [row + 1 for row in rows[::-1]]
    assert [origin.take(places).row(k) for k in places] == [row + 1 for row in rows]
    assert Origin().take(np.array(rows)).row(0) == rows[0] + 1


def test_an_unseen_label_is_named_by_its_row() -> None:
    values = np.array(["a", "b", "a"], dtype=object)
    with pytest.raises(InputError, match=r"^mood holds 'b' in row 8 \(1 unseen label"):
        codes_among(values, ["a"], Origin("mood", np.array([2, 7, 9])))
