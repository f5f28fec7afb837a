"""The verdict in one sentence: is the model better than the best baseline, and if not, what should be used instead?

*Better* is said only where the mean loss is lower than that of the best baseline by at least 1 % and the two-sided
test (`significance.compare`) gives p < 0.05. The best baseline is chosen on the very data of the test, which flatters
it: the comparison is conservative for the model. For *worse* the same choice is not conservative, so p is multiplied
by the number of baselines (Bonferroni).

Otherwise the model is *no better*, and the simplest baseline is recommended that does as well as the best one (its
loss is at most 5 % higher, and not higher by the two measures above) and is not beaten by the model either. Where
there are too few windows for any test, the sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.forecast.metrics import mean_of_known
from recurra.evaluation.shared.significance import Comparison, compare

Floats = npt.NDArray[np.floating]

SIGNIFICANCE = 0.05
LEAST_GAIN = 0.01  # a smaller difference is not worth a more elaborate method
CLOSE = 0.05  # a baseline whose loss is higher by more does not pass for the best, however weak the test
SPOKEN = {"naive": "the naive forecast", "seasonal naive": "the seasonal naive forecast", "drift": "the drift forecast"}


@dataclass(frozen=True)
class Verdict:
    """One sentence, and the figures in it.

    `baseline` is the one the sentence speaks of, `improvement` the share by which the model's loss is lower than its
    (negative: higher), `p_value` the two-sided p of that difference (NaN: no test), `use` the method recommended (""
    for the model itself), `best_baseline` the one of lowest loss, `n_origins` the largest number of origins of a
    series.
    """

    sentence: str
    better: bool
    baseline: str
    improvement: float
    p_value: float
    n_series: int
    n_origins: int
    use: str
    best_baseline: str


def judge(model: Floats, baselines: Mapping[str, Floats], *, overlap: int = 0, metric: str = "MASE") -> Verdict:
    """Judge the losses [S, W] of a model against those of baselines, given from the simplest to the most elaborate.

    Losses are averages over the steps of a window, comparable between series (scaled); NaN where a series has no such
    window; the last column is every series' last window. `overlap` is the number of following windows that share rows
    with a window. Raises InputError without a baseline or without a single loss.

    >>> rng = np.random.default_rng(0)
    >>> losses = rng.uniform(1, 2, (100, 1))
    >>> judge(losses * 0.9, {"naive": losses}).sentence
    'Better than the best baseline (the naive forecast) by 10.0 % in MASE (p < 0.001, 100 series x 1 origin).'
    """
    counted = ~np.isnan(model)
    if not baselines or not counted.any():
        raise InputError("there is nothing to judge: no baseline, or no test window with an observed value")
    pairs = _Pairs(model, baselines, overlap)
    best = min(baselines, key=lambda name: pairs.loss(baselines[name]))
    n_series = int(counted.any(axis=1).sum())
    per_series = counted.sum(axis=1)
    n_origins = int(per_series.max())
    size = _size(n_series, n_origins, equal=bool((per_series[per_series > 0] == n_origins).all()))

    def verdict(sentence: str, name: str, test: Comparison, *, better: bool = False) -> Verdict:
        use = "" if better else name
        return Verdict(
            sentence, better, name, pairs.gain(model, baselines[name]), test.p_value, n_series, n_origins, use, best
        )

    gain, test = pairs.gain(model, baselines[best]), pairs.test(model, baselines[best])
    if test.over == "nothing":
        sentence = (
            f"Too few test windows to tell ({size}): {metric} {_relation(gain)} than that of {_spoken(best)}, the best "
            f"baseline, which may be chance."
        )
        if gain < LEAST_GAIN:
            sentence = sentence[:-1] + f"; use {_short(best)}."
        return verdict(sentence, best, test)
    evidence = f"{_p(test.p_value)}, {size}"
    if gain >= LEAST_GAIN and test.p_value < SIGNIFICANCE:
        sentence = f"Better than the best baseline ({_spoken(best)}) by {_percent(gain)} in {metric} ({evidence})."
        return verdict(sentence, best, test, better=True)
    if gain <= -LEAST_GAIN and test.p_value * len(baselines) < SIGNIFICANCE:
        sentence = f"Worse than {_spoken(best)} by {_percent(-gain)} in {metric} ({evidence}): use {_short(best)}."
        return verdict(sentence, best, test)
    name = next(n for n in baselines if n == best or pairs.will_do(n, best))
    gain, test = pairs.gain(model, baselines[name]), pairs.test(model, baselines[name])
    doubt = " as far as this test can tell" if gain >= LEAST_GAIN else ""
    sentence = (
        f"No better than {_spoken(name)}{doubt} ({metric} {_relation(gain)}, {_p(test.p_value)}, {size}): "
        f"use {_short(name)}."
    )
    return verdict(sentence, name, test)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Comparisons between any two of the forecasts."""

    model: Floats
    baselines: Mapping[str, Floats]
    overlap: int

    def loss(self, losses: Floats) -> float:
        return float(mean_of_known(mean_of_known(losses)))

    def gain(self, first: Floats, second: Floats) -> float:
        """By which share the loss of the first is below that of the second."""
        reference = self.loss(second)
        return 1.0 - self.loss(first) / reference if reference > 0 else -float(self.loss(first) > 0)

    def test(self, first: Floats, second: Floats) -> Comparison:
        return compare(first - second, self.overlap)

    def clearly_better(self, first: Floats, second: Floats) -> bool:
        return self.gain(first, second) >= LEAST_GAIN and self.test(first, second).p_value < SIGNIFICANCE

    def will_do(self, name: str, best: str) -> bool:
        """Whether a baseline is close to the best one, not clearly worse than it, not clearly beaten by the model."""
        losses, lowest = self.baselines[name], self.baselines[best]
        close = self.loss(losses) <= (1.0 + CLOSE) * self.loss(lowest)
        return close and not self.clearly_better(lowest, losses) and not self.clearly_better(self.model, losses)


def _spoken(name: str) -> str:
    return SPOKEN.get(name, name)


def _short(name: str) -> str:
    return f"the {name} one" if name in SPOKEN else name


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _relation(gain: float) -> str:
    if abs(gain) < 0.0005:
        return "the same"
    return f"{_percent(abs(gain))} {'lower' if gain > 0 else 'higher'}"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def _size(series: int, origins: int, *, equal: bool) -> str:
    return f"{series} series x {'' if equal else 'up to '}{origins} origin{'' if origins == 1 else 's'}"
