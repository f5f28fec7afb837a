"""A network and counting methods as one score: what held-out questions say each of them knows.

    s_i = a log p_i(network) + sum_m b_m log(p_i(m) + epsilon),   a, b >= 0

The weights are those of the smallest log loss. A method takes part only if it gains more than one standard error over
those that already do; so a network that needs no help stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from recurra.checking import require

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

EPSILON = 1e-4  # the share of an item that a method does not know at all
_SCORED = 10**6  # scores of a method by which it is weighed: of few items more questions are affordable
_QUESTIONS = (500, 5000)  # at least, at most


@dataclass(frozen=True)
class RankBlend:
    """a of the network, and b by method."""

    network: float = 1.0
    methods: dict[str, float] | None = None

    def check(self) -> None:
        """Refuse weights that are none."""
        weights = [self.network, *(self.methods or {}).values()]
        require(all(np.isfinite(weight) and weight >= 0 for weight in weights), f"weights {weights}")

    def __call__(self, network: Floats, others: Mapping[str, Floats]) -> Floats:
        """s [M, V] of what the network says [M, V] and the scores of the methods."""
        found = self.network * log_shares(network)
        for name, weight in (self.methods or {}).items():
            found += weight * log_scores(others[name])
        return found


def log_shares(outputs: Floats) -> npt.NDArray[np.float32]:
    """Logits [M, V] as logarithms of probabilities."""
    outputs = outputs.astype(np.float32, copy=True)
    outputs -= outputs.max(axis=1, keepdims=True)
    outputs -= np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    return outputs


def log_scores(scores: Floats) -> npt.NDArray[np.float32]:
    """Scores of at least 0 [M, V] as logarithms of shares."""
    total = scores.sum(axis=1, keepdims=True)
    return np.log(scores / np.where(total > 0, total, 1) + EPSILON).astype(np.float32)


def questions_of(items: int) -> int:
    """How many questions weigh methods, of so many items."""
    least, most = _QUESTIONS
    return min(max(_SCORED // max(items, 1), least), most)


def fit_rank_blend(network: Floats, others: Mapping[str, Floats], targets: Ints) -> RankBlend:
    """Weights for targets [M] (columns); methods join one by one while they gain."""
    if len(targets) < 2:
        return RankBlend()
    rows = np.unique(
        np.linspace(0, len(targets) - 1, min(len(targets), questions_of(network.shape[1]))).astype(np.int64)
    )
    network, targets = network[rows], targets[rows]
    others = {name: scores[rows] for name, scores in others.items()}
    parts: dict[str, Floats] = {"": log_shares(network)}
    parts |= {name: log_scores(scores) for name, scores in others.items()}
    chosen, weights, loss = [""], *_fitted([parts[""]], targets)
    while len(chosen) < len(parts):
        best = None
        for name in parts:
            if name in chosen:
                continue
            found, each = _fitted([parts[known] for known in chosen] + [parts[name]], targets)
            if best is None or each.mean() < best[2].mean():
                best = name, found, each
        assert best is not None
        gain = loss - best[2]
        if gain.mean() <= gain.std() / np.sqrt(len(gain)):
            break
        chosen.append(best[0])
        weights, loss = best[1], best[2]
    methods = {name: round(float(w), 6) for name, w in zip(chosen[1:], weights[1:], strict=True) if w > 1e-3}
    return RankBlend(round(float(weights[0]), 6), methods or None)


def _fitted(parts: list[Floats], targets: Ints) -> tuple[Floats, Floats]:
    """Weights and the loss of each question."""
    rows = np.arange(len(targets))
    true = np.stack([part[rows, targets] for part in parts], axis=1)

    def value(weights: Floats) -> tuple[float, Floats]:
        total = sum(w * part for w, part in zip(weights, parts, strict=True))
        total = np.asarray(total, dtype=np.float32)
        total -= total.max(axis=1, keepdims=True)
        shares = np.exp(total)
        shares /= shares.sum(axis=1, keepdims=True)
        expected = np.stack([np.einsum("mv,mv->m", shares, part) for part in parts], axis=1)
        loss = -np.log(np.maximum(shares[rows, targets], 1e-30)).mean()
        return float(loss), (expected - true).mean(axis=0).astype(np.float64)

    start = np.full(len(parts), 1.0 / len(parts))
    found = minimize(value, start, jac=True, method="L-BFGS-B", bounds=[(0, 5)] * len(parts), options={"maxiter": 12})
    total = np.asarray(sum(w * part for w, part in zip(found.x, parts, strict=True)), dtype=np.float64)
    return found.x, logsumexp(total, axis=1) - total[rows, targets]
