"""Laws of every estimator: rows do not know each other, the same seed gives the same bits, nothing leaks."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.tasks.sequences import (
    SIDES,
    SILENT,
    SMALL,
    Killed,
    Watcher,
    classifier,
    file_of,
    outputs,
    regressor,
    reviews,
    sides,
    strands,
    tagger,
)

from recurra import InputError, SequenceOptions, TrainingOptions
from recurra.data.examples.splits import Parts
from recurra.inspect import Finding
from recurra.tasks.labelled.problem import network_outputs
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder

TEXTS, LABELS = reviews()
LETTERS, TAGS = strands(60)
RAISE: Any = "raise"  # the stubs of scikit-learn know numbers only
COUNTS = [float(row.count("A")) for row in LETTERS]
FRAME, SIDE_LABELS = sides()
CASES = {
    "classifier": (classifier, TEXTS, LABELS),
    "tagger": (tagger, LETTERS, TAGS),
    "regressor": (regressor, LETTERS, COUNTS),
    "sides": (lambda **more: classifier(inputs=SIDES, **more), FRAME, SIDE_LABELS),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {name: make().fit(X, y, run=SILENT) for name, (make, X, y) in CASES.items()}


@pytest.mark.parametrize(
    "evaluate",
    [
        lambda model, *bad: model.fit(*bad, run=SILENT),
        lambda model, *bad: model.study(*bad, run=SILENT),
        lambda model, *bad: model.study(LETTERS, TAGS, test=bad, run=SILENT),
    ],
    ids=["fit", "study", "test"],
)
def test_a_refused_label_is_named_by_its_row_in_what_was_given(evaluate: Any) -> None:
    letters, tags = [None, *LETTERS[1:]], [*TAGS[:5], TAGS[5][:-1], *TAGS[6:]]
    with pytest.raises(InputError, match=r"tags? in row 6, and its sequence has"):
        evaluate(tagger(empty="drop"), letters, tags)


def taken(X: Any, rows: list[int]) -> Any:
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else [X[k] for k in rows]


def by_row(model: Any, X: Any) -> list[np.ndarray]:
    found = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    return [np.atleast_1d(row) for row in found]


@pytest.mark.parametrize("name", CASES)
def test_rows_do_not_know_each_other(models, name):
    """A subset, another order, one row alone, and a row beside a much longer one."""
    model, X = models[name], CASES[name][1]
    whole = by_row(model, X)
    order = np.random.default_rng(0).permutation(len(whole)).tolist()
    for rows in (order, order[:7], order[:1]):
        for row, found in zip(rows, by_row(model, taken(X, rows)), strict=True):
            np.testing.assert_allclose(found, whole[row], atol=1e-6)
    if name != "sides":
        long = " ".join(TEXTS) if name == "classifier" else "".join(LETTERS)
        for found, expected in zip(by_row(model, [*X[:3], long]), whole[:3], strict=False):
            np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_gives_the_same_bits(models, tmp_path, name):
    make, X, y = CASES[name]
    assert file_of(make().fit(X, y, run=SILENT), tmp_path) == file_of(models[name], tmp_path)
    other = make(seed=1).fit(X, y, run=SILENT)
    assert not np.array_equal(outputs(other, X), outputs(models[name], X))


@pytest.mark.parametrize("name", CASES)
def test_copies_and_pickles_say_the_same(models, name):
    model, X = models[name], CASES[name][1]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(outputs(other, X), outputs(model, X))
        assert len(other.facts()) == len(model.facts())
    fresh: Any = clone(model)
    assert not hasattr(fresh, "model_")
    assert str(fresh.get_params()) == str(model.get_params())


@pytest.mark.parametrize("name", CASES)
def test_what_it_says_of_itself(models, name):
    model = models[name]
    learning = model.learning()
    assert set(learning["member"]) == {1, 2}
    assert set(learning["run"]) == {"training"}
    assert all(isinstance(finding, Finding) for finding in model.diagnose())
    assert any("passes in batches of 16" in fact.value for fact in model.facts())
    assert (model.gradient_flow()["gradient"] >= 0).all()


@pytest.mark.parametrize("name", CASES)
def test_changing_the_test_part_moves_nothing_that_was_fitted(name):
    """Vocabulary, statistics, weights, calibration: all of the training part alone."""
    make, X, y = CASES[name]
    rows = list(range(len(y)))
    train, test = rows[:-12], rows[-12:]

    def fitted(later: Any) -> Any:
        model = make(members=1)
        model.study(taken(X, train), [y[k] for k in train], test=(later, [y[k] for k in test]), run=SILENT)
        return model.model_

    later = taken(X, test)
    if isinstance(later, pd.DataFrame):
        other = later.assign(text="unheard words", age=1e6, town="Rome", walk=[1e3 * w for w in later["walk"]])
    else:
        other = ["Z" * len(row) if name != "classifier" else f"unheard {row}" for row in later]
    one, two = fitted(later), fitted(other)
    assert one.reader == two.reader
    assert (one.blend.network, one.blend.stacked) == (two.blend.network, two.blend.stacked)
    for a, b in zip(
        one.members[0].network.state_dict().values(), two.members[0].network.state_dict().values(), strict=True
    ):
        assert a.equal(b)


def test_groups_are_never_on_both_sides(monkeypatch):
    groups = np.arange(60) // 6
    seen: list[tuple[set, set]] = []

    def noted(*given: Any, **more: Any) -> Any:
        found = split_rows(*given, **more)
        parts = [found] if isinstance(found, Parts) else found
        seen.extend((set(more["groups"][p.train]), set(more["groups"][p.test])) for p in parts)
        return found

    from recurra.data.examples.splits import split_rows

    monkeypatch.setattr("recurra.tasks.labelled.estimator.split_rows", noted)
    model = classifier()
    model.study(TEXTS, LABELS, groups=groups, run=SILENT)
    assert seen
    assert all(not train & test for train, test in seen)
    column = model.holdout_.examples.columns["sequence"]
    assert isinstance(column, np.ndarray)
    tested = set(column.tolist())
    assert {groups[TEXTS.index(text)] for text in tested} == seen[0][1]


def test_wrong_groups_are_refused():
    with pytest.raises(InputError, match=r"groups have shape \(2,\): expected one for each of 60 examples"):
        classifier().fit(TEXTS, LABELS, groups=[1, 2], run=SILENT)
    with pytest.raises(InputError, match="groups are missing in row 1"):
        classifier().fit(TEXTS, LABELS, groups=[None] * 60, run=SILENT)


def test_confidence_is_fitted_to_held_out_examples(monkeypatch):
    """Every fifth label is wrong. Networks a hundred times as sure are made less sure by unseen ones."""
    labels = [("neg", "pos")[label == "neg"] if k % 5 == 0 else label for k, label in enumerate(LABELS)]
    plain = classifier(training=TrainingOptions(epochs=12, batch_size=16)).fit(TEXTS, labels, run=SILENT)
    real = network_outputs

    def boasting(*given: Any) -> Any:
        return 100 * real(*given)

    monkeypatch.setattr("recurra.tasks.labelled.model.network_outputs", boasting)
    sure = classifier(training=TrainingOptions(epochs=12, batch_size=16)).fit(TEXTS, labels, run=SILENT)
    assert sure.model_.blend.network < plain.model_.blend.network / 3


# Beside scikit-learn.


def test_in_a_pipeline():
    X = np.random.default_rng(0).normal(size=(50, 4))
    y = (X[:, 0] > 0).astype(int)
    scaler = StandardScaler().set_output(transform="pandas")
    found = make_pipeline(scaler, classifier(members=1)).fit(X, y).predict_proba(X)
    assert found.shape == (50, 2)
    model = make_pipeline(StandardScaler(), classifier(members=1)).set_output(transform="pandas").fit(X, y)
    assert model.predict(X).shape == (50,)
    features = model.transform(X)
    assert isinstance(features, pd.DataFrame)
    assert features.columns[0] == "hidden0"


def test_a_grid_over_cells_members_and_networks():
    grid = {"cell": ["gru", "rnn"], "members": [1, 2], "network": [SMALL, SequenceOptions(hidden=4, embedding=4)]}
    small = classifier(training=TrainingOptions(epochs=0.5))
    search = GridSearchCV(small, grid, cv=2, error_score=RAISE).fit(TEXTS, LABELS)
    assert len(search.cv_results_["params"]) == 8
    assert search.best_estimator_.predict(TEXTS[:2]).shape == (2,)


@pytest.mark.parametrize("name", CASES)
def test_cross_validation_with_groups(name):
    make, X, y = CASES[name]
    rows = np.arange(len(y))
    scores = cross_val_score(make(members=1), X, y, groups=rows % 6, cv=GroupKFold(3), error_score=RAISE)
    assert np.isfinite(scores).all()


# Interrupted and resumed.


def study(run: Run) -> Any:
    model = classifier(training=TrainingOptions(epochs=4.0, batch_size=16))
    model.study(TEXTS, LABELS, run=run)
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, int]:
    watcher = Watcher()
    model = study(Run(progress=watcher))
    assert watcher.labels == ["study 1/2", "study 2/2", "baselines", "training 1/2", "training 2/2", "baselines"]
    return file_of(model, tmp_path_factory.mktemp("whole")), watcher.count


@pytest.mark.parametrize("share", [0.1, 0.45, 0.6, 0.95])
def test_killed_and_resumed_it_ends_in_the_same_bits(whole, tmp_path, monkeypatch, share):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    expected, updates = whole
    with pytest.raises(Killed):
        study(
            Run(checkpoints=CheckpointFolder(tmp_path / "run", {"x": "y"}), progress=Watcher(1 + int(share * updates)))
        )
    folder = CheckpointFolder(tmp_path / "run", {"x": "y"}, resume=True)
    assert file_of(study(Run(checkpoints=folder)), tmp_path) == expected


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.9])
def test_interrupted_it_keeps_what_there_is(whole, tmp_path, share):
    model = study(Run(progress=Watcher(1 + int(share * whole[1]), how="interrupt")))
    assert model.model_.interrupted == (share < 0.5)
    assert model.model_ is model.holdout_.model  # interrupted in its last training, it is the one that was tested
    assert np.isfinite(model.predict_proba(TEXTS)).all()
    assert model.verdict_
    assert file_of(model, tmp_path)


def test_checkpoints_of_other_sizes_are_refused(tmp_path: Path):
    folder = CheckpointFolder(tmp_path / "run", {"x": "y"})
    classifier(members=1).fit(TEXTS, LABELS, run=Run(checkpoints=folder))
    again = CheckpointFolder(tmp_path / "run", {"x": "y"}, resume=True)
    with pytest.raises((ValueError, RuntimeError)):
        classifier(members=1, network=SequenceOptions(hidden=4)).fit(TEXTS, LABELS, run=Run(checkpoints=again))


def test_two_processes(tmp_path):
    """Each takes half of every batch; both end with the same weights."""
    pytest.importorskip("lightning_fabric")
    model = classifier(members=1).fit(TEXTS, LABELS, run=Run(devices=2))
    assert np.isfinite(model.predict_proba(TEXTS)).all()
    assert len(model.learning())
    assert file_of(model, tmp_path)
