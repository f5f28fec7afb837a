"""Examples are known again by 64 bits, whatever the case and punctuation of a text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.examples.examples import as_examples
from recurra.data.examples.fingerprints import fingerprints


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("Quick delivery, well packed.", "quick delivery - well  packed", True),
        ("Straße 7 liegt am Wasser heute", "STRASSE 7 liegt am Wasser heute", True),
        ("the seller answered at once", "the seller answered at twice", False),
        ("\U0001f600\U0001f600", "\U0001f621\U0001f621", False),
    ],
)
def test_texts_that_differ_in_case_and_punctuation_only_are_equal(first: str, second: str, equal: bool) -> None:
    prints = fingerprints(as_examples([first, second]))
    assert (prints[0] == prints[1]) == equal
    assert len(set(fingerprints(as_examples([first, second]), exact=True).tolist())) == 2


def test_columns_count_beside_a_short_text_only() -> None:
    long = "it came a week late and in the wrong colour"
    frame = pd.DataFrame({"note": ["good one", "good one", long, long], "age": [31, 54, 31, 54]})
    prints = fingerprints(as_examples(frame))
    assert prints[0] != prints[1]
    assert prints[2] == prints[3]


def test_series_arrays_and_events_are_known_again() -> None:
    walks = [np.arange(5.0), np.arange(5.0), np.arange(6.0)]
    for cells in (walks, [["a", "b"], ["a", "b"], ["ab"]], {"x": ["AAB", "AAB", "AB"], "n": [1, 1, 1]}):
        prints = fingerprints(as_examples(cells))
        assert prints[0] == prints[1] != prints[2]
