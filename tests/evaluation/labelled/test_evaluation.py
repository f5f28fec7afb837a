"""A evaluation holds every method's scores and intervals and speaks of the right one."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.evaluation.labelled.evaluation import evaluate_classes, evaluate_labels, evaluate_tags, evaluate_values

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(3, size=240)
NAMES = ["a", "b", "c"]


def probabilities(gain: float, truth: np.ndarray = TRUTH, seed: int = 1) -> np.ndarray:
    raw = np.exp(np.random.default_rng(seed).normal(size=(len(truth), 3)) + gain * (truth[:, None] == np.arange(3)))
    return raw / raw.sum(axis=1, keepdims=True)


BASELINES = {"shares": np.full((240, 3), 1 / 3), "linear": probabilities(1.0, seed=2)}


def test_classes() -> None:
    found = evaluate_classes(TRUTH, probabilities(3.0), BASELINES, names=NAMES, draws=300)
    assert found.table.index.tolist() == ["Recurra", "shares", "linear"]
    assert found.leading == "accuracy"
    assert found.table.loc["Recurra", "accuracy"] == (probabilities(3.0).argmax(axis=1) == TRUTH).mean()
    assert found.verdict.better
    assert found.verdict.best_baseline == "linear"
    merged = found.intervals.set_index(["method", "score"])
    assert len(merged) == found.table.size
    for method, score in merged.index.difference([("shares", "calibration error")]):
        low, high = merged.loc[(method, score)]
        assert low - 0.03 <= found.table.loc[method, score] <= high + 0.03
    assert found.per_class["count"].sum() == found.confusion["count"].sum() == found.reliability["count"].sum() == 240


def test_same_seed_same_evaluation_and_the_order_of_examples_is_of_no_account_to_scores() -> None:
    order = RNG.permutation(240)
    one = evaluate_classes(TRUTH, probabilities(2.0), BASELINES, names=NAMES)
    again = evaluate_classes(TRUTH, probabilities(2.0), BASELINES, names=NAMES)
    assert one.verdict == again.verdict
    moved = {name: p[order] for name, p in BASELINES.items()}
    other = evaluate_classes(TRUTH[order], probabilities(2.0)[order], moved, names=NAMES)
    np.testing.assert_allclose(other.table, one.table)


def test_missing_truths_are_left_out() -> None:
    truth = TRUTH.copy()
    truth[200:] = -1
    p = probabilities(2.0)
    p[200:] = np.nan
    found = evaluate_classes(truth, p, BASELINES, names=NAMES)
    head = evaluate_classes(TRUTH[:200], p[:200], {n: b[:200] for n, b in BASELINES.items()}, names=NAMES)
    np.testing.assert_allclose(found.table, head.table)
    assert found.verdict == head.verdict


def test_unequal_classes_are_evaluated_by_balanced_accuracy() -> None:
    truth = np.where(np.arange(240) % 10, 0, 1)
    found = evaluate_classes(truth, probabilities(2.0, truth), {"shares": BASELINES["shares"]}, names=NAMES)
    assert found.leading == "balanced accuracy"


def test_groups_widen_intervals() -> None:
    repeated = np.repeat(np.arange(240), 4)
    args = TRUTH[repeated], probabilities(1.0)[repeated], {name: p[repeated] for name, p in BASELINES.items()}
    free, grouped = (evaluate_classes(*args, names=NAMES, groups=groups) for groups in (None, repeated))
    np.testing.assert_allclose(free.table, grouped.table)
    widths = [(j.intervals["high"] - j.intervals["low"])[0] for j in (free, grouped)]
    assert widths[1] > 1.6 * widths[0]
    assert grouped.verdict.sentence.find("240 test groups") > 0


def test_tags_are_drawn_by_sequence() -> None:
    lengths = np.full(24, 10)
    found = evaluate_tags(TRUTH, probabilities(3.0), BASELINES, lengths=lengths, names=NAMES)
    assert found.verdict.units == 24
    assert "24 test sequences" in found.verdict.sentence
    assert found.table.loc["Recurra", "accuracy"] == (probabilities(3.0).argmax(axis=1) == TRUTH).mean()


def test_labels() -> None:
    truth = (RNG.random((200, 2)) < 0.4).astype(float)
    p = np.clip(0.4 + 0.3 * (truth - 0.4) + 0.1 * RNG.normal(size=truth.shape), 0, 1)
    truth[:10, 0], truth[10:20, 1] = np.nan, -1
    found = evaluate_labels(truth, p, {"shares": np.full((200, 2), 0.4)}, names=["x", "y"])
    assert found.leading == "macro AUC"
    assert found.table.loc["shares", "macro AUC"] == 0.5
    assert found.verdict.better
    assert found.reliability["count"].sum() == 380


def test_values() -> None:
    truth = RNG.normal(size=(200, 2))
    found = evaluate_values(truth, truth + 0.3, {"mean": np.zeros((200, 2))}, names=["x", "y"])
    assert found.leading == "R2"
    assert found.verdict.better
    assert found.confusion.empty
    assert found.reliability.empty
    assert found.per_class["output"].tolist() == ["x", "y"]


@pytest.mark.parametrize("n", [1, 2])
def test_a_test_part_of_almost_nothing(n: int) -> None:
    part = {name: p[:n] for name, p in BASELINES.items()}
    found = evaluate_classes(TRUTH[:n], probabilities(2.0)[:n], part, names=NAMES)
    assert found.verdict.sentence.startswith("Too few test examples to tell")
    values = evaluate_values(np.ones((n, 1)), np.ones((n, 1)), {"mean": np.ones((n, 1))}, names=["x"])
    assert values.verdict.sentence.startswith("No verdict: the R2 is not defined")


def test_refusals() -> None:
    p = probabilities(1.0)
    with pytest.raises(InputError, match="truth holds no known value"):
        evaluate_classes(np.full(240, -1), p, BASELINES, names=NAMES)
    with pytest.raises(InputError, match=r"'linear' has outputs of shape \(10, 3\), the truth \(240,\)"):
        evaluate_classes(TRUTH, p, {"linear": p[:10]}, names=NAMES)
    with pytest.raises(InputError, match="model='linear' is also the name of a baseline"):
        evaluate_classes(TRUTH, p, BASELINES, names=NAMES, model="linear")
    p[7, 1] = np.inf
    with pytest.raises(InputError, match="'Recurra' is not finite in row 7"):
        evaluate_classes(TRUTH, p, BASELINES, names=NAMES)
    with pytest.raises(InputError, match=r"truth has shape \(240,\): expected \[N, K\]"):
        evaluate_values(TRUTH, p, BASELINES, names=NAMES)
