"""How far a score may be chance: resampled test examples, and never one of them looked at twice.

A score here is a function of sums over units: an example, a whole sequence of tags, or a group of examples that
belong together. A draw of units with replacement gives every unit a count; the score of the draw is that function of
the sums weighted by the counts, one matrix product for all scores and methods. All are measured on the same draws, so
the difference of two methods is paired.

Scores of ranks are no sums. They enter by their first-order expansion, value + mean of influences; for the area under
the ROC curve its variance is that of DeLong, DeLong and Clarke-Pearson (1988).

Source: Efron, Tibshirani (1993), "An introduction to the bootstrap", ch. 13 (percentile interval), 16 (tests).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.evaluation.shared.sparse import Sparse

Key = TypeVar("Key")
Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

DRAWS = 1000
FEWEST_DRAWS = 200
MOST_COUNTS = 4 * 10**7  # of all draws together: more than 40,000 units are drawn fewer times
CHUNK = 2**21  # counts in memory at a time
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Score:
    """`of(sums)` of what each unit adds: `sums` [U, P]; `of` takes sums [..., P] to scores [...]."""

    sums: Floats | Sparse
    of: Callable[[Floats], Floats]

    @property
    def value(self) -> float:
        """The score of all units."""
        return float(self.of(np.asarray(self.sums.sum(axis=0)).ravel()))


def of_units(scores: Mapping[str, Score], units: Ints) -> dict[str, Score]:
    """The same scores with larger units: `units` [U] are the numbers of those that the present ones belong to."""
    count = int(units.max()) + 1 if len(units) else 0
    members = sparse.csr_matrix((np.ones(len(units)), (units, np.arange(len(units)))), shape=(count, len(units)))
    sums = {id(score.sums): score.sums for score in scores.values()}  # several scores are functions of the same sums
    larger = {key: members @ value for key, value in sums.items()}
    return {name: Score(larger[id(score.sums)], score.of) for name, score in scores.items()}


def linear(value: float, influence: Floats, low: float, high: float) -> Score:
    """A score `value` in [low, high] with the `influence` [U] of each unit on it (mean 0)."""

    def of(sums: Floats) -> Floats:
        return np.clip(value + ratio(sums[..., 0], sums[..., 1]), low, high)

    return Score(np.stack([influence, np.ones(len(influence))], axis=1), of)


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where `below` is 0 or less."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)


def mean_score(each: npt.ArrayLike) -> Score:
    """The mean of one number per unit [U]."""
    each = np.asarray(each, dtype=np.float64)
    return Score(np.stack([each, np.ones(len(each))], axis=1), lambda sums: ratio(sums[..., 0], sums[..., 1]))


def resample(scores: Mapping[Key, Score], *, draws: int = DRAWS, seed: int = 0) -> dict[Key, Floats]:
    """The value [draws] of each score on the same draws of its units, of which all have the same number U.

    Above 40,000 units the number of draws falls, down to 200. Of fewer than two units there is none.

    >>> scores = {"accuracy": mean_score([1, 1, 1, 0])}
    >>> round(float(resample(scores)["accuracy"].std()), 1)
    0.2
    """
    units = next(score.sums.shape[0] for score in scores.values())
    if units < 2:
        return {name: np.zeros(0) for name in scores}
    draws = min(draws, max(FEWEST_DRAWS, MOST_COUNTS // units))
    rng = np.random.default_rng(seed)
    found: dict[Key, list[Floats]] = {name: [] for name in scores}
    done = 0
    while done < draws:
        rows = min(draws - done, max(1, CHUNK // units))
        numbers = rng.integers(units, size=(rows, units)) + units * np.arange(rows)[:, None]
        counts = np.bincount(numbers.ravel(), minlength=rows * units).reshape(rows, units).astype(np.float64)
        products: dict[int, Floats] = {}
        for name, score in scores.items():
            key = id(score.sums)
            if key not in products:
                products[key] = np.asarray((score.sums.T @ counts.T).T)
            found[name].append(score.of(products[key]))
        done += rows
    return {name: np.concatenate(parts) for name, parts in found.items()}


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval of resampled values, NaN ones left out; NaN where none is left."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def p_value(differences: Floats) -> float:
    """Two-sided p of resampled differences against 0: twice the share on the rarer side, the sample itself counted."""
    known = differences[~np.isnan(differences)]
    if not len(known):
        return float("nan")
    rarer = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2.0 * (rarer + 1) / (len(known) + 1)))
