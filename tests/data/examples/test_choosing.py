"""The columns of a table of reviews: every text is read, and no identifier, date or name of a person."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
