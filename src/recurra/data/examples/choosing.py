"""Which columns of a file are sequences, texts, the label, identifiers and constants, where the user does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from recurra.data.examples.guessing import guess_kind
from recurra.data.examples.inputs import Array, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.target import Target
from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.infer_columns import is_row_number
from recurra.data.schema.names import STEP_WORDS, TIME_WORDS, plain, shown, words_in
from recurra.data.time.dates import looks_like_dates
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

_TEXT = frozenset(
    "text sentence review comment document content message tweet title body utterance question abstract phrase "
    "文本 评论 句子 内容 正文".split()
)
_SEQUENCE = frozenset(
    "sequence seq residues dna rna protein peptide promoter primary aa aminoacids nucleotides tokens words events "
    "series signal 序列".split()
)
_IDENTIFIER = frozenset("id index idx uuid guid key rowid no nr file filename path url accession 编号 序号".split())
_KEY = frozenset("id ids uuid guid sku isbn asin ean upc 编号".split())  # tells things apart, however often it comes
_PERSON = frozenset("user username author reviewer email mail url link handle phone".split())
_ROWS = 3  # that a sequence with a row per step has at least, as a rule
_UNIQUE = 0.95
_SAMPLE = 1000
_WORDS = 2  # that a cell of a column of language has at least, as a rule
_LETTERS = 0.5  # of its signs but blanks: dates and prices have fewer
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def sequence_kind(frame: pd.DataFrame, name: str) -> Kind:
    """A column named as a sequence: strings are symbols, unless they have blanks."""
    kind = guess_kind(frame[name], name, alone=True)
    if not isinstance(kind, Text):
        return kind
    return Text() if frame[name].dropna().head(_SAMPLE).str.contains(r"\s").any() else Symbols()


def to_tag(frame: pd.DataFrame, name: str, kind: Kind) -> Kind:
    """A step is a word where a text has blanks, and else a letter."""
    if not isinstance(kind, Text):
        return kind
    return Events() if frame[name].dropna().head(_SAMPLE).astype(str).str.contains(r"\s").any() else Symbols()


def find_sequences(frame: pd.DataFrame, names: Sequence[str], target: Target, label: Sequence[str]) -> dict[str, Kind]:
    """The one text or string of symbols, by name, else the longest (dates are none); and all lists and arrays."""
    kinds = {
        name: guess_kind(frame[name], name)
        for name in names
        if kind_of(frame[name]) == "text" and not (not label and plain(name) in target.names)
    }
    lists: dict[str, Kind] = {name: kind for name, kind in kinds.items() if isinstance(kind, Events | Series | Array)}
    strings = [name for name, kind in kinds.items() if isinstance(kind, Text | Symbols)]
    strings = [name for name in strings if words_in(name) & (_TEXT | _SEQUENCE) or not are_dates(frame[name])]
    called = [name for name in kinds if name not in lists and words_in(name) & (_TEXT | _SEQUENCE)]
    if not called and not label and not target.per_step and len(strings) + len(lists) == len(names) == 1:
        called = strings
    if called:
        name = next((name for name in called if name in strings), called[0])
        kind = kinds[name] if name in strings else Text()
        return {name: kind, **({} if target.per_step else lists)}
    if strings and not lists:
        lengths = {name: frame[name].dropna().head(_SAMPLE).str.len().mean() for name in strings}
        name = max(strings, key=lambda name: lengths[name])
        return {name: kinds[name]}
    if target.per_step and lists:
        name = next((name for name in lists if words_in(name) & _SEQUENCE), next(iter(lists)))
        return {name: lists[name]}
    return lists


def more_texts(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The further columns of language: of several words a cell, letters rather than figures, and no name of a person.

    >>> frame = pd.DataFrame({"headline": ["a fine film", "very dull"], "day": ["1 2 2024", "3 4 2024"]})
    >>> more_texts(frame, ["headline", "day"])
    ['headline']
    """
    return [name for name in names if kind_of(frame[name]) == "text" and _is_language(frame[name], name)]


