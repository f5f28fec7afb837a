"""Film reviews from a small grammar, in which words alone do not tell whether somebody was pleased.

    review = clause [, but clause]            after "but" stands what counts
    clause = subject verb [not] quality       "not" turns the quality round
    quality = [degree] good word | bad word

One label in twenty is wrong, so no model can be right more often than 95 times in a hundred.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WRONG = 0.05
_SUBJECTS = (
    "the film", "the story", "the acting", "the music", "the ending", "the first half", "the dialogue", "the camera",
)  # fmt: skip
_DEGREES = ("", "", "", "very", "rather", "quite", "truly", "a little")
_WORDS = {
    True: ("fine", "moving", "funny", "clever", "warm", "gripping", "honest", "beautiful", "fresh", "subtle"),
    False: ("dull", "slow", "empty", "clumsy", "cold", "boring", "false", "ugly", "stale", "loud"),
}
_FILLERS = ("", "", "to be fair", "i thought", "for once", "as my friend said", "in the end", "on a rainy evening")


def make_reviews(count: int = 2000, *, seed: int = 0) -> pd.DataFrame:
    """`sentence` and `sentiment` ("positive", "negative") of each review; the same seed gives the same ones.

    >>> make_reviews(2).columns.tolist()
    ['sentence', 'sentiment']
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        pleased = bool(rng.integers(2))
        sentence = _clause(pleased, rng)
        if rng.random() < 0.5:
            sentence = f"{_clause(not pleased, rng)} , but {sentence}"
        filler = _FILLERS[rng.integers(len(_FILLERS))]
        label = pleased != (rng.random() < WRONG)
        rows.append((f"{filler} {sentence} .".strip(), "positive" if label else "negative"))
    return pd.DataFrame(rows, columns=["sentence", "sentiment"])


def _clause(pleased: bool, rng: np.random.Generator) -> str:
    negated = rng.random() < 0.35
    words = _WORDS[pleased != negated]
    parts = (
        _SUBJECTS[rng.integers(len(_SUBJECTS))],
        "was",
        "not" if negated else "",
        _DEGREES[rng.integers(len(_DEGREES))],
        words[rng.integers(len(words))],
    )
    return " ".join(part for part in parts if part)
