"""Word vectors from a text file: a word and its numbers on each line, as word2vec, GloVe and fastText write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from recurra.data.files.source import open_source
from recurra.errors import InputError
from recurra.language import _


def read_vectors(path: str | Path, tokens: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """[V + 1, E]: the vector of every one of the `tokens` below that of the unknown token; NaN where there is none.

    A first line with two numbers (how many, how wide) is skipped; of a word that comes twice the first counts; after
    the first vector a word may hold blanks; a compressed file is read as it is. Words that are not among the `tokens`
    are passed over: the vocabulary is that of the training part.

    Raises InputError for a file that is absent, no text, without any of the tokens or without a finite number, and for
    a line of fewer numbers than the first.
    """
    place = Path(path).expanduser()
    source = open_source(place)
    numbers = {token: k + 1 for k, token in enumerate(tokens)}
    found: dict[int, npt.NDArray[np.float32]] = {}
    width: int | None = None
    with source.open() as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                text = raw.decode("utf-8").rstrip()
                word, *parts = text.split(" ") if width is None else text.rsplit(" ", width)
                if line == 1 and len(parts) == 1 and word.isdigit():
                    continue
                number = numbers.get(word)
                if width is not None and (number is None or number in found) and len(parts) == width:
                    continue
                vector = np.array(parts, dtype=np.float32)
            except ValueError as error:  # UnicodeDecodeError too
                raise InputError(
                    _(
                        "line {line} of {place} is no word vector ({error}): expected a word and its numbers, "
                        "separated by single blanks, in UTF-8",
                        line=line,
                        place=place.name,
                        error=error,
                    )
                ) from error
            width = len(vector) if width is None else width
            if len(vector) != width or not width or not np.isfinite(vector).all():
                raise InputError(
                    _(
                        "line {line} of {place} holds {n_vector} numbers: expected {width} finite ones, as on "
                        "the lines before",
                        line=line,
                        place=place.name,
                        n_vector=len(vector),
                        width=width or _("at least 1"),
                    )
                )
            if number is not None:
                found.setdefault(number, vector)
    if not found or width is None:
        raise InputError(
            _(
                "{place} holds none of the {n_tokens:,} tokens of the training part: expected vectors of them",
                place=place.name,
                n_tokens=len(tokens),
            )
        )
    table = np.full((len(tokens) + 1, width), np.nan, dtype=np.float32)
    for number, vector in found.items():
        table[number] = vector
    return table
