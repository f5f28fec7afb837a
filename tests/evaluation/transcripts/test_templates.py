"""Nearest recordings: the warped distance against the plain recursion."""

from __future__ import annotations

import numpy as np

from recurra.data.examples.ragged import Ragged
from recurra.evaluation.transcripts.templates import Templates


def plain(a: np.ndarray, b: np.ndarray) -> float:
    d = np.linalg.norm(a[:, None] - b[None], axis=2)
    total = np.full(d.shape, np.inf)
    for i in range(len(a)):
        for j in range(len(b)):
            before = min(
                total[i - 1, j] if i else np.inf,
                total[i, j - 1] if j else np.inf,
                total[i - 1, j - 1] if i and j else np.inf,
            )
            total[i, j] = d[i, j] + (0 if i == j == 0 else before)
    return total[-1, -1] / (len(a) + len(b))


def test_the_nearest_is_that_of_the_plain_recursion() -> None:
    rng = np.random.default_rng(0)
    learnt = Ragged.of([rng.normal(size=(int(rng.integers(3, 12)), 2)).astype(np.float32) for _k in range(8)])
    asked = Ragged.of([rng.normal(size=(int(rng.integers(3, 12)), 2)).astype(np.float32) for _k in range(5)])
    texts = [f"text {k}" for k in range(8)]
    found = Templates.learn(learnt, texts).nearest(asked)
    expected = [texts[int(np.argmin([plain(asked[n], learnt[k]) for k in range(8)]))] for n in range(5)]
    assert found == expected


def test_every_text_has_its_share_of_the_templates() -> None:
    frames = Ragged.of([np.full((3, 1), k, np.float32) for k in range(10)])
    found = Templates.learn(frames, ["a"] * 8 + ["b"] * 2, most=4)
    assert sorted(found.texts) == ["a", "a", "b", "b"]
