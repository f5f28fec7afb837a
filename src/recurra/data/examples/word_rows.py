"""Tables with a row per word: which column tells the sentences apart, on every row or on the first row of each only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.names import words_in
from recurra.errors import InputError
from recurra.language import _

_SENTENCE = frozenset("sentence sentences sent sentenceid sentid seq sequence doc document utterance line 句子".split())
_WORD = frozenset("word words token tokens form text 词 单词".split())
_ALONE = 0.98  # of the cells of a column of words that hold no blank
_GAPS = 0.5  # of the cells of a column that are empty where only the first row of a sentence has it: at least
_SAMPLE = 2000


@dataclass(frozen=True)
class WordRows:
    """`key` tells the sentences apart, `word` holds the words; `gaps`: the key stands on first rows only."""

    key: str
    word: str
    gaps: bool


def find_word_rows(frame: pd.DataFrame, names: Sequence[str], label: str) -> WordRows | None:
    """The columns of a table with a row per word, of which `label` is the tag; None where a row is a sequence.

    >>> rows = pd.DataFrame({"Sentence #": ["Sentence: 1", None, "Sentence: 2", None], "Word": ["I", "am", "He", "is"]})
    >>> find_word_rows(rows.assign(Tag=["P", "V", "P", "V"]), ["Sentence #", "Word", "Tag"], "Tag")
    WordRows(key='Sentence #', word='Word', gaps=True)
    """
    left = [name for name in names if name != label]
    if not _are_alone(frame[label]):
        return None
    key = next((name for name in left if has_first_rows(frame[name])), None)
    gaps = key is not None
    if key is None:
        key = next((name for name in left if _is_sentence(name) and _in_runs(frame[name])), None)
    words = [name for name in left if name != key and kind_of(frame[name]) == "text" and _are_alone(frame[name])]
    words = [name for name in words if not _as_long(frame[name], frame[label])]
    if key is None or not words:
        return None
    called = [name for name in words if words_in(name) & _WORD]
    word = called[0] if called else max(words, key=lambda name: frame[name].nunique())
    return WordRows(key, word, gaps)


def has_first_rows(column: pd.Series) -> bool:
    """Whether a column holds something in its first row and then only here and there: at the start of each sentence."""
    there = _there(column)
    return bool(len(there) > 1 and there[0] and there[1:].any() and (~there).mean() >= _GAPS)


def filled_down(column: pd.Series) -> pd.Series:
    """Every empty cell as the last one above it that holds something; each start is a sentence of its own.

    Errors: InputError for an empty first cell.
    """
    there = _there(column)
    if not there[0]:
        raise InputError(
            _(
                "column {column!r} is empty in row 1: expected the first row of each sentence to name it",
                column=column.name,
            )
        )
    starts = column[there].astype(str)
    twice = starts.duplicated(keep=False).to_numpy()
    names = starts.to_numpy(dtype=object)
    rows = np.flatnonzero(there) + 1
    names[twice] = [
        _("{name} (row {row})", name=name, row=row) for name, row in zip(names[twice], rows[twice], strict=True)
    ]
    return pd.Series(names[np.cumsum(there) - 1], index=column.index, name=column.name)


def _there(column: pd.Series) -> np.ndarray:
    blank = column.map(lambda cell: isinstance(cell, str) and not cell.strip())
    return ~(column.isna() | blank.astype(bool)).to_numpy()


def _are_alone(column: pd.Series) -> bool:
    """Whether the cells are single words."""
    cells = column.dropna()
    sample = cells.iloc[:: max(1, len(cells) // _SAMPLE)]
    texts = sample.map(lambda cell: not isinstance(cell, list | tuple | np.ndarray) and len(str(cell).split()) == 1)
    return bool(len(texts)) and float(texts.mean()) >= _ALONE


def _as_long(words: pd.Series, tags: pd.Series) -> bool:
    """Whether each cell has as many letters as its tag: a string of residues and its structure, and no word."""
    pairs = pd.DataFrame({"word": words, "tag": tags}).dropna().head(_SAMPLE).astype(str)
    lengths = pairs["word"].str.len()
    return bool((lengths == pairs["tag"].str.len()).all() and lengths.median() > 1)


def _is_sentence(name: str) -> bool:
    return bool(words_in(name) & _SENTENCE)


def _in_runs(column: pd.Series) -> bool:
    """Whether equal cells stand together, two or more of them as a rule, and never again."""
    if column.isna().any():
        return False
    codes = pd.factorize(column)[0]
    runs = 1 + int((np.diff(codes) != 0).sum())
    return runs == codes.max() + 1 and 1 < runs <= len(codes) / 2
