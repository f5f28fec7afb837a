from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recurra.data.encoders.reader import Reader
from recurra.data.examples.columns import is_table
from recurra.data.examples.examples import Examples, as_examples, concatenate, keep_rows
from recurra.data.examples.inputs import Array, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.errors import InputError


def steps_of(examples: Examples, name: str = "sequence") -> Steps:
    column = examples.columns[name]
    assert isinstance(column, Steps)
    return column


def several() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": ["a fine film", "dull", None],
            "walk": [np.arange(3.0), None, np.ones(1)],
            "events": [["a"], ["b", "c"], []],
            "age": [1, 2, 3],
            "colour": pd.Categorical(["x", "y", None]),
        }
    )


class Frame:
    """A table of another library."""

    def to_pandas(self) -> pd.DataFrame:
        return several()


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (["a film", "b"], Text()), (np.array(["a film", "b"]), Text()), (pd.Series(["a film", None]), Text()),
        (["ACGTACGTACGT", "ACGTACGTAC"], Symbols()), ([["a", "b"], ["c"]], Events()),
        (np.array([["a", "b"]]), Events()),
        ([[1, 2], [3]], Series()), ([np.arange(3), np.arange(2)], Series()), (np.zeros((2, 3, 2)), Series()),
        (np.zeros((2, 3)), Series()), (pd.DataFrame(np.zeros((2, 3))), Series()), ([[1, 2], [3, 4]], Series()),
        ([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], Series()), (np.zeros((2, 4, 4, 3)), Array()),
    ],
)  # fmt: skip
def test_one_input(X: Any, kind: Kind) -> None:
    examples = as_examples(X)
    assert examples.kinds == {"sequence": kind}
    assert as_examples(X, inputs=examples.kinds).kinds == examples.kinds
    assert as_examples(examples) is examples
    assert len(examples) == len(X)


