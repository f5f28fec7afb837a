"""Classes are chosen for the metric that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from recurra.evaluation.labelled.decisions import fit_offset

RNG = np.random.default_rng(0)
TRUTH = (RNG.random(4000) < 0.1).astype(np.int64)
SIGN = RNG.normal(size=4000) + 1.2 * TRUTH
CHANCE = 1 / (1 + 9 * np.exp(-(1.2 * SIGN - 0.72)))  # Bayes' rule: N(0, 1) against N(1.2, 1), one in ten
LOGITS = np.log(np.stack([1 - CHANCE, CHANCE], axis=1))
SHARES = np.array([0.9, 0.1])


def test_balanced_accuracy_is_near_what_equal_priors_reach() -> None:
    offset = fit_offset(LOGITS[:2000], TRUTH[:2000], "balanced_accuracy", SHARES)
    reached = balanced_accuracy_score(TRUTH[2000:], (LOGITS[2000:] + offset).argmax(axis=1))
    best = balanced_accuracy_score(TRUTH[2000:], (SIGN[2000:] > 0.6).astype(int))
    plain = balanced_accuracy_score(TRUTH[2000:], LOGITS[2000:].argmax(axis=1))
    assert reached > best - 0.02 > plain + 0.1


def test_macro_f1_is_better_than_that_of_the_likeliest_class() -> None:
    offset = fit_offset(LOGITS[:2000], TRUTH[:2000], "macro_f1", SHARES)
    said = (LOGITS[2000:] + offset).argmax(axis=1)
    assert f1_score(TRUTH[2000:], said, average="macro") > 0.03 + f1_score(
        TRUTH[2000:], LOGITS[2000:].argmax(axis=1), average="macro"
    )


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_the_likeliest_class_serves_these(metric: str) -> None:
    assert fit_offset(LOGITS, TRUTH, metric, SHARES) is None


def test_of_few_examples_theory_decides() -> None:
    offset = fit_offset(LOGITS[:5], TRUTH[:5], "balanced_accuracy", SHARES)
    assert offset is not None
    np.testing.assert_allclose(offset[1] - offset[0], np.log(9))
