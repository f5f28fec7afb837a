"""The columns of a table of reviews: every text is read, and no identifier, date or name of a person."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.data.examples.targets import NUMBERS

from recurra.data.examples.examples import keep_rows
from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.inputs import Static, Text
from recurra.data.examples.understanding import understand_examples
from recurra.errors import InputError


def orders(count: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = np.array("the parcel came late and broken but kind people helped at once".split())
    say = [" ".join(rng.choice(words, 7)) for _ in range(count)]
    heading = [" ".join(rng.choice(words, 2)) for _ in range(count)]
    heading[3] = heading[9] = ""
    say[9] = ""
    return pd.DataFrame(
        {
            "Order": range(count),
            "Shop ID": rng.integers(100, 120, count),
            "heading": heading,
            "what they say": say,
            "buyer": [f"name{k} surname{k}" for k in range(count)],
            "user": [f"name{k} surname{k}" for k in range(count)],
            "when": [f"2024-03-{k % 28 + 1:02d} 10:{k % 60:02d}" for k in range(count)],
            "price": rng.normal(size=count),
            "colour": rng.choice(["red", "blue"], count),
            "again": rng.choice(["yes", "no"], count),
        }
    )


@pytest.mark.slow
def test_every_text_is_an_input_and_no_identifier_is() -> None:
    roles, facts = understand_examples(orders().drop(columns="buyer"), label=["again"])
    assert roles.inputs == {
        "heading": Text(),
        "what they say": Text(),
        "static": Static(("price", "colour")),
    }
    said = {fact.label: fact for fact in facts}
    assert said["ignored"].value == "Order, Shop ID, user, when"
    assert said["identifier"].flag == "group='Shop ID'"
    assert said["optional"].value.startswith("heading is empty in 2 rows, what they say is empty in 1 row;")


@pytest.mark.slow
def test_empty_texts_cost_no_row() -> None:
    frame = orders()
    roles, _ = understand_examples(frame, label=["again"])
    assert set(roles.optional) == {"heading", "what they say"}
    examples = gather_examples(frame, roles, optional=roles.optional).examples
    assert len(keep_rows(examples, optional=roles.optional)) == 60  # row 10 has neither text, and columns
    with pytest.raises(InputError, match=r"allow it with optional=\['heading'\]"):
        keep_rows(examples)


def test_a_row_without_any_input_is_refused() -> None:
    frame = orders()[["heading", "what they say", "again"]]
    roles, _ = understand_examples(frame, label=["again"])
    examples = gather_examples(frame, roles, optional=roles.optional).examples
    with pytest.raises(InputError, match="in 1 row: 10"):
        keep_rows(examples, optional=roles.optional)


def test_what_is_named_stands_alone() -> None:
    roles, _ = understand_examples(orders(), label=["again"], text=["heading"], static=[])
    assert roles.inputs == {"heading": Text()}
    assert roles.optional == ()


def strides(horses: int = 64, steps: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    horse = np.repeat([f"h{k:03d}" for k in range(horses)], steps)
    at = [f"2023-05-{k // 20 + 1:02d}T{k % 20:02d}:00:{s:02d}" for k in range(horses) for s in range(steps)]
    gait = np.repeat(rng.choice(["trot", "walk"], horses), steps)
    return pd.DataFrame({"horse": horse, "at": at, "lift": rng.normal(size=len(at)), "gait": gait})


def sensors(*, long: bool) -> pd.DataFrame:
    """Readings of machines by a step that begins again in each; with `long` a row for each thing measured."""
    rng = np.random.default_rng(5)
    rows = [
        (f"m{k}", step, what, rng.normal(), "ok" if k % 2 else "worn")
        for k in range(12)
        for step in range(6)
        for what in ("heat", "noise")
    ]
    frame = pd.DataFrame(rows, columns=["machine", "step", "what", "value", "state"])
    if long:
        return frame
    return frame.pivot(index=["machine", "step", "state"], columns="what", values="value").reset_index()


@pytest.mark.slow
def test_rows_that_are_steps_are_refused_unless_it_is_said_what_a_row_is() -> None:
    with pytest.raises(
        InputError, match=r"each 'horse', each at another 'at'.*pass series='horse' time='at'.*\['lift'\]"
    ):
        understand_examples(strides(), label=["gait"])
    with pytest.raises(InputError, match=r"each 'machine', each at another 'step'.*features=\['heat', 'noise'\]"):
        understand_examples(sensors(long=False), label=["state"])
    for given in ({"series": "horse", "time": "at"}, {"features": ["lift"]}):
        roles, _ = understand_examples(strides(), label=["gait"], **given)  # type: ignore[arg-type]
        assert (roles.inputs.keys() - {"static"}, roles.features) == (set(), ("lift",))


def test_a_row_for_each_thing_measured_is_refused_with_the_way_to_columns() -> None:
    way = r"give each value of 'what' a column of its own \(pandas: frame\.pivot\("
    with pytest.raises(InputError, match=rf"each 'machine', each at another 'step' and 'what'.*{way}"):
        understand_examples(sensors(long=True), label=["state"])
    roles, _ = understand_examples(sensors(long=True), label=["state"], series="machine", time="step")
    with pytest.raises(InputError, match=rf"has the step '0' twice.*{way}"):
        gather_examples(sensors(long=True), roles)


@pytest.mark.parametrize("state", ["changes", "one key", "no time"])
def test_rows_that_may_be_examples_are_read(state: str) -> None:
    frame = sensors(long=False)
    if state == "changes":
        frame["state"] = np.where(np.arange(len(frame)) % 3, "ok", "worn")  # of a row, not of a machine
    elif state == "one key":
        frame["machine"] = "m"
    else:
        frame = frame.drop(columns="step")
    roles, _ = understand_examples(frame, label=["state"])
    assert {"heat", "noise"} <= set(roles.features)


@pytest.mark.slow
def test_a_label_in_a_single_row_is_told() -> None:
    frame = pd.DataFrame({"text": [f"words number {k}" for k in range(30)], "label": ["a", "b"] * 14 + ["c", "d"]})
    said = [fact.value for fact in understand_examples(frame)[1] if fact.label == "check"]
    assert said == ["2 labels in a single row: 'c', 'd'; it can be learnt or tested, not both"]
    frame["label"] = ["a", "b"] * 15
    assert not [fact for fact in understand_examples(frame)[1] if fact.label == "check"]


def test_a_column_of_names_that_is_left_is_no_label() -> None:
    rows = range(40)
    frame = pd.DataFrame(
        {
            "text": [f"a fine film {k}" for k in rows],
            "mood": ["+", "-"] * 20,
            "note": [f"said on day {k}" for k in rows],
        }
    )
    assert understand_examples(frame, text=["text"], group="note")[0].label == ("mood",)
    expected = r"'note', which is left, holds 40 different values in 40 rows; 'mood' only keeps .* group= says.*label="
    with pytest.raises(InputError, match=expected):
        understand_examples(frame, text=["text"], group="mood")


@pytest.mark.slow
def test_a_text_that_comes_back_on_several_days_is_a_text() -> None:
    frame = strides().assign(horse=lambda f: "the horse called " + f["horse"])
    roles, facts = understand_examples(frame, label=["gait"])
    assert roles.inputs["horse"] == Text()
    assert not [fact for fact in facts if fact.flag.startswith("series")]


def test_no_date_price_or_text_is_offered_as_the_label() -> None:
    frame = orders().drop(columns=["user", "buyer", "Order"])
    with pytest.raises(InputError, match=r"is called a label, and colour, again could be one beside"):
        understand_examples(frame)
    with pytest.raises(InputError, match=r"is called a target, and none could be one beside"):
        understand_examples(frame[["what they say", "when"]], target=NUMBERS)
