"""Scores are scikit-learn's wherever it has them, and do not care for the order of the examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import metrics

from recurra.evaluation.labelled.scores import known_rows, score_classes, score_labels, score_values
from recurra.evaluation.shared.bootstrap import Score, resample


def probabilities(truth: np.ndarray, k: int, seed: int = 0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(len(truth), k)) + 1.5 * (truth[:, None] == np.arange(k))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def values(scores: dict[str, Score]) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


@pytest.mark.parametrize("k", [2, 3, 7])
def test_classes(k: int) -> None:
    truth = np.random.default_rng(k).integers(k, size=200)
    p = probabilities(truth, k)
    said, found = p.argmax(axis=1), values(score_classes(truth, p))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    assert found["macro F1"] == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert found["log loss"] == pytest.approx(metrics.log_loss(truth, p))
    area = metrics.roc_auc_score(truth, p[:, 1] if k == 2 else p, multi_class="ovr", average="macro")
    assert found["ROC-AUC"] == pytest.approx(area)
    assert found["Brier"] == pytest.approx(np.square(p - np.eye(k)[truth]).sum(axis=1).mean())


def test_the_order_is_of_no_account() -> None:
    truth = np.random.default_rng(0).integers(3, size=60)
    p, order = probabilities(truth, 3), np.random.default_rng(1).permutation(60)
    assert values(score_classes(truth[order], p[order])) == pytest.approx(values(score_classes(truth, p)))


def test_calibration_error() -> None:
    truth = np.arange(1000) % 10 >= 7  # 30 %
    p = np.where(np.ones((1000, 1)) > 0, [0.7, 0.3], 0.0)
    assert score_classes(truth.astype(int), p)["calibration error"].value == pytest.approx(0.0, abs=1e-12)
    p = np.where(np.ones((1000, 1)) > 0, [0.9, 0.1], 0.0)
    assert score_classes(truth.astype(int), p)["calibration error"].value == pytest.approx(0.2)


def test_a_class_that_never_occurs() -> None:
    truth = np.array([0, 1, 1, 0])
    p = probabilities(truth, 3)
    found, said = values(score_classes(truth, p)), p.argmax(axis=1)
    assert found["balanced accuracy"] == pytest.approx(np.mean([(said[truth == k] == k).mean() for k in (0, 1)]))
    assert found["ROC-AUC"] == pytest.approx(np.mean([metrics.roc_auc_score(truth == k, p[:, k]) for k in (0, 1)]))


def test_one_example() -> None:
    found = values(score_classes(np.array([1]), np.array([[0.2, 0.8]])))
    assert np.isnan(found.pop("ROC-AUC"))
    assert found == pytest.approx(
        {
            "accuracy": 1.0,
            "balanced accuracy": 1.0,
            "macro F1": 1.0,
            "log loss": -np.log(0.8),
            "Brier": 0.08,
            "calibration error": 0.2,
        }
    )


def test_a_sure_error_costs_a_finite_loss() -> None:
    truth, p = np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])
    assert score_classes(truth, p)["log loss"].value == pytest.approx(metrics.log_loss(truth, p))


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 9])
def test_intervals_of_macro_scores_hold_what_resamples_give(k: int) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(k, size=150)
    p = probabilities(truth, k)
    draws = resample(score_classes(truth, p), draws=300)
    said = p.argmax(axis=1)
    rows = rng.integers(150, size=(300, 150))
    for name, score in (
        ("macro F1", lambda y, s: metrics.f1_score(y, s, average="macro")),
        ("accuracy", metrics.accuracy_score),
    ):
        true = [score(truth[r], said[r]) for r in rows]
        assert draws[name].mean() == pytest.approx(np.mean(true), abs=0.01)
        assert draws[name].std() == pytest.approx(np.std(true), rel=0.2)


def test_labels() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random((100, 4)) < 0.4).astype(float)
    p = np.clip(0.5 * truth + 0.5 * rng.random((100, 4)), 0, 1)
    said, found = p >= 0.5, values(score_labels(truth, p))
    assert found["macro F1"] == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert found["micro F1"] == pytest.approx(metrics.f1_score(truth, said, average="micro"))
    assert found["subset accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["macro AUC"] == pytest.approx(float(metrics.roc_auc_score(truth, p, average="macro")))
    assert found["log loss"] == pytest.approx(metrics.log_loss(truth.ravel(), p.ravel()))


def test_missing_labels_are_left_out() -> None:
    rng = np.random.default_rng(4)
    truth, p = (rng.random((100, 2)) < 0.4).astype(float), rng.random((100, 2))
    truth[:50, 1] = np.nan
    found = values(score_labels(truth, p))
    known = ~np.isnan(truth)
    assert found["log loss"] == pytest.approx(metrics.log_loss(truth[known], p[known]))
    assert found["micro F1"] == pytest.approx(metrics.f1_score(truth[known], p[known] >= 0.5))
    assert found["subset accuracy"] == pytest.approx(metrics.accuracy_score(truth[50:], p[50:] >= 0.5))


def test_values() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(1e4, 3.0, size=(120, 2))
    f = truth + rng.normal(size=(120, 2))
    found = values(score_values(truth, f))
    assert found["R2"] == pytest.approx(metrics.r2_score(truth, f))
    assert found["MAE"] == pytest.approx(metrics.mean_absolute_error(truth, f))
    assert found["RMSE"] == pytest.approx(metrics.root_mean_squared_error(truth, f))
    assert found["Pearson"] == pytest.approx(np.mean([np.corrcoef(truth[:, k], f[:, k])[0, 1] for k in (0, 1)]))
    assert found["Spearman"] == pytest.approx(np.mean([np.asarray(spearmanr(truth[:, k], f[:, k]))[0] for k in (0, 1)]))


def test_missing_values_are_left_out_and_units_are_of_no_account() -> None:
    rng = np.random.default_rng(6)
    truth, f = rng.normal(size=(50, 1)), rng.normal(size=(50, 1))
    whole = values(score_values(truth[:40], f[:40]))
    truth[40:] = np.nan
    assert values(score_values(truth, f)) == pytest.approx(whole)
    scaled = values(score_values(1e-3 * truth + 7, 1e-3 * f + 7))
    for name in ("R2", "Spearman", "Pearson"):
        assert scaled[name] == pytest.approx(whole[name])
    assert scaled["MAE"] == pytest.approx(1e-3 * whole["MAE"])


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**1000])
def test_values_whose_squares_are_no_numbers(unit: float) -> None:
    rng = np.random.default_rng(7)
    truth, f = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    plain, scaled = (values(score_values(u * truth, u * f)) for u in (1.0, unit))
    units = {name: unit if name in ("MAE", "RMSE") else 1.0 for name in plain}
    assert scaled == pytest.approx({name: units[name] * value for name, value in plain.items()}, rel=1e-12, abs=0)


def test_equal_values_have_no_correlation_and_no_share_explained() -> None:
    truth = np.arange(5.0)[:, None]
    flat = values(score_values(truth, np.full((5, 1), 0.3)))
    assert np.isnan(flat["Pearson"])
    assert np.isnan(flat["Spearman"])
    assert np.isnan(score_values(np.ones((5, 1)), truth)["R2"].value)
    assert np.isnan(score_values(np.ones((1, 1)), np.ones((1, 1)))["R2"].value)


def test_known_rows() -> None:
    assert known_rows(np.array([0, -1, 2])).tolist() == [True, False, True]
    assert known_rows(np.array([[np.nan, 1.0], [np.nan, np.nan]])).tolist() == [True, False]