def _is_language(column: pd.Series, name: str) -> bool:
    if words_in(name) & (_PERSON | _KEY) or not isinstance(guess_kind(column, name), Text):
        return False
    cells = column.dropna()
    sample = [text for text in cells.iloc[:: max(1, len(cells) // _SAMPLE)] if isinstance(text, str) and text.strip()]
    if not sample:
        return False
    signs = "".join("".join(sample).split())
    if sum(map(str.isalpha, signs)) < _LETTERS * len(signs):
        return bool(words_in(name) & _TEXT)
    unspaced = len(_UNSPACED.findall(signs)) > len(signs) / 5
    words = np.mean([len(text) / 2 if unspaced else len(text.split()) for text in sample])
    return bool(words >= _WORDS)


def find_label(frame: pd.DataFrame, names: Sequence[str], target: Target, source: str, inputs: dict[str, Kind]) -> str:
    """The label by its name, else the only column that can be one. Errors: InputError where that is open."""
    words = {word: k for k, word in enumerate(target.names)}
    surest = {name: min((words[word] for word in words_in(name) if word in words), default=None) for name in names}
    called = [name for name in names if surest[name] is not None]
    if called:
        return min(called, key=lambda name: (plain(name) not in words, surest[name]))
    kinds = ("number",) if target.numeric else ("text", "number")
    candidates = [name for name in names if kind_of(frame[name]) in kinds and not are_dates(frame[name])]
    if len(candidates) == 1:
        return candidates[0]
    if target.classes:
        candidates = [name for name in candidates if _holds_classes(frame[name])] or candidates
    raise InputError(
        _(
            "no column of {source} is called a {word}, and {candidates} could be one beside "
            "{inputs}: name it with {option}",
            source=source,
            word=target.word,
            candidates=shown(candidates) or _("none"),
            inputs=shown(list(inputs)) or _("the numbers"),
            option=option(target.word),
        )
    )


def are_dates(column: pd.Series) -> bool:
    """Whether a column holds times, as such or as texts that all read as dates.

    >>> are_dates(pd.Series(["2024-03-01T10:00:00", "2024-03-02T10:00:00"])), are_dates(pd.Series(["7 up", "dull"]))
    (True, False)
    """
    kind = kind_of(column)
    if kind != "text":
        return kind == "time"
    sample = column.dropna().head(_SAMPLE)
    return all(isinstance(cell, str) for cell in sample) and looks_like_dates(sample)


def _holds_classes(column: pd.Series) -> bool:
    """Whether values repeat as those of a class do: few different texts, or whole numbers."""
    if kind_of(column) == "text":
        return isinstance(guess_kind(column, str(column.name)), Static)
    values = pd.to_numeric(column.dropna())
    return bool((values % 1 == 0).all())


class StepColumns(NamedTuple):
    """The columns of a table with a row per step: names of sequences, times, and what a row measures, if it does."""

    key: str
    time: str
    variable: str | None = None


def find_steps(frame: pd.DataFrame, label: Sequence[str]) -> StepColumns | None:
    """The columns of names and of times of a table whose rows may be steps; None where a row is an example.

    A name stands in three rows or more, as a rule, always beside one label (where it is known which column is the
    label), and never twice beside the same time, or the same time and variable. It is a number or a code: texts and
    proteins are read themselves. Times are dates, or whole numbers that are called a time or a step.

    >>> steps = pd.DataFrame({"rec": [*"aaabbb"], "at": [f"2024-03-0{day} 10:00" for day in (1, 2, 3) * 2]})
    >>> find_steps(steps.assign(x=0.5, kind=[0, 0, 0, 1, 1, 1]), ["kind"])
    StepColumns(key='rec', time='at', variable=None)
    """
    times = [name for name in frame.columns if name not in label and (are_dates(frame[name]) or _counts(frame, name))]
    if not times:
        return None
    keys = [name for name in frame.columns if name not in (*label, *times) and _names_sequences(frame, name, label)]
    keys.sort(key=lambda name: frame[name].nunique(), reverse=True)
    for key in keys:
        for time in times:
            if not frame.duplicated([key, time]).any():
                return StepColumns(key, time)
            variable = find_variable(frame, key, time, label)
            if variable is not None:
                return StepColumns(key, time, variable)
    return None


def _counts(frame: pd.DataFrame, name: str) -> bool:
    """Whether a column of whole numbers is called a time or a step, and begins again in the course of the table."""
    column = frame[name]
    if not (words_in(name) & TIME_WORDS or plain(name) in STEP_WORDS):
        return False
    return pd.api.types.is_integer_dtype(column.dtype) and column.nunique() > 2 and bool(column.duplicated().any())


def find_variable(frame: pd.DataFrame, key: str, time: str, label: Sequence[str]) -> str | None:
    """The column of words that says what each of several rows of a name and a time measures."""
    for name in frame.columns:
        if name in (key, time, *label) or kind_of(frame[name]) != "text":
            continue
        if 2 <= frame[name].nunique() <= len(frame) / _ROWS and not frame.duplicated([key, time, name]).any():
            return str(name)
    return None


def as_columns(variable: str) -> str:
    """What to do with a column of words that says what each row measures."""
    return _(
        "give each value of {variable!r} a column of its own (pandas: frame.pivot(index=[...], "
        "columns={variable!r}, values=...).reset_index())",
        variable=variable,
    )


def _names_sequences(frame: pd.DataFrame, name: str, label: Sequence[str]) -> bool:
    column = frame[name]
    texts = kind_of(column) == "text" and all(isinstance(cell, str) for cell in column.dropna())
    if not texts and not pd.api.types.is_integer_dtype(column.dtype):
        return False
    if not 2 <= (count := column.nunique()) <= len(column) / _ROWS:
        return False
    if texts and (isinstance(guess_kind(column, name), Symbols) or _is_language(column, name)):
        return False
    return len(label) != 1 or len(frame[[name, *label]].drop_duplicates()) == count


def tells_apart(column: pd.Series, name: str, *, first: bool) -> bool:
    """Whether a column only tells the examples apart: a row number, or an identifier that hardly ever repeats."""
    kind = kind_of(column)
    if kind == "number":
        named = bool(words_in(name) & _IDENTIFIER) and pd.api.types.is_integer_dtype(column.dtype)
        return is_row_number(column, name, first=first) or (named and column.nunique() >= _UNIQUE * len(column))
    if kind != "text" or not words_in(name) & _IDENTIFIER:
        return False
    sample = column.dropna()
    strings = sample.map(lambda value: isinstance(value, str))
    return bool(strings.all()) and sample.nunique() >= _UNIQUE * len(sample)


def is_key(column: pd.Series, name: str) -> bool:
    """Whether a column names things by number or code (a product, a customer): neither a number nor a category.

    >>> is_key(pd.Series([7, 7, 9]), "Clothing ID"), is_key(pd.Series([7, 7, 9]), "age")
    (True, False)
    """
    if not words_in(name) & _KEY:
        return False
    kind = kind_of(column)
    whole = pd.api.types.is_integer_dtype(column.dtype)
    return (kind == "number" and whole) or (kind == "text" and not isinstance(guess_kind(column, name), Static))


def is_constant(frame: pd.DataFrame, name: str, label: Sequence[str]) -> bool:
    """Whether a column is numbers or categories, and more than the label in other words."""
    if not _is_plain(frame, name):
        return False
    if len(label) != 1 or not _is_plain(frame, label[0]):
        return True
    pairs = _known_pairs(frame, label[0], name).drop_duplicates()
    return len(pairs) < 2 or bool(pairs[label[0]].duplicated().any() or pairs[name].duplicated().any())


def tells_label(frame: pd.DataFrame, name: str, label: Sequence[str]) -> bool:
    """Whether values of a column that stand in several rows always stand beside the same label, of two or more."""
    if len(label) != 1 or not (_is_plain(frame, name) and _is_plain(frame, label[0])):
        return False
    known = _known_pairs(frame, label[0], name)
    values, pairs = known[name].nunique(), known.drop_duplicates()
    return len(pairs) == values <= len(known) / 2 and pairs[label[0]].nunique() > 1


def _is_plain(frame: pd.DataFrame, name: str) -> bool:
    """Whether the cells of a column are numbers or categories."""
    return kind_of(frame[name]) in ("number", "text") and isinstance(guess_kind(frame[name], name), Static)


def _known_pairs(frame: pd.DataFrame, label: str, name: str) -> pd.DataFrame:
    """The label and another column where both are known: a missing label says nothing, and is no class."""
    pairs = frame[[label, name]]
    return pairs[pairs[label].notna() & (pairs[label] != "") & pairs[name].notna()]
