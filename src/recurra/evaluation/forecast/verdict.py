"""The verdict in one sentence: is the model better than the best baseline, and if not, what should be used instead?

*Better* is said only where the mean loss is lower than that of the best baseline by at least 1 % and the two-sided
test (`significance.compare`) gives p < 0.05. The best baseline is chosen on the very data of the test, which flatters
it: the comparison is conservative for the model. For *worse* the same choice is not conservative, so p is multiplied
by the number of baselines (Bonferroni).

A best baseline whose loss is a millionth of the scale or less is *exact*, up to rounding (a straight line, a counter):
it is recommended, and no percentage is taken of nothing.

Otherwise the two are *the same within chance* (or within 1 %), and the sentence names the simplest baseline that does
as well as the best one (its loss is at most 5 % higher, and not higher by the two measures above) and is not beaten
by the model either: whoever wants the simpler of two equals takes it. Where there are too few windows for any test,
the sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.shared.means import mean_of_known
from recurra.evaluation.shared.significance import Comparison, compare
from recurra.formatting import compared, compared_with, count, is_many, is_same, p_text, percent
from recurra.language import _, mark
from recurra.methods import method_name

Floats = npt.NDArray[np.floating]

SIGNIFICANCE = 0.05
LEAST_GAIN = 0.01  # a smaller difference is not worth a more elaborate method
CLOSE = 0.05  # a baseline whose loss is higher by more does not pass for the best, however weak the test
EXACT = 1e-6  # a scaled loss that is rounding
SPOKEN = {
    "naive": mark("the naive forecast"),
    "seasonal naive": mark("the seasonal naive forecast"),
    "drift": mark("the drift forecast"),
}
_BRIEF = {
    "naive": mark("the naive one"),
    "seasonal naive": mark("the seasonal naive one"),
    "drift": mark("the drift one"),
}


@dataclass(frozen=True)
class Verdict:
    """One sentence, and the figures in it.

    `baseline` is the one the sentence speaks of, `improvement` the share by which the model's loss is lower than its
    (negative: higher), `p_value` the two-sided p of that difference (NaN: no test), `use` the method recommended (""
    for the model itself), of two that are the same within chance (`tie`) the simpler one; `best_baseline` the one of
    lowest loss, `n_origins` the largest number of origins of a series.
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
    tie: bool = False


