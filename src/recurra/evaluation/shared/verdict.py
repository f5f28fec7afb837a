"""The verdict on a labelled task in one sentence: is the model better than the best baseline, and if not, what to use?

*Better* is said only where the leading score exceeds that of the best baseline by at least half a point (0.005) and
the paired bootstrap gives p < 0.05. The best baseline is chosen on the very data of the test, which flatters it: the
comparison is conservative for the model. For *worse* the same choice is not conservative, so p is multiplied by the
number of baselines (Bonferroni).

Otherwise the model is *no better*, and the simplest baseline is recommended that does as well as the best one (at most
two points below it, and not below by the two measures above) and is not beaten by the model either. With fewer than
20 test units there is no test, and the sentence says so: a bootstrap of so few knows too little of what was not drawn.
Where neither the model nor any baseline gets anything right, nothing is recommended in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.shared.bootstrap import Score, interval, p_value
from recurra.formatting import count, p_text
from recurra.language import _, mark
from recurra.methods import method_in_sentence
from recurra.scores import shown_as

Floats = npt.NDArray[np.floating]

SIGNIFICANCE = 0.05
LEAST_GAIN = 0.005  # a smaller difference is not worth a more elaborate method
CLOSE = 0.02  # a baseline that is further below does not pass for the best, however weak the test
FEWEST_UNITS = 20


@dataclass(frozen=True)
class Verdict:
    """One sentence, and the figures in it.

    `score` is the name of the leading score, `baseline` the method that the sentence compares with, `difference` the
    model's score less its score, with the 95 % interval `low` to `high` and the two-sided `p_value` (NaN: no test);
    `use` is the method recommended ("" for the model itself), `best_baseline` the one of highest score, `units` the
    number of test examples, sequences or groups that were drawn.
    """

    sentence: str
    better: bool
    score: str
    baseline: str
    difference: float
    low: float
    high: float
    p_value: float
    use: str
    best_baseline: str
    units: int


def decide(
    scores: Mapping[str, Score], draws: Mapping[str, Floats], *, model: str, name: str, unit: str = "test example"
) -> Verdict:
    """Evaluate the leading score `name` of every method; higher is better, of a loss lower.

    `scores` and `draws` (`bootstrap.resample`) hold `model` and the baselines, from the simplest to the most
    elaborate. Raises InputError without a baseline.
    """
    baselines = [method for method in scores if method != model]
    kind = shown_as(name)
    sign = -1.0 if kind.higher is False else 1.0
    gain = kind.top * LEAST_GAIN
    values = {method: sign * score.value for method, score in scores.items()}
    if not baselines:
        raise InputError(_("there is nothing to evaluate: at least one baseline is needed"))
    units = scores[model].sums.shape[0]
    rivals = [method for method in baselines if not np.isnan(values[method])]
    if not rivals or np.isnan(values[model]):
        sentence = _(
            "No verdict: the {score} is not defined on {size}; use {use}.",
            score=_(name),
            size=count(units, unit),
            use=method_in_sentence(baselines[0]),
        )
        unknown, simplest = float("nan"), baselines[0]
        return Verdict(sentence, False, name, simplest, unknown, unknown, unknown, unknown, simplest, simplest, units)
    tested = units >= FEWEST_UNITS

    def p(first: str, second: str) -> float:
        return p_value(draws[first] - draws[second]) if tested else float("nan")

    def clearly_above(first: str, second: str, times: int = 1) -> bool:
        return values[first] - values[second] >= gain and times * p(first, second) < SIGNIFICANCE

    def will_do(method: str) -> bool:
        close = values[method] >= values[best] - kind.top * CLOSE
        return close and not clearly_above(best, method) and not clearly_above(model, method)

    def verdict(template: str, method: str, *, better: bool = False) -> Verdict:
        low, high = interval(draws[model] - draws[method]) if tested else (float("nan"), float("nan"))
        difference = sign * (values[model] - values[method])
        figures = _(
            "{score} {ours} against {theirs}",
            score=_(name),
            ours=kind.text(sign * values[model]),
            theirs=kind.text(sign * values[method]),
        )
        size, named = count(units, unit), method_in_sentence(method)
        if tested:
            size = _(
                "95 % interval of the difference {interval}, {p}, {size}",
                interval=kind.difference_text(low, high),
                p=p_text(p(model, method)),
                size=size,
            )
        sentence = _(
            template,
            method=named,
            figures=figures,
            size=size,
            use=named,
            unit=_(f"{unit}s"),
        )
        advised = "" if better else method
        return Verdict(sentence, better, name, method, difference, low, high, p(model, method), advised, best, units)

    best = max(rivals, key=lambda method: values[method])
    counts_right = kind.higher is True and (kind.share or kind.top > 1)  # 0: nothing right
    if counts_right and max(values[model], values[best]) < gain:
        return verdict(mark("Nothing is right, by the network or by {method}: {figures} ({size})."), best)
    if not tested:
        few, unless = (
            mark("Too few {unit} to tell whether it is better than {method}: {figures} ({size})."),
            mark("Too few {unit} to tell whether it is better than {method}: {figures} ({size}); use {use}."),
        )
        return verdict(unless if values[model] - values[best] < gain else few, best)
    if clearly_above(model, best):
        return verdict(mark("Better than the best baseline ({method}): {figures} ({size})."), best, better=True)
    if clearly_above(best, model, len(rivals)):
        return verdict(mark("Worse than {method}: {figures} ({size}); use {use}."), best)
    method = next(method for method in rivals if method == best or will_do(method))
    if values[model] - values[method] >= gain:
        doubted = mark("No better than {method} as far as this test can tell: {figures} ({size}); use {use}.")
        return verdict(doubted, method)
    return verdict(mark("No better than {method}: {figures} ({size}); use {use}."), method)


UNITS = (  # that are drawn
    mark("test examples"),
    mark("test groups"),
    mark("test sequences"),
    mark("test recordings"),
    mark("test speakers"),
    mark("test passages"),
    mark("test sessions"),
    mark("test games"),
    mark("test sentences"),
)