def test_steps_of_arrays() -> None:
    steps = steps_of(as_examples([np.array([1.0, np.nan]), np.array([3.0])]))
    assert steps.values.values.shape == (3, 1)
    assert steps.values.lengths.tolist() == [2, 1]
    assert steps_of(as_examples([np.zeros((2, 3), np.float32)])).values.values.dtype == np.float32
    table = np.arange(6.0).reshape(2, 3)
    assert steps_of(as_examples(table)).values.values[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert (
        steps_of(as_examples(table[:, :, None])).values.values.tolist()
        == steps_of(as_examples(table)).values.values.tolist()
    )
    named = as_examples([pd.DataFrame({"u": [1.0], "v": [2.0]})])
    assert steps_of(named).names == ("u", "v")


@pytest.mark.parametrize("X", [several(), dict(several()), Frame()], ids=["frame", "mapping", "other"])
def test_several_inputs(X: Any) -> None:
    examples = as_examples(X)
    assert examples.kinds == {
        "text": Text(), "walk": Series(), "events": Events(), "static": Static(("age", "colour")),
    }  # fmt: skip
    assert steps_of(examples, "walk").values.lengths.tolist() == [3, 0, 1]
    static = examples.columns["static"]
    assert isinstance(static, pd.DataFrame)
    assert static["colour"].tolist() == ["x", "y", None]
    texts = examples.columns["text"]
    assert isinstance(texts, np.ndarray)
    assert texts.tolist() == ["a fine film", "dull", None]


def test_declared_inputs_choose_the_columns() -> None:
    frame = several()
    assert list(as_examples(frame, inputs={"text": Text()}).columns) == ["text"]
    assert as_examples(frame, inputs={"text": Text(), "static": Static()}).kinds["static"] == Static(("age", "colour"))
    assert as_examples(frame, inputs={"text": Text(), "age": Static()}).kinds["age"] == Static(("age",))
    assert as_examples(["abc"], inputs={"x": Symbols()}).kinds == {"x": Symbols()}
    assert as_examples([[1, 2], [3]], inputs={"x": Events()}).kinds == {"x": Events()}
    chosen = as_examples(as_examples(frame), inputs={"walk": Series()})
    assert list(chosen.columns) == ["walk"]


def test_times_of_steps() -> None:
    frame = pd.DataFrame(
        {"x": [np.arange(2.0), np.arange(1.0)], "t": [pd.to_datetime(["2024-01-01", "2024-01-02"]), [5.0]]}
    )
    steps = steps_of(as_examples(frame, inputs={"x": Series(time="t")}), "x")
    assert steps.times is not None
    assert np.diff(steps.times[0]).tolist() == [86400.0]
    frame["t"] = [[1.0, 0.0], [5.0]]
    with pytest.raises(InputError, match="step 2 of 'x' in row 1 lies before"):
        as_examples(frame, inputs={"x": Series(time="t")})
    frame["t"] = [[1.0], [5.0]]
    with pytest.raises(InputError, match="2 steps and 1 time in row 1"):
        as_examples(frame, inputs={"x": Series(time="t")})


def test_an_input_that_is_missing_is_refused_or_empty_as_declared() -> None:
    kinds = as_examples(several()).kinds
    later = several().drop(columns=["walk", "age"])
    with pytest.raises(InputError, match="column 'walk' is not in X"):
        as_examples(later, inputs=kinds)
    examples = as_examples(later, inputs=kinds, optional=["walk", "static"])
    assert examples.absent("walk").all()
    assert examples.absent("static").all()


def test_rows_without_a_step() -> None:
    examples = as_examples(["good", " ", None, "", "bad film"])
    assert keep_rows(examples, empty="drop").tolist() == [0, 4]
    with pytest.raises(InputError, match=r"'sequence' is empty or missing in 3 rows: 2, 3, 4: .*empty='drop'"):
        keep_rows(examples)
    with pytest.raises(InputError, match="2 rows"):
        keep_rows(as_examples(["", " "], inputs={"x": Text()}), empty="drop")
    mixed = as_examples(several())
    assert keep_rows(mixed, empty="drop", optional=["text", "walk", "events"]).tolist() == [0, 1, 2]
    assert keep_rows(mixed, empty="drop").tolist() == [0]
    with pytest.raises(InputError, match="'ignore' is not known"):
        keep_rows(examples, empty="ignore")


@pytest.mark.parametrize(
    ("X", "inputs", "message"),
    [
        ("a text", None, r"X is str 'a text': expected a list.* such as \[X\]"),
        ({"a", "b"}, None, "a set, which has no order"), (None, None, "X is NoneType"), ([], None, "no example"),
        (["a", 1], None, r"1 \(int\) in row 2"),
        ([b"a"], None, r"\(bytes\) in row 1"), ([None, None], None, "no value"),
        ([["a", 1]], None, r"1 \(int\) in row 1 at step 2: expected events that are all str or all int"),
        ([["1", "2"]], {"x": Series()}, r"\['1', '2'\] in row 1: expected an array of numbers"),
        (["a b"], {"x": Events()}, r"'a b' in row 1: expected a list of events; split"),
        ([np.array([1.0, np.inf]), np.zeros(1)], None, "infinite in row 1 at step 2"),
        (np.full((2, 3, 1), -np.inf), None, "infinite in row 1 at step 1"),
        ([np.zeros((2, 2)), np.zeros((1, 3))], None, r"shape \(1, 3\) in row 2: expected \[T, 2\] as in row 1"),
        ([np.zeros(2), np.zeros(1_000_001)], None, "1,000,001 steps long in row 2"),
        (["a" * 1_000_001], None, "1,000,001 letters long in row 1"),
        ({"a": ["x y"], "b": [1, 2]}, None, "column 'a' has 1 row and 'b' 2"), (pd.DataFrame(), None, "no column"),
        (pd.DataFrame({"d": pd.to_datetime(["2020-01-01"]), "t": ["a b"]}), None, "column 'd' holds times"),
        (pd.DataFrame({"t": ["a b"], "n": [np.inf]}), None, "column 'n' of input 'static' is infinite"),
        (pd.DataFrame({"text": ["a b"]}), {"txt": Text()}, "did you mean 'text'"),
        (["a"], {"a": Text(), "b": Text()}, "inputs= names 2"), (["a"], {"a": Static()}, "declared as Static"),
        (["a"], {"a": "text"}, r"inputs\['a'\] is 'text'"), (["a"], {}, "expected a mapping of names to kinds"),
        ([np.zeros((2, 2)), "x"], {"a": Array()}, "row 2"),
        ([np.array([np.nan])], {"a": Array()}, "not finite in row 1"),
    ],
)  # fmt: skip
def test_refusals(X: Any, inputs: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_examples(X, inputs=inputs)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (sparse.csr_array(np.eye(3)), TypeError, "[Ss]parse"),
        (np.eye(2) + 1j, ValueError, "Complex data not supported"),
        (np.array([[1.0, np.nan]]), ValueError, "Input contains NaN"), (np.array([[np.inf]]), ValueError, "infinity"),
        (np.zeros((0, 3)), ValueError, "0 sample"), (np.zeros(4), ValueError, "Reshape your data"),
        (np.zeros((12, 0)), ValueError, re.escape("0 feature(s) (shape=(12, 0)) while a minimum of 1 is required.")),
        (np.array([[{"a": 1}, 2.0]], dtype=object), TypeError, "argument must be .* string.* number"),
        ([1.0, 2.0], ValueError, "Reshape your data"),
    ],
)  # fmt: skip
def test_tables_are_refused_in_the_words_of_scikit_learn(X: Any, error: type[Exception], message: str) -> None:
    assert is_table(X)
    with pytest.raises(error, match=message):
        as_examples(X)


