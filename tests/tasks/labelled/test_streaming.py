"""Streams of taggers, classifiers and regressors: what is said of the steps so far; who has none, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks import sequences
from tests.tasks.sequences import classifier, regressor, reviews, strands, tagger

from recurra.errors import InputError, ModelFileError
from recurra.evaluation.shared.calibration import Blend
from recurra.inputs import Series, Static

FORWARD = dict(hidden=8, embedding=8, dropout=0.0, bidirectional=False, convolution=(), shrink=1)


def walks(count: int = 40) -> tuple[list[np.ndarray], list[float]]:
    rng = np.random.default_rng(0)
    found = [rng.normal(size=(int(n), 2)) for n in rng.integers(4, 12, count)]
    return found, [float(walk.sum()) for walk in found]


def test_tags_come_letter_by_letter() -> None:
    X, y = strands()
    stream = (model := tagger(network=FORWARD).fit(X, y)).stream()
    for row in X[:5]:
        stream.reset()
        assert "".join(stream.step(letter) for letter in row) == model.predict([row])[0]


@pytest.mark.parametrize("pooling", ["last", "mean+max", "attention"])
def test_classes_and_numbers_are_those_of_the_steps_so_far(pooling: str, tmp_path: Path) -> None:
    X, sums = walks()
    network = FORWARD | {"pooling": pooling}
    kinds = classifier(network=network).fit(X, ["up" if s > 0 else "down" for s in sums])
    numbers = regressor(network=network).fit(X, sums)
    classes, values = kinds.streams(3), numbers.streams(3)
    for k in range(4):
        so_far = [X[i][: k + 1] for i in (0, 1, 2)]
        steps = np.stack([walk[k] for walk in X[:3]])
        np.testing.assert_allclose(classes.step_proba(steps), kinds.predict_proba(so_far), atol=1e-5)
        np.testing.assert_allclose(values.step(steps), numbers.predict(so_far), atol=1e-5)
    values.save(tmp_path / "state.safetensors")
    again = numbers.streams(3)
    again.load(tmp_path / "state.safetensors")
    step = {"1": [0.5, 0.1], "2": [1.0, np.nan]}
    np.testing.assert_array_equal(values.step_rows([2, 0], step), again.step_rows([2, 0], step))
    with pytest.raises(ModelFileError, match="expected a sequence classifier"):
        kinds.streams(3).load(tmp_path / "state.safetensors")


def test_words_come_several_at_once() -> None:
    texts, labels = reviews()
    model = classifier(network=FORWARD | {"pooling": "mean"}).fit(texts, labels)
    networks = model.model_ = replace(model.model_, blend=Blend(1.0))
    model.model_ = replace(networks, blend=Blend(1.0, 0.5))  # as where a linear model of n-grams helps
    with pytest.raises(InputError, match="linear model of the n-grams of the whole sequence"):
        model.stream()
    model.model_ = networks
    stream = model.stream()
    stream.step("the film")
    assert stream.step_proba("good") == pytest.approx(model.predict_proba(["the film good"])[0], abs=1e-6)
    with pytest.raises(InputError, match="holds 0 tokens: expected at least one token"):
        stream.step("  ")


def test_times_and_constants_are_read() -> None:
    X, sums = walks(30)
    frame = pd.DataFrame(
        {"walk": X, "when": [np.cumsum(np.ones(len(x))) for x in X], "age": np.arange(30.0), "town": ["a", "b"] * 15}
    )
    kinds = {"walk": Series(time="when"), "facts": Static(columns=("age", "town"))}
    model = regressor(inputs=kinds, network=FORWARD | {"pooling": "mean"}).fit(frame, sums)
    beside = {"age": [frame["age"][4]], "town": [frame["town"][4]]}
    stream = model.streams(1, beside=beside)
    found = [stream.step(X[4][k][None], times=[float(k + 1)]) for k in range(len(X[4]))]
    np.testing.assert_allclose(found[-1], model.predict(frame.iloc[[4]]), atol=1e-5)
    with pytest.raises(InputError, match="lies before the step before it"):
        stream.step(X[4][0][None], times=[0.0])
    with pytest.raises(InputError, match="have times"):
        stream.step(X[4][0][None])
    with pytest.raises(InputError, match="reads 'facts' beside 'walk'"):
        model.stream()


@pytest.mark.parametrize(
    ("network", "why"),
    [({}, "runs in both directions"), ({"bidirectional": False, "convolution": (3,)}, "sees the steps on both sides")],
)
def test_who_has_none_is_told_why(network: dict, why: str) -> None:
    X, y = strands(20)
    model = tagger(network=dict(hidden=8, dropout=0.0) | network).fit(X, y)
    with pytest.raises(InputError, match=f"this sequence tagger has no stream: sequence: .*{why}"):
        model.stream()


def test_steps_that_are_none_are_refused() -> None:
    X, y = strands(20)
    stream = tagger(network=FORWARD).fit(X, y).streams(2)
    with pytest.raises(InputError, match="expected one letter"):
        stream.step(["A", "BC"])
    with pytest.raises(InputError, match="1 steps are given for 2 rows"):
        stream.step(["A"])
    with pytest.raises(InputError, match="leave them out"):
        stream.step(["A", "B"], times=[1, 2])
    walks_of, sums = walks(20)
    numbers = regressor(network=FORWARD).fit(walks_of, sums).streams(2)
    for wrong, said in (
        (np.zeros((3, 2)), r"shape \(3, 2\): expected \(2, 2\)"),
        ([["a", "b"], ["c", "d"]], "something else than numbers"),
        ({"1": [1, 2], "8": [1, 2]}, "the step names '8'"),
        ([[np.inf, 0], [0, 0]], "infinite"),
    ):
        with pytest.raises(InputError, match=said):
            numbers.step(wrong)


def test_the_mean_of_sides_cannot_go_on() -> None:
    frame, labels = sequences.sides()
    model = classifier(inputs=sequences.SIDES, network=FORWARD).fit(frame, labels)
    with pytest.raises(InputError, match="it reads 3 sequences"):
        model.stream()