def decide(
    model: Floats, baselines: Mapping[str, Floats], *, overlap: int = 0, metric: str = "MASE", name: str = "Recurra"
) -> Verdict:
    """Evaluate the losses [S, W] of a model against those of baselines, given from the simplest to the most elaborate.

    Losses are averages over the steps of a window, comparable between series (scaled); NaN where a series has no such
    window; the last column is every series' last window. `overlap` is the number of following windows that share rows
    with a window; `name` is what the sentence calls the model. Raises InputError without a baseline or without a single
    loss.

    >>> rng = np.random.default_rng(0)
    >>> losses = rng.uniform(1, 2, (100, 1))
    >>> decide(losses * 0.9, {"naive": losses}).sentence
    'Better than the best baseline (the naive forecast) by 10.0 % in MASE (p < 0.001, 100 series x 1 origin).'
    """
    counted = ~np.isnan(model)
    if not baselines or not counted.any():
        raise InputError(_("there is nothing to evaluate: no baseline, or no test window with an observed value"))
    pairs = _Pairs(model, baselines, overlap)
    best = min(baselines, key=lambda name: pairs.loss(baselines[name]))
    n_series = int(counted.any(axis=1).sum())
    per_series = counted.sum(axis=1)
    n_origins = int(per_series.max())
    size = _size(n_series, n_origins, equal=bool((per_series[per_series > 0] == n_origins).all()))

    def verdict(sentence: str, rival: str, test: Comparison, *, better: bool = False, tie: bool = False) -> Verdict:
        gain, use = pairs.gain(model, baselines[rival]), "" if better else rival
        return Verdict(sentence, better, rival, gain, test.p_value, n_series, n_origins, use, best, tie)

    ours, lowest = pairs.loss(model), pairs.loss(baselines[best])
    gain, test = pairs.gain(model, baselines[best]), pairs.test(model, baselines[best])
    known: dict[str, Any] = {"name": name, "metric": metric, "size": size}
    if lowest == 0.0 and counted.sum() > 1:
        exact = _spoken(best, capital=True)
        sentence = (
            _("{method} is exact, and so is {name} ({metric} 0, {size}): use it.", method=exact, **known)
            if ours == 0.0
            else _("{method} is exact ({metric} 0, {size}): use it.", method=exact, **known)
        )
        return verdict(sentence, best, test)
    if test.over == "nothing":
        relation = compared_with(ours, lowest, _spoken(best))
        parts = [
            _(
                "Too few test windows to tell ({size}): {name}'s {metric} is {relation}, the best baseline",
                relation=relation,
                **known,
            )
        ]
        parts += [] if is_same(ours, lowest) else [_(", which may be chance")]
        parts += [_("; {method} is the simpler of the two", method=_short(best))] if gain < LEAST_GAIN else []
        return verdict("".join([*parts, _(".")]), best, test)
    known["evidence"] = _("{p}, {size}", p=p_text(test.p_value), size=size)
    if gain >= LEAST_GAIN and test.p_value < SIGNIFICANCE:
        sentence = _(
            "Better than the best baseline ({method}) by {gain} in {metric} ({evidence}).",
            method=_spoken(best),
            gain=percent(gain),
            **known,
        )
        return verdict(sentence, best, test, better=True)
    if gain <= -LEAST_GAIN and test.p_value * len(baselines) < SIGNIFICANCE:
        known |= {"method": _spoken(best), "use": _short(best), "relation": compared(ours, lowest)}
        sentence = (
            _("Worse than {method} ({name}'s {metric} is {relation} as high, {evidence}): use {use}.", **known)
            if is_many(ours, lowest)
            else _("Worse than {method} by {loss} in {metric} ({evidence}): use {use}.", loss=percent(-gain), **known)
        )
        return verdict(sentence, best, test)
    method = next(n for n in baselines if n == best or pairs.will_do(n, best))
    gain, test = pairs.gain(model, baselines[method]), pairs.test(model, baselines[method])
    other = pairs.loss(baselines[method])
    relation = compared(ours, other)
    p, many = test.p_value, len(baselines)
    if gain <= -LEAST_GAIN and p < SIGNIFICANCE:  # chosen as the best of several: what decides is said
        evidence = _("{p} for the best of {n}, {size}", p=p_text(min(1.0, p * many)), n=many, size=size)
    else:
        evidence = _("{p}, {size}", p=p_text(p), size=size)
    known |= {
        "method": _spoken(method),
        "use": _short(method),
        "relation": _("{relation} as high", relation=relation) if is_many(ours, other) else relation,
        "evidence": evidence,
    }
    sentence = (
        _(
            "{name} and {method} are the same within 1 % ({name}'s {metric} is {relation}, {evidence}): {use} is the "
            "simpler of the two.",
            **known,
        )
        if abs(gain) < LEAST_GAIN
        else _(
            "{name} and {method} are the same within chance ({name}'s {metric} is {relation}, {evidence}): {use} is "
            "the simpler of the two.",
            **known,
        )
    )
    return verdict(sentence, method, test, tie=True)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Comparisons between any two of the forecasts."""

    model: Floats
    baselines: Mapping[str, Floats]
    overlap: int

    def loss(self, losses: Floats) -> float:
        """The mean loss; 0 where it is rounding."""
        mean = float(mean_of_known(mean_of_known(losses)))
        return 0.0 if mean <= EXACT else mean

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
        worse = self.gain(self.model, losses) <= -LEAST_GAIN
        worse = worse and self.test(self.model, losses).p_value * len(self.baselines) < SIGNIFICANCE
        beaten = self.clearly_better(lowest, losses) or self.clearly_better(self.model, losses)
        return close and not worse and not beaten


def _spoken(name: str, *, capital: bool = False) -> str:
    spoken = method_name(SPOKEN.get(name, name))
    return spoken[:1].upper() + spoken[1:] if capital else spoken


def _short(name: str) -> str:
    return method_name(_BRIEF.get(name, name))


def _size(series: int, origins: int, *, equal: bool) -> str:
    several, times = count(series, "series", "series"), count(origins, "origin")
    if equal:
        return _("{series} x {origins}", series=several, origins=times)
    return _("{series} x up to {origins}", series=several, origins=times)
