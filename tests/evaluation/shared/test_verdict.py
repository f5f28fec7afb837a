"""The sentence says better only where that is sure and worth it, and otherwise names the simplest that will do."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.evaluation.shared.bootstrap import linear, mean_score, resample
from recurra.evaluation.shared.verdict import Verdict, decide

RNG = np.random.default_rng(0)


def right(share: float, n: int = 1000, seed: int = 0) -> np.ndarray:
    """Exactly this share of n examples right, which ones being drawn."""
    return np.random.default_rng(seed).permutation(np.arange(n) < round(share * n))


def verdict_of(name: str = "accuracy", **methods: np.ndarray) -> Verdict:
    scores = {method.replace("_", " "): mean_score(values) for method, values in methods.items()}
    return decide(scores, resample(scores), model="ours", name=name)


def test_better() -> None:
    verdict = verdict_of(ours=right(0.85, seed=1), shares=right(0.5, seed=2), n_grams=right(0.78, seed=3))
    assert verdict.sentence.startswith(
        "Better than the best baseline (n grams): accuracy 85.0 % against 78.0 % (95 % interval of the difference +"
    )
    assert verdict.sentence.endswith(" points, p = 0.002, 1,000 test examples).")
    assert (verdict.better, verdict.use, verdict.best_baseline, verdict.units) == (True, "", "n grams", 1000)
    assert verdict.difference == pytest.approx(0.07)
    assert 0 < verdict.low < 0.07 < verdict.high


@pytest.mark.slow
def test_a_certain_but_tiny_gain_is_no_better() -> None:
    base = right(0.8, n=50_000)
    ours = base | (np.arange(50_000) % 400 == 0)
    verdict = verdict_of(ours=ours, linear=base)
    assert verdict.p_value < 0.05
    assert not verdict.better
    assert verdict.sentence.startswith("No better than linear: accuracy 80.1 % against 80.0 %")


def test_a_large_but_uncertain_gain_is_no_better_as_far_as_one_can_tell() -> None:
    verdict = verdict_of(ours=right(0.74, 100, seed=1), linear=right(0.7, 100, seed=2))
    assert not verdict.better
    assert verdict.sentence.startswith("No better than linear as far as this test can tell: accuracy 74.0 %")
    assert verdict.sentence.endswith("; use linear.")
    assert verdict.use == "linear"


def test_worse() -> None:
    verdict = verdict_of(ours=right(0.6, seed=1), shares=right(0.5, seed=2), linear=right(0.8, seed=3))
    assert verdict.sentence.startswith("Worse than linear: accuracy 60.0 % against 80.0 %")
    assert verdict.use == "linear"
    assert verdict.difference == pytest.approx(-0.2)


def test_the_simplest_that_will_do_is_recommended() -> None:
    linear_ = right(0.8)
    simple = linear_.copy()
    simple[np.flatnonzero(linear_)[:2]] = False
    verdict = verdict_of(ours=linear_, shares=right(0.5, seed=5), simple=simple, elaborate=linear_)
    assert (verdict.use, verdict.best_baseline) == ("simple", "elaborate")


def test_other_scores_are_spoken_as_they_are() -> None:
    ours, base = RNG.normal(0.8, 0.1, 500), RNG.normal(0.7, 0.1, 500)
    sentence = verdict_of("R2", ours=ours, mean=base).sentence
    assert sentence.startswith(
        f"Better than the best baseline (the mean): R2 {ours.mean():.3f} against {base.mean():.3f} ("
    )
    assert "points" not in sentence


def test_a_sentence_writes_a_score_as_tables_do() -> None:
    ours, base = right(0.85, seed=1), right(0.5, seed=2)
    for name in ("accuracy", "macro F1", "ROC-AUC", "recall@20"):
        assert (
            f"{100 * ours.mean():.1f} % against {100 * base.mean():.1f} %"
            in verdict_of(name, ours=ours, base=base).sentence
        )
    assert not verdict_of("log loss", ours=ours, base=base).better  # the lower is the better one
    assert verdict_of("nats per frame", ours=base, base=ours).better


def test_too_few() -> None:
    verdict = verdict_of(ours=right(1.0, 1), shares=np.zeros(1))
    assert verdict.sentence == (
        "Too few test examples to tell whether it is better than shares: "
        "accuracy 100.0 % against 0.0 % (1 test example)."
    )
    assert not verdict.better
    assert np.isnan(verdict.p_value)
    assert verdict_of(ours=right(0.5, 19), shares=right(0.8, 19)).sentence.endswith("(19 test examples); use shares.")


def test_nothing_to_say() -> None:
    scores = {"ours": linear(float("nan"), np.zeros(30), 0, 1), "shares": mean_score(np.ones(30))}
    verdict = decide(scores, resample(scores), model="ours", name="ROC-AUC")
    assert verdict.sentence == "No verdict: the ROC-AUC is not defined on 30 test examples; use shares."
    assert verdict.use == "shares"
    with pytest.raises(InputError, match="at least one baseline is needed"):
        verdict_of(ours=np.ones(30))


def test_where_nothing_is_right_nothing_is_advised() -> None:
    verdict = verdict_of(ours=right(0.0), copying=right(0.0), memory=right(0.001))
    assert verdict.sentence.startswith("Nothing is right, by the network or by memory: accuracy 0.0 % against 0.1 % (")
    assert not verdict.better
    assert "use" not in verdict.sentence
