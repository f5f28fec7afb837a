"""A translation memory: the translation of the nearest source sentence that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recurra.evaluation.translation.words import words

_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class TranslationMemory:
    """Nearest by the cosine of word and word-pair counts, rare ones weighing more (tf-idf)."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def translate(self, texts: Sequence[str]) -> list[str]:
        """The target of the nearest source of each."""
        vectors, known = self._known
        found: list[str] = []
        for first in range(0, len(texts), _AT_ONCE):
            near = (vectors.transform(texts[first : first + _AT_ONCE]) @ known.T).tocsr()
            for row in range(near.shape[0]):
                shares = near.data[near.indptr[row] : near.indptr[row + 1]]
                at = near.indices[near.indptr[row] : near.indptr[row + 1]]
                found.append(self.targets[int(at[shares.argmax()])] if len(shares) else self.targets[0])
        return found

    @cached_property
    def _known(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectors = TfidfVectorizer(
            tokenizer=words,
            token_pattern=None,  # pyright: ignore[reportArgumentType]  # likewise
            lowercase=False,
            ngram_range=(1, 2),
            dtype=np.float32,  # pyright: ignore[reportArgumentType]  # its default is all that is annotated
            sublinear_tf=True,
        )
        return vectors, vectors.fit_transform(self.sources)