def test_what_is_a_table() -> None:
    assert is_table(np.zeros((2, 2), dtype=object))
    assert is_table([[1.0, 2.0], [3.0, 4.0]])
    assert not any(map(is_table, ([[1.0], [2.0, 3.0]], ["a"], np.zeros((2, 2, 2)), several(), [np.zeros(2)])))


def column_values(examples: Examples) -> list[list[Any]]:
    def row(name: str, k: int) -> Any:
        column = examples.columns[name]
        if isinstance(column, Steps):
            return column.values[k].tolist()
        if isinstance(column, Ragged):
            return column[k].tolist()
        return column.iloc[k].tolist() if isinstance(column, pd.DataFrame) else column[k]

    return [[repr(row(name, k)) for name in examples.columns] for k in range(len(examples))]


ROWS = st.fixed_dictionaries(
    {
        "text": st.one_of(st.none(), st.sampled_from(["a b", "", "ccc", "d e f"])),
        "walk": st.one_of(st.none(), st.lists(st.floats(-1, 1), max_size=3)),
        "age": st.integers(0, 9),
    }
)
INPUTS: dict[str, Kind] = {"text": Text(), "walk": Series(), "age": Static()}


@given(st.lists(ROWS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_examples(rows: list[dict[str, Any]], random: Any) -> None:
    rows = [*rows, {"text": "a b", "walk": [0.5], "age": 1}]

    def read(chosen: list[dict[str, Any]]) -> Examples:
        return as_examples({name: [row[name] for row in chosen] for name in INPUTS}, inputs=INPUTS)

    order = list(range(len(rows)))
    random.shuffle(order)
    whole = read(rows)
    assert column_values(read([rows[k] for k in order])) == column_values(whole.take(order))
    cut = random.randrange(len(rows) + 1)
    parts = [whole.take(np.arange(cut)), whole.take(np.arange(cut, len(rows)))]
    assert column_values(concatenate(parts)) == column_values(whole)


def test_only_like_examples_are_joined() -> None:
    with pytest.raises(InputError, match="different inputs"):
        concatenate([as_examples(["a b"]), as_examples([["a"]])])


@pytest.mark.parametrize("make", [lambda: ["a", "b"], lambda: np.zeros((2, 2))])
def test_the_users_data_stay_as_they_are(make: Callable[[], Any]) -> None:
    X, twin = make(), make()
    as_examples(X).take([0])
    assert np.array_equal(np.asarray(X), np.asarray(twin))


def test_an_optional_input_without_any_value_is_as_good_as_absent() -> None:
    kinds: dict[str, Kind] = {"text": Text(), "walk": Series()}
    known = pd.DataFrame({"text": ["a", "b"], "walk": [np.array([1.0, 2.0]), np.array([3.0])]})
    reader = Reader.learn(as_examples(known, inputs=kinds, optional=["walk"]))
    for later in (known.drop(columns="walk"), known.assign(walk=None)):
        walk = reader.encode(as_examples(later, inputs=kinds, optional=["walk"]))["walk"]
        assert isinstance(walk, Ragged)
        assert walk.lengths.tolist() == [0, 0]
        assert walk.values.shape == (0, 1)
