"""Files with a word and its tags on each line and a blank line between sentences, as the CoNLL tasks have them.

Before a sentence, lines that begin with # and a blank, and -DOCSTART- lines, are passed over. Of ten columns the names
are those of CoNLL-U (universaldependencies.org/format.html), whose lines of several words (1-2) and empty ones (1.1)
are passed over too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pandas as pd

_UNIVERSAL = "id form lemma upos xpos feats head deprel deps misc".split()
_HEADER = frozenset("word words token tokens form tag tags pos ner label chunk upos lemma".split())
_PASSED = re.compile(r"(#\s|-DOCSTART-)")
_PART = re.compile(r"\d+[-.]\d+$")  # the number of several words, or of an empty one
_NUMBER = re.compile(r"[-+]?[\d.,eE]+$")
_LEAST, _MOST = 2, 20  # columns
_LONGEST = 150  # lines of a sentence, on average


def read_conll(text: str) -> pd.DataFrame | None:
    """sentence (numbered from 1), word, further columns, tag: a row per word; None where the text is no such file.

    It is one where blank lines part several blocks, and all lines have as many fields (by tabs, blanks or commas), the
    first of them mostly words and of one word each.

    >>> read_conll("I PRP O\\nsleep VBP O\\n\\nOslo NNP B-LOC\\nsleeps VBZ O\\n").columns.tolist()
    ['sentence', 'word', 'column 2', 'tag']
    """
    lines = [line.rstrip() for line in text.lstrip("\ufeff").splitlines()]
    blocks = _blocks(lines)
    if len(blocks) < 2 or len(max(blocks, key=len)) < 2:
        return None
    filled = [line for block in blocks for line in block]
    if len(filled) > _LONGEST * len(blocks):
        return None
    cut = _cutter(filled)
    if cut is None:
        return None
    names: list[str] | None = None
    first = cut(blocks[0][0])
    if sum(field.strip().casefold() in _HEADER for field in first) >= len(first) / 2:
        names, blocks[0] = [field.strip() for field in first], blocks[0][1:]
    kept = [block for block in blocks if block]
    fields = [(number, cut(line)) for number, block in enumerate(kept, start=1) for line in block]
    width = len(first)
    universal = width == len(_UNIVERSAL) and all(line[0][0].isdigit() for _, line in fields[:100])
    if universal:
        fields = [(number, line) for number, line in fields if not _PART.match(line[0])]
    words = Counter(bool(_NUMBER.match(line[1 if universal else 0])) for _, line in fields)
    if words[True] > words[False]:
        return None
    middle = [f"column {k}" for k in range(2, width)]
    given = names or (list(_UNIVERSAL) if universal else ["word", *middle, "tag"])
    return pd.DataFrame([(number, *line) for number, line in fields], columns=["sentence", *given])


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if not blocks[-1] and _PASSED.match(line):  # within a sentence a # is a word
            continue
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _cutter(lines: list[str]) -> Callable[[str], list[str]] | None:
    """How lines are cut into fields, all as many; None where no sign does so."""
    ways: tuple[Callable[[str], list[str]], ...] = (
        lambda line: line.split("\t"),
        str.split,
        lambda line: line.split(","),
    )
    for cut in ways:
        fields = [cut(line) for line in lines]
        same = len({len(each) for each in fields}) == 1 and _LEAST <= len(fields[0]) <= _MOST
        if same and all(len(each[0].split()) == 1 for each in fields):
            return cut
    return None
