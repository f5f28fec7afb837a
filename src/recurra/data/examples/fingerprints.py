"""A number for each example by which it is known again, without the example: 64 bits of a hash of its inputs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Symbols
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps

_SIGNS = re.compile(r"[\W_]+")
_SHORT = 20  # letters or bytes below which the columns beside a sequence count too: a word alone is said by many
_END = b"\x1e"


def fingerprints(examples: Examples, *, exact: bool = False) -> npt.NDArray[np.int64]:
    """The fingerprints [N]: equal where the sequences of two examples are, short ones with the columns beside them.

    Texts are equal whatever their case, blanks and punctuation, unless `exact`. Two different examples out of a million
    have the same fingerprint with a probability of 3e-8.

    >>> from recurra.data.examples.examples import as_examples
    >>> a, b, c = fingerprints(as_examples(["A fine film!", "a fine  film", "a fine plot"]))
    >>> bool(a == b), bool(a == c)
    (True, False)
    """
    sequences = [name for name, column in examples.columns.items() if not isinstance(column, pd.DataFrame)]
    parts = [
        _bytes_of(examples.columns[name], isinstance(examples.kinds[name], Symbols) or exact) for name in sequences
    ]
    beside = [_rows(column) for column in examples.columns.values() if isinstance(column, pd.DataFrame)]
    found = np.zeros(len(examples), dtype=np.int64)
    for row, cells in enumerate(zip(*parts, strict=True) if parts else [()] * len(examples)):
        digest = blake2b(_END.join(cells), digest_size=8)
        if sum(map(len, cells)) < _SHORT:
            for column in beside:
                digest.update(_END + column[row])
        found[row] = int.from_bytes(digest.digest(), "little", signed=True)
    return found


def _bytes_of(column: Any, exact: bool) -> Iterator[bytes]:
    """What stands for each cell of an input."""
    if isinstance(column, Ragged):
        return ("\x1f".join(map(str, column[k])).encode("utf-8", "replace") for k in range(len(column)))
    if isinstance(column, Steps):
        return (column.values[k].astype(np.float64).tobytes() for k in range(len(column)))
    if isinstance(column, list):
        return (b"" if array is None else array.tobytes() for array in column)
    return ((text or "").encode() if exact else plain_text(text or "").encode() for text in column)


def plain_text(text: str) -> str:
    """A text without case and punctuation, with single blanks; of signs alone the signs.

    >>> plain_text(" The BEST, by far... "), plain_text(":-) :-)")
    ('the best by far', ':-) :-)')
    """
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return _SIGNS.sub(" ", folded).strip() or " ".join(folded.split())


def _rows(frame: pd.DataFrame) -> list[bytes]:
    return [repr(cells).encode() for cells in frame.itertuples(index=False, name=None)]
