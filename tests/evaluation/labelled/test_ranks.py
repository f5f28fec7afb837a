"""Areas and rank correlations are those of scikit-learn and scipy, and so is how far they scatter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from recurra.evaluation.labelled.ranks import auc, macro_auc, spearman
from recurra.evaluation.shared.bootstrap import resample

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


@given(PAIRS.filter(lambda pairs: len({positive for positive, _ in pairs}) == 2))
def test_area_with_ties(pairs: list[tuple[bool, int]]) -> None:
    positive, score = np.array([p for p, _ in pairs]), np.array([s for _, s in pairs], dtype=float)
    area, influence = auc(positive, score)
    assert area == pytest.approx(roc_auc_score(positive, score))
    assert influence.mean() == pytest.approx(0.0, abs=1e-12)
    assert auc(positive, np.exp(score))[0] == pytest.approx(area)
    assert auc(~positive, score)[0] == pytest.approx(1 - area)


def test_no_area_without_both_kinds() -> None:
    assert np.isnan(auc(np.ones(3, dtype=bool), np.arange(3.0))[0])
    assert np.isnan(macro_auc(np.ones((3, 2)), np.zeros((3, 2))).value)


def scatter(value, *arrays: np.ndarray) -> float:
    """The standard deviation of a score over true resamples."""
    rng = np.random.default_rng(0)
    n = len(arrays[0])
    return float(np.std([value(*(a[rows] for a in arrays)) for rows in rng.integers(n, size=(600, n))]))


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_the_area_scatters_as_resamples_do(gap: float) -> None:
    rng = np.random.default_rng(2)
    truth = (rng.random(300) < 0.3).astype(float)
    score = gap * truth + rng.normal(size=300)
    expected = scatter(lambda y, s: roc_auc_score(y, s), truth, score)
    draws = resample({"auc": macro_auc(truth[:, None], score[:, None])})["auc"]
    assert draws.std() == pytest.approx(expected, rel=0.12)


def test_macro_area_leaves_missing_truths_out() -> None:
    rng = np.random.default_rng(3)
    truth, score = rng.integers(2, size=(50, 3)).astype(float), rng.normal(size=(50, 3))
    assert macro_auc(truth, score).value == pytest.approx(float(roc_auc_score(truth, score, average="macro")))
    truth[:20, 1] = np.nan
    areas = [roc_auc_score(truth[:, k], score[:, k]) for k in (0, 2)] + [roc_auc_score(truth[20:, 1], score[20:, 1])]
    assert macro_auc(truth, score).value == pytest.approx(np.mean(areas))


@pytest.mark.slow
@pytest.mark.parametrize("decimals", [6, 0])
def test_rank_correlation(decimals: int) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=300).round(decimals)
    y = (x + rng.normal(size=300)).round(decimals)
    found = spearman(x, y)
    assert found.value == pytest.approx(spearmanr(x, y)[0])
    assert spearman(np.exp(x), 3 * y).value == pytest.approx(found.value)
    expected = scatter(lambda a, b: spearmanr(a, b)[0], x, y)
    assert resample({"rho": found})["rho"].std() == pytest.approx(expected, rel=0.12)


def test_no_rank_correlation_with_a_constant() -> None:
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)).value)
    assert np.isnan(spearman(np.zeros(0), np.zeros(0)).value)
