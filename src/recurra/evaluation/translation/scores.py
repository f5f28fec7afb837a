"""BLEU and chrF as sacreBLEU counts them, as functions of sums over sentences: a bootstrap is one matrix product.

    BLEU = 100 min(1, exp(1 - r / c)) exp(mean_n log p_n)          n = 1 .. 4, smoothed as sacreBLEU does ("exp")
    chrF = 100 (1 + 4) P R / (4 P + R)                             of letters, n = 1 .. 6

Papineni et al. (2002); Popovic (2015); Post (2018), "A call for clarity in reporting BLEU scores".
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.evaluation.shared.bootstrap import Score, mean_score
from recurra.evaluation.shared.evaluation import MODEL, Evaluation, evaluate_scores
from recurra.extras import require_package

Floats = npt.NDArray[np.floating]

LEADING = "BLEU"
_ORDERS, _LETTERS, _BETA = 4, 6, 2


def tokeniser_of(texts: Sequence[str]) -> str:
    """What sacreBLEU should cut such texts with: "zh" for Chinese, "char" for Japanese, Thai and their like, "13a".

    >>> tokeniser_of(["a fine film"]), tokeniser_of(["\u6211\u4eec\u53bb\u5427"])
    ('13a', 'zh')
    """
    letters = "".join(texts[:: max(1, len(texts) // 1000)])
    count = max(1, sum(letter.isalpha() for letter in letters))
    kana = sum("\u3040" <= letter <= "\u30ff" for letter in letters)
    chinese = sum("\u3400" <= letter <= "\u9fff" for letter in letters)
    others = sum("\u0e00" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" for letter in letters)
    if kana > 0.05 * count or others > 0.2 * count:
        return "char"
    return "zh" if chinese > 0.2 * count else "13a"


def evaluate_translations(
    references: Sequence[str],
    translations: Sequence[str],
    baselines: Mapping[str, Sequence[str]],
    *,
    groups: npt.ArrayLike | None = None,
    model: str = MODEL,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Evaluation, str]:
    """Evaluate translations against those of the baselines, and sacreBLEU's signature of the BLEU.

    `groups` [N] are drawn together. The scores are "BLEU" and "chrF", both from 0 to 100, and the share of exact ones.
    """
    counter = Counter(tokeniser_of(references))
    scores = {method: counter.scores(texts, references) for method, texts in {model: translations, **baselines}.items()}
    unit = "test example" if groups is None else "test group"
    found = evaluate_scores(scores, leading=LEADING, groups=groups, unit=unit, draws=draws, seed=seed)
    return found, counter.signature(references)


class Counter:
    """Counts of sacreBLEU by sentence. Raises MissingPackageError without it."""

    def __init__(self, tokeniser: str = "13a", *, lowercase: bool = False) -> None:
        require_package("sacrebleu")
        sacrebleu: Any = importlib.import_module("sacrebleu")
        self._bleu = sacrebleu.metrics.BLEU(tokenize=tokeniser, lowercase=lowercase)
        self._chrf = sacrebleu.metrics.CHRF()

    def scores(self, texts: Sequence[str], references: Sequence[str]) -> dict[str, Score]:
        """By name, each as sums over the sentences."""
        bleu = self._sums(self._bleu, texts, references)
        chrf = self._sums(self._chrf, texts, references)
        exact = [float(text == reference) for text, reference in zip(texts, references, strict=True)]
        return {"BLEU": Score(bleu, bleu_of), "chrF": Score(chrf, chrf_of), "exact match": mean_score(exact)}

    def signature(self, references: Sequence[str]) -> str:
        """How BLEU was counted, in sacreBLEU's words."""
        self._bleu.corpus_score(list(references[:1]), [list(references[:1])])
        return str(self._bleu.get_signature())

    @staticmethod
    def _sums(metric: Any, texts: Sequence[str], references: Sequence[str]) -> Floats:
        counts = metric._extract_corpus_statistics(list(texts), [list(references)])
        return np.array(counts, dtype=np.float64)


def bleu_of(sums: Floats) -> Floats:
    """Sums [..., 2 + 4 + 4] of lengths (ours, the reference's), matches and n-grams -> BLEU [...]."""
    ours, theirs = sums[..., 0], sums[..., 1]
    logs, smoothing = np.zeros(ours.shape), np.ones(ours.shape)
    empty = np.zeros(ours.shape, dtype=bool)
    for order in range(_ORDERS):
        right, total = sums[..., 2 + order], sums[..., 2 + _ORDERS + order]
        smoothing = np.where(right == 0, 2 * smoothing, smoothing)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(right == 0, 1 / (smoothing * total), right / total)
            logs = logs + np.log(share) / _ORDERS
        empty |= total == 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        brevity = np.where(ours < theirs, np.exp(1 - theirs / ours), 1.0)
        found = 100 * brevity * np.exp(logs)
    return np.where(empty | (ours == 0) | (sums[..., 2] == 0), 0.0, found)


def chrf_of(sums: Floats) -> Floats:
    """Sums [..., 6 * 3] of n-grams of ours, of the reference and of matches -> chrF [...]."""
    parts = sums.reshape(*sums.shape[:-1], _LETTERS, 3)
    ours, theirs, right = parts[..., 0], parts[..., 1], parts[..., 2]
    there = (ours > 0) & (theirs > 0)
    orders = np.maximum(there.sum(-1), 1)
    precision = np.where(there, right / np.maximum(ours, 1), 0).sum(-1) / orders
    recall = np.where(there, right / np.maximum(theirs, 1), 0).sum(-1) / orders
    below = _BETA**2 * precision + recall
    return np.where(below > 0, 100 * (1 + _BETA**2) * precision * recall / np.where(below > 0, below, 1), 0.0)
