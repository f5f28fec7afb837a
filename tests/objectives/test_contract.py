"""Laws that every objective obeys: what is encoded is decoded, what is missing does not count, outcomes agree."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from recurra.data.examples.ragged import Ragged
from recurra.data.labels.label_values import Origin
from recurra.data.labels.labels import Classes, LabelSets, Numbers, Tags
from recurra.deploy.parts import put_together, taken_apart
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import MODEL
from recurra.objectives.classes import ClassObjective
from recurra.objectives.labels import LabelObjective
from recurra.objectives.numbers import NumberObjective
from recurra.objectives.objective import Objective
from recurra.objectives.tags import TagObjective
from recurra.objectives.truth import Truth

Y_OF: dict[type[Objective], Any] = {
    ClassObjective: ["a", "b", None, "c", "a"] * 8,
    LabelObjective: [["a"], ["a", "b"], None, [], ["b"]] * 8,
    NumberObjective: [1.0, 2.5, None, -3.0, 0.5] * 8,
    TagObjective: ["ab", "b", None, "aab", "ba"] * 8,
}
STEPS = np.array([2, 1, 2, 3, 2] * 8)
EVERY = pytest.mark.parametrize("kind", list(Y_OF), ids=lambda kind: kind.aim)


def learnt(kind: type[Objective]) -> tuple[Objective, Any]:
    labels = kind.read(Y_OF[kind])
    truth = kind.encode(labels, Y_OF[kind], STEPS if kind.per_step else None)
    return kind.learn(labels, truth), truth


def right_outputs(objective: Objective, truth: Any) -> np.ndarray:
    """Outputs that say the truth; of what is missing anything."""
    if isinstance(truth, Ragged) or truth.ndim == 1:
        codes = truth.values if isinstance(truth, Ragged) else truth
        return np.where(codes[:, None] == np.arange(objective.outputs), 9.0, 0.0)
    if truth.dtype.kind == "f":
        return np.nan_to_num(objective.compared(truth))
    return np.where(truth > 0, 9.0, -9.0)


def offsets_of(truth: Any) -> Any:
    return truth.offsets if isinstance(truth, Ragged) else None


@EVERY
def test_outputs_that_say_the_truth_are_decoded_to_it(kind):
    objective, truth = learnt(kind)
    told = list(objective.decode(right_outputs(objective, truth), offsets_of(truth)))
    for given, decoded in zip(Y_OF[kind], told, strict=True):
        if given is not None:
            assert decoded == (pytest.approx(given) if objective.aim == "numbers" else type(decoded)(given))


@EVERY
def test_the_truth_is_right_and_not_wrong_where_it_is_known(kind):
    objective, truth = learnt(kind)
    outputs = right_outputs(objective, truth)
    wrong = objective.how_wrong(outputs, truth)
    missing = [given is None for given in Y_OF[kind]]
    assert np.isnan(wrong).tolist() == missing
    assert np.nanmax(np.abs(wrong)) == pytest.approx(0, abs=1e-12)
    (column,) = objective.right_column(outputs, truth).values()
    assert pd.Series(column).isna().tolist() == missing
    assert set(pd.Series(column).dropna().astype(float)) == {0.0 if objective.aim == "numbers" else 1.0}


@EVERY
def test_the_loss_grows_with_the_error_and_ignores_what_is_missing(kind):
    objective, truth = learnt(kind)
    targets = Truth(objective, truth)
    outputs = torch.from_numpy(right_outputs(objective, truth)).float()

    def loss(numbers: list[int], sign: float) -> float:
        at = torch.tensor(numbers)
        if not objective.per_step:
            return float(objective.loss(sign * outputs[at], targets.read(at)))
        rows = Ragged(outputs.numpy(), truth.offsets).take(numbers)
        padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(rows[k]) for k in range(len(rows))])
        return float(objective.loss(sign * padded, targets.read(at)))

    assert loss([0, 1], 1.0) < 0.1 < loss([0, 1], -1.0)
    assert loss([0, 1, 2], -1.0) == pytest.approx(loss([0, 1], -1.0), rel=1e-6)
    assert loss([2], -1.0) == 0


@EVERY
def test_the_held_out_loss_is_a_mean_over_what_is_known(kind):
    objective, truth = learnt(kind)
    targets = objective.targets(truth)
    flat = torch.from_numpy(targets.values if isinstance(targets, Ragged) else targets)
    outputs = torch.from_numpy(right_outputs(objective, truth)).float()
    total, count = objective.held_out(outputs, flat)
    assert count == float((flat.isfinite() if flat.is_floating_point() else flat >= 0).sum())
    assert total / count == pytest.approx(float(objective.loss(outputs, flat)), rel=1e-5, abs=1e-9)
    assert objective.held_out(outputs[:0], flat[:0]) == (0.0, 0.0)


@EVERY
def test_an_evaluation_puts_the_model_first_and_prefers_the_truth(kind):
    objective, truth = learnt(kind)
    outputs = right_outputs(objective, truth)
    worse = np.random.default_rng(0).normal(size=outputs.shape)
    found = objective.evaluate(truth, outputs, {"chance": (worse, None)}, draws=50, seed=0)
    assert list(found.table.index) == [MODEL, "chance"]
    best = found.table[found.leading]
    assert best.iloc[0] > best.iloc[1]
    if not objective.per_step:
        assert objective.score(found.leading, outputs, truth) == pytest.approx(float(best.iloc[0]))


@EVERY
def test_a_file_keeps_it(kind):
    objective, _ = learnt(kind)
    plain, tensors = taken_apart(objective, "objective")
    again = put_together(plain, tensors, "objective", [kind, type(objective.labels)])
    assert again.labels == objective.labels
    assert again.flaw() is None
    for field in fields(objective):  # pyright: ignore[reportArgumentType]
        assert np.array_equal(getattr(again, field.name), getattr(objective, field.name)), field.name


@EVERY
def test_counts_are_of_what_is_known(kind):
    objective, truth = learnt(kind)
    total = sum(count for _, count in objective.counts(truth))
    known = {"classes": 32, "labels": 32, "numbers": 40, "tags": 64}[objective.aim]
    assert total == known


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (ClassObjective(Classes(("+", "-"))), True),
        (ClassObjective(Classes((0, 1), "int64")), False),
        (TagObjective(Tags(("+", "-"))), True),
        (LabelObjective(LabelSets(("+", "-"), form="text")), True),
        (NumberObjective(Numbers(("mood",)), np.zeros(1), np.ones(1)), False),
    ],
    ids=["words", "whole numbers", "tags", "sets", "numbers"],
)
def test_labels_are_words_or_not(objective, words):
    assert objective.has_words == words


def test_the_form_of_labels_says_which_objective_takes_them():
    assert LabelObjective.takes([["a"], []])
    assert not LabelObjective.takes(["a", "b"])


def test_a_metric_of_single_classes_is_refused_for_several_labels():
    labels = LabelSets(("a", "b"))
    with pytest.raises(InputError, match=r"metric is 'macro_f1', which is about one class per example"):
        LabelObjective.learn(labels, np.zeros((3, 2)), metric="macro_f1")
    with pytest.raises(InputError, match=r"metric is 'best': expected one of auto, accuracy"):
        ClassObjective.learn(Classes(("a", "b")), np.array([0, 1]), metric="best")


@pytest.mark.parametrize(
    ("objective", "flaw"),
    [
        (ClassObjective(Classes(("a", "b")), metric="best"), "a metric 'best'"),
        (ClassObjective(Classes(("a", "b")), offset=np.zeros(2)), "an offset that no metric asks for"),
        (ClassObjective(Classes(("a", "b")), np.ones(3)), "another number of outputs in its weight"),
        (TagObjective(Tags(("a", "b")), smoothing=1.0), "a label smoothing of 1.0"),
        (NumberObjective(NumberObjective.read([1, 2]), np.zeros(1), np.zeros(1)), "a spread that is not above 0"),
        (
            NumberObjective(NumberObjective.read([1, 2]), np.zeros(2), np.ones(1)),
            "another number of outputs in its mean",
        ),
    ],
    ids=str,
)
def test_a_flaw_of_a_file_is_found(objective, flaw):
    assert objective.flaw() == flaw


def test_the_predicted_class_has_the_largest_probability():
    objective = ClassObjective(Classes(("a", "b", "c")))
    outputs = np.random.default_rng(0).normal(size=(50, 3))
    found = pd.DataFrame(objective.predicted_columns(outputs, None, ";"))
    assert found["predicted"].tolist() == found[["p_a", "p_b", "p_c"]].idxmax(axis=1).str[2:].tolist()


def test_many_classes_have_no_columns_of_their_own():
    found = ClassObjective(Classes(tuple(map(str, range(100))))).predicted_columns(np.zeros((2, 100)), None, ";")
    assert list(found) == ["predicted", "probability"]


def test_sets_are_right_as_a_whole_and_unknown_ones_neither():
    objective = LabelObjective(LabelSets(("a", "b")))
    outputs, truth = np.array([[1.0, -1], [1, 1], [-1, -1]]), np.array([[1, 0], [0, 1], [-1, -1]])
    assert objective.predicted_columns(outputs, None, "|")["predicted"] == ["a", "a|b", ""]
    assert objective.truth_columns(truth, "|")["truth"] == ["a", "b", None]
    assert objective.right_column(outputs, truth)["right"].tolist() == [True, False, pd.NA]


def test_the_share_of_right_tags_is_of_the_known_ones():
    objective, truth = TagObjective(Tags(("a", "b"))), Ragged(np.array([0, 1, -1, 1]), np.array([0, 3, 4]))
    outputs = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    assert objective.right_column(outputs, truth)["right"].tolist() == [0.5, 1.0]
    assert objective.predicted_columns(outputs, truth.offsets, ";")["predicted"] == ["aaa", "b"]


def test_rows_of_refusals_are_those_of_the_user():
    with pytest.raises(InputError, match=r"y holds 'd' in row 5"):
        ClassObjective.encode(Classes(("a", "b")), ["a", "d"], what=Origin(rows=np.array([3, 4])))
