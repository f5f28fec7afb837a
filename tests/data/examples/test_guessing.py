from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.examples.guessing import guess_kind, looks_like_symbols
from recurra.data.examples.inputs import Array, Events, Series, Static, Symbols, Text


@pytest.mark.parametrize(
    ("texts", "symbols"),
    [
        (["MKVLAAGIVG", "MSTNPKPQRK"], True), (["acgtacgta", "ACGTNNACG"], True), (["((..))((..))"], True),
        (["01011011"], True), (["AAPL", "MSFT"], False), (["a fine film"], False), (["extraordinary"], False),
        (["这部电影非常好看我喜欢", "剧情太差了浪费时间别看"], False), (["2024-01-01", "2023-12-31"], False),
        ([], False),
    ],
)  # fmt: skip
def test_symbols_and_language(texts: list[str], symbols: bool) -> None:
    assert looks_like_symbols(texts) is symbols


def test_kinds_of_columns() -> None:
    assert guess_kind(pd.Series(["red", "blue"] * 5), "x") == Static()
    assert guess_kind(pd.Series(["red", "blue"] * 5), "x", alone=True) == Text()
    assert guess_kind(pd.Series(["a very long text", "another text"] * 1), "x") == Text()
    assert guess_kind(pd.Series(["MKVLAAGIVG"]), "x") == Symbols()
    assert guess_kind(pd.Series([["a"], []]), "x") == Events()
    assert guess_kind(pd.Series([[1, 2], [3]]), "x") == Series()
    assert guess_kind(pd.Series([np.zeros((2, 2, 3))]), "x") == Array()
    assert guess_kind(pd.Series([True, False]), "x") == Static()
    assert guess_kind(np.zeros((2, 3)), "x") == Series()
    assert guess_kind(np.array([["a", "b"]]), "x") == Events()
    assert guess_kind(np.zeros((2, 3, 3, 1)), "x") == Array()


def test_strings_of_few_emoji_are_language():
    assert not looks_like_symbols(["\U0001f600\U0001f621" * 4, "\U0001f600" * 8])
