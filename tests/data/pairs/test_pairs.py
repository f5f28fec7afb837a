"""Pairs of texts: what belongs together, which columns they are in, what is refused and what is doubtful."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.demo.phrases import make_phrases
from recurra.data.pairs.columns import PairRoles, pair_roles, pairs_of
from recurra.data.pairs.pairs import Pairs, components, folded
from recurra.data.pairs.subwords import BEGIN, END, UNKNOWN, Subwords
from recurra.errors import InputError

GERMAN = ["Der alte Hund schläft.", "Ein Haus am Fluss.", "Wir gehen nach Hause!", "Das ist nicht schön, oder?"]
ENGLISH = ["The old dog is asleep.", "A house by the river.", "We are going home!", "That is not nice, is it?"]


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def read(frame: pd.DataFrame, *, empty: str = "refuse", **named):
    roles, _facts = pair_roles(frame, named.get("source"), named.get("target"), None, name="pairs.tsv")
    return pairs_of(frame, roles, empty=empty, name="pairs.tsv")


def test_an_equal_side_joins_pairs_by_whatever_chain():
    pairs = Pairs(("Hi.", "hello", "HI", "no", "nope"), ("Hallo", "hallo!", "Servus", "nein", "doch"))
    assert components(pairs).tolist() == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("text", [*GERMAN, "我们明天去北京。", 'She said: "no" (twice).', "a  b\tc"])
def test_subwords_come_back_as_the_text(text):
    subwords = Subwords.learn([text, *GERMAN] * 5, 300)
    subwords.check()
    assert subwords.texts(subwords.encode([text])) == [" ".join(text.split())]
    assert {BEGIN, END, UNKNOWN}.isdisjoint(subwords.encode([text])[0].tolist())


def test_a_letter_that_was_never_seen_is_unknown_and_named():
    subwords = Subwords.learn(GERMAN * 5, 300)
    assert UNKNOWN in subwords.encode(["Hund Ж"])[0].tolist()
    assert ("Ж", "Ж") in subwords.pieces("Hund Ж")


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"id": [1, 2, 3, 4], "de": GERMAN, "en": ENGLISH}, ("de", "en")),
        ({"target": ENGLISH, "source": GERMAN}, ("source", "target")),
        ({"a": GERMAN, "note": ["x", "x", "x", "x"], "b": ENGLISH}, ("a", "b")),
    ],
)
def test_columns_are_found(columns, found):
    roles, facts = pair_roles(table(**columns), None, None, None, name="pairs.tsv")
    assert (roles.source, roles.target) == found
    assert [fact.value for fact in facts] == list(found)


def test_one_column_of_texts_is_refused():
    with pytest.raises(InputError, match=r"pairs.tsv has 1 column of texts: expected two.*Columns: de, n"):
        read(table(de=GERMAN, n=[1, 2, 3, 4]))


def test_a_column_that_there_is_not_is_refused():
    with pytest.raises(InputError, match=r"column 'dee' is not in pairs.tsv: did you mean 'de'\?"):
        read(table(de=GERMAN, en=ENGLISH), source="dee")


def test_an_empty_side_is_refused_or_dropped():
    frame = table(de=[*GERMAN, "Ja."], en=[*ENGLISH[:3], None, " "])
    with pytest.raises(InputError, match=r"empty side in 2 rows: 4, 5"):
        read(frame)
    pairs, rows, facts = read(frame, empty="drop")
    assert rows.tolist() == [0, 1, 2]
    assert len(pairs) == 3
    assert facts[0].value == "2 rows, an empty side"


def test_untranslated_columns_are_refused():
    with pytest.raises(InputError, match=r"75 % of the texts in 'en' are those in 'de': expected a translation"):
        read(table(de=GERMAN, en=[*GERMAN[:3], ENGLISH[3]]))


def test_swapped_and_untranslated_rows_are_said():
    made = make_phrases(400)
    sources, targets = list(made["lumi"]), list(made["english"])
    sources[7], targets[7] = targets[7], sources[7]
    targets[9] = sources[9]
    sources[11], targets[11] = sources[10], targets[10]
    _pairs, _rows, facts = read(table(lumi=sources, english=targets), source="lumi", target="english")
    told = {fact.label: fact.value for fact in facts}
    assert told["swapped"].startswith("the sides look swapped in 1 row: 8")
    assert told["untranslated"].endswith("1 row: 10")
    assert told["duplicates"] == "1 pair that occurred before"


@pytest.mark.parametrize("how", ["drop", "fix"])
def test_swapped_rows_are_dropped_or_exchanged_where_asked(how: str) -> None:
    made = make_phrases(400)
    sources, targets = list(made["lumi"]), list(made["english"])
    for k in (7, 200):
        sources[k], targets[k] = targets[k], sources[k]
    frame, roles = table(lumi=sources, english=targets), PairRoles("lumi", "english")
    pairs, rows, facts = pairs_of(frame, roles, empty="refuse", name="t", swapped=how)
    told = {fact.label: fact.value for fact in facts}
    expected = [k for k in range(400) if how == "fix" or k not in (7, 200)]
    assert rows.tolist() == expected
    assert pairs.sources == tuple(made["lumi"].iloc[expected])
    assert pairs.targets == tuple(made["english"].iloc[expected])
    assert told["dropped" if how == "drop" else "swapped"].endswith(
        "2 rows: 8, 201: the sides look swapped" if how == "drop" else "exchanged in 2 rows: 8, 201"
    )
    assert ("swapped" in told) == (how == "fix")
    with pytest.raises(InputError, match="swapped='turn': expected keep, drop or fix"):
        pairs_of(frame, roles, empty="refuse", name="t", swapped="turn")


def test_a_later_file_may_lack_translations():
    roles = PairRoles("de", "en")
    pairs, rows, _ = pairs_of(table(de=GERMAN), roles, empty="refuse", name="new.csv", targets=False)
    assert pairs.targets is None
    np.testing.assert_array_equal(rows, np.arange(4))


def test_a_digest_tells_sides_apart():
    assert Pairs(("a", "b"), ("c",)).digest() != Pairs(("a",), ("b", "c")).digest()
    assert folded("A - b!") == "ab"
