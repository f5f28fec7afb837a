from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from tests.data.examples.targets import NUMBERS, TAGS

from recurra.data.examples.files import read_examples_file
from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.inputs import Audio, Series, Static, Symbols, Text
from recurra.data.examples.understanding import Roles, understand_examples
from recurra.data.labels.labels import Tags
from recurra.errors import InputError


def reviews() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"r{k}" for k in range(40)],
            "sentence": ["a fine film", "bad , very bad film"] * 20,
            "sentiment": ["pos", "neg"] * 20,
            "label_text": ["P", "N"] * 20,
            "year": list(range(2000, 2020)) * 2,
            "split": ["train"] * 30 + ["test"] * 10,
        }
    )


def gestures() -> pd.DataFrame:
    rows = pd.DataFrame({"id": np.repeat([3, 1, 2], 4), "t": np.tile(np.arange(4) * 0.5, 3), "x": np.arange(12.0)})
    return rows.assign(gesture=np.where(rows["id"] > 1, "wave", "nod"), person=rows["id"] // 2)


def test_reviews() -> None:
    roles, facts = understand_examples(reviews())
    assert roles == Roles(
        {"sentence": Text(), "static": Static(("year",))}, ("sentiment",), static=("year",), split="split"
    )
    said = {fact.label: (fact.value, fact.flag) for fact in facts}
    assert said["label"] == ("sentiment", "label=")
    assert said["text"] == ("sentence (text)", "text=")
    assert said["ignored"][0] == "id, label_text"  # an identifier, and the label in other words
    found = gather_examples(reviews(), roles)
    assert len(found.examples) == 40
    assert found.split is not None
    assert found.split[-1] == "test"


@pytest.mark.parametrize("unknown", [None, np.nan, ""])
def test_the_label_in_other_words_is_no_input_where_labels_are_missing(unknown: Any) -> None:
    frame = reviews().drop(columns="year")
    frame.loc[3, "sentiment"] = unknown
    frame.loc[7, "label_text"] = np.nan
    roles, _ = understand_examples(frame)
    assert roles.static == ()


def test_a_column_that_tells_the_label_is_said() -> None:
    frame = reviews().assign(stars=[5, 1, 4, 2] * 10, town=["a", "b", "b", "a"] * 10)
    roles, facts = understand_examples(frame.drop(columns="year"))
    assert roles.static == ("stars", "town")
    assert [fact.value for fact in facts if fact.label == "check"] == [
        "each value of stars has one label only: is it known before the label is?"
    ]


def test_what_is_named_stands() -> None:
    roles, _ = understand_examples(reviews(), text=["label_text"], label=["year"], static=[], ignore=["split"])
    assert roles.inputs == {"label_text": Text()}
    assert roles.label == ("year",)
    assert roles.split is None


def test_proteins(shared_data: Path) -> None:
    frame, _ = read_examples_file(shared_data / "protein" / "cb513.jsonl")
    roles, _ = understand_examples(frame, target=TAGS)
    assert roles.inputs == {"residues": Symbols()}
    assert roles.label == ("dssp",)
    found = gather_examples(frame, roles, tags=True)
    residues = found.examples.columns["residues"]
    assert isinstance(residues, np.ndarray)
    codes = Tags.of(found.labels).encode(found.labels, [len(row) for row in residues])
    assert codes.lengths.sum() == sum(map(len, frame["dssp"]))


def test_a_number_to_predict() -> None:
    frame = pd.DataFrame({"dna": ["ACGTACGTAGC"] * 9 + ["TTTTACGTAGC"], "expression": np.arange(10) / 3})
    roles, facts = understand_examples(frame, target=NUMBERS)
    assert roles == Roles({"dna": Symbols()}, ("expression",))
    assert facts[-1].flag == "target="


def test_series_in_long_format() -> None:
    roles, _ = understand_examples(gestures(), series="id", time="t", group="person")
    assert (roles.label, roles.features) == (("gesture",), ("x",))
    found = gather_examples(gestures(), roles)
    assert found.examples.kinds == {"sequence": Series("times", ("x",))}
    assert found.names is not None
    assert found.names.tolist() == ["1", "2", "3"]
    assert found.groups is not None
    assert found.groups.tolist() == [0, 1, 1]
    assert isinstance(found.labels, pd.Series)
    assert found.labels.tolist() == ["nod", "wave", "wave"]
    later = gather_examples(gestures().drop(columns=["gesture", "person"]), roles, labelled=False)
    assert later.labels is None
    assert len(later.examples) == 3


def test_a_step_per_column() -> None:
    digits: Any = load_digits(as_frame=True)
    roles, facts = understand_examples(digits.frame)
    assert roles.label == ("target",)
    assert facts[0].value == "the 64 columns pixel_0_0 to pixel_7_7, a step each"
    assert len(gather_examples(digits.frame, roles).examples) == 1797


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (reviews(), {"text": ["sentnce"]}, "did you mean 'sentence'.*text="),
        (reviews(), {"text": ["sentence"], "label": ["sentence"]}, "given as text= and as label=: leave one"),
        (reviews()[["sentence", "split", "year"]].assign(size=reviews()["year"] % 7), {}, "name it with label="),
        (reviews()[["sentiment"]], {"label": ["sentiment"]}, "text=, sequence= or features="),
        (reviews(), {"series": "serie"}, "series="),
    ],
)  # fmt: skip
def test_refusals(frame: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        understand_examples(frame, **options)


def test_later_tables_are_checked() -> None:
    roles, _ = understand_examples(reviews())
    with pytest.raises(InputError, match="column 'year' is not in the table"):
        gather_examples(reviews().drop(columns="year"), roles)
    assert gather_examples(reviews().drop(columns="year"), roles, optional=["static"]).labels is not None
    with pytest.raises(InputError, match=r"column 'sentiment'.*label="):
        gather_examples(reviews().drop(columns="sentiment"), roles)
    assert gather_examples(reviews().drop(columns="sentiment"), roles, labelled=False).labels is None
    wide, _ = understand_examples(pd.DataFrame({"p1": [0.0, 1.0], "p2": [1.0, 2.0], "label": ["a", "b"]}))
    with pytest.raises(InputError, match="column 'p2' of the table is no column of numbers"):
        gather_examples(pd.DataFrame({"p1": [0.0], "p2": ["x"], "label": ["a"]}), wide)


def test_a_column_of_sound_files_is_an_input_though_its_values_are_unique() -> None:
    frame = pd.DataFrame(
        {"file": ["a.wav", "b.wav", "c.wav"], "said": ["one two", "two", "six"], "label": ["x", "y", "x"]}
    )
    roles, facts = understand_examples(frame[["file", "label"]])
    assert roles.inputs == {"file": Audio()}
    assert facts[0].value == "file (sound files)"
    assert list(understand_examples(frame, ignore=["file"])[0].inputs) == ["said"]
