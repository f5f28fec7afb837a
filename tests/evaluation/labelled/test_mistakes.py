"""Where the model errs is what scikit-learn's tables say."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from recurra.evaluation.labelled.mistakes import confusion, per_class, per_label, per_output

RNG = np.random.default_rng(0)


def test_classes() -> None:
    truth, p = RNG.integers(3, size=90), RNG.random((90, 4))
    p[:, 3] = 0.0
    table = per_class(truth, p, ["a", "b", "c", "never"])
    expected = np.array(metrics.precision_recall_fscore_support(truth, p.argmax(axis=1), labels=[0, 1, 2]), float)
    np.testing.assert_allclose(table.loc[:2, ["precision", "recall", "f1", "count"]].to_numpy(dtype=float).T, expected)
    assert table["class"].tolist() == ["a", "b", "c", "never"]
    assert np.isnan(table[["precision", "recall", "f1", "auc"]].to_numpy(dtype=float)[3]).all()
    assert table.loc[1, "auc"] == metrics.roc_auc_score(truth == 1, p[:, 1])


def test_labels_where_known() -> None:
    truth, p = (RNG.random((80, 2)) < 0.5).astype(float), RNG.random((80, 2))
    truth[:30, 1] = np.nan
    table = per_label(truth, p, ["x", "y"])
    assert table.loc[1, "count"] == np.nansum(truth[:, 1])
    assert table.loc[1, "f1"] == metrics.f1_score(truth[30:, 1], p[30:, 1] >= 0.5)


def test_outputs() -> None:
    truth = RNG.normal(size=(40, 2))
    truth[:9, 1] = np.nan
    table = per_output(truth, truth + 0.5, ["u", "v"])
    assert table["count"].tolist() == [40, 31]
    np.testing.assert_allclose(table["MAE"], 0.5)
    np.testing.assert_allclose(table["Spearman"], 1.0)


def test_confusion() -> None:
    truth, said = RNG.integers(4, size=200), RNG.integers(4, size=200)
    table = confusion(truth, said, list("abcd"))
    wide = table.pivot(index="truth", columns="predicted", values="count").to_numpy()
    np.testing.assert_array_equal(wide, metrics.confusion_matrix(truth, said))


def test_of_many_classes_the_most_confused_pairs() -> None:
    truth = np.repeat([0, 1, 2], [5, 3, 9])
    table = confusion(truth, np.repeat([7, 8, 2], [5, 3, 9]), [f"c{k}" for k in range(30)])
    assert table.to_numpy().tolist() == [["c0", "c7", 5], ["c1", "c8", 3]]
