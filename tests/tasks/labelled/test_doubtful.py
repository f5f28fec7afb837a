"""What makes scores doubtful is said: examples that were learnt from too, phrases of one sentence, leaking columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import SILENT, classifier

import recurra as rc
from recurra.data.examples.inputs import Static, Text
from recurra.errors import InputError
from recurra.objectives.classes import ClassObjective

RNG = np.random.default_rng(7)
LETTERS = list("bcdfghjklm")


def rhymes(count: int) -> list[str]:
    return [" ".join(RNG.choice(LETTERS, 7)) for _ in range(count)]


def test_the_same_example_in_both_parts_is_counted() -> None:
    texts = rhymes(40)
    fresh = rhymes(10)
    y = RNG.choice(["u", "v"], 40).tolist()
    test = [*texts[:6], *(text.upper() + " !" for text in texts[6:10]), *fresh]
    model = classifier(members=1)
    evaluation = model.study(texts, y, test=(test, ["u", "v"] * 10), run=SILENT)
    assert evaluation.notes[0].startswith(
        "10 of 20 test examples are also in the training part (4 of them but for case, blanks and punctuation): remove "
    )
    assert evaluation.notes[1].startswith("Without them (10 examples): accuracy ")
    assert evaluation.unseen is not None
    assert list(evaluation.unseen.index) == list(evaluation.table.index)


def test_different_examples_are_no_remark() -> None:
    evaluation = classifier(members=1).study(rhymes(60), ["u", "v"] * 30, run=SILENT)
    assert evaluation.notes == ()
    assert evaluation.unseen is None


def test_a_fitted_model_knows_what_it_was_trained_on(tmp_path: Path) -> None:
    texts, y = rhymes(40), ["u", "v"] * 20
    model = classifier(members=1)
    model.study(texts, y, run=SILENT)
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert again.evaluate(texts, y).notes[0].startswith("All 40 examples are among those that the model was trained on")
    some = again.evaluate([*texts[:5], *rhymes(15)], ["u", "v"] * 10)
    assert some.notes[0].startswith("5 of 20 examples are among")
    assert some.notes[1].startswith("Without them (15 examples)")
    assert again.evaluate(rhymes(20), ["u", "v"] * 10).notes == ()
    assert not any(text.encode() in (tmp_path / "m.safetensors").read_bytes() for text in texts)


def test_phrases_of_one_sentence_are_said_and_held_out_together() -> None:
    sentences = [list(RNG.choice([f"w{k}" for k in range(300)], 14)) for _ in range(40)]
    texts = [" ".join(s[a:b]) for s in sentences for a, b in ((0, 14), (2, 9), (7, 13))]
    y = [label for k in range(40) for label in [("u", "v")[k % 2]] * 3]
    model = classifier(members=1)
    evaluation = model.study(texts, y, run=SILENT)
    assert "share a passage with the training part" in evaluation.notes[0]
    pairs = model.holdout_.pairs
    assert pairs is not None
    assert (pairs[:, 0] // 3 == pairs[:, 1] // 3).all()


def shop(count: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    y = RNG.integers(0, 2, count)
    frame = pd.DataFrame({"note": rhymes(count), "stars": np.where(y, 5, 2) - (RNG.random(count) < 0.03), "age": 0.0})
    return frame.assign(age=RNG.normal(size=count)), y


def test_a_column_that_alone_gives_the_label_is_warned_of() -> None:
    frame, y = shop()
    inputs = {"note": Text(), "static": Static(("stars", "age"))}
    evaluation = classifier(members=1, inputs=inputs).study(frame, y, run=SILENT)
    note = evaluation.notes[-1]
    assert note.startswith("stars (ROC-AUC 1.000) alone nearly gives the label: if it is not known before")
    assert "Without it a linear model of the other inputs reaches accuracy" in note
    assert note.endswith("To learn without it, leave it out of X.")
    without = classifier(members=1, inputs=inputs | {"static": Static(("age",))}).study(frame, y, run=SILENT)
    assert without.notes == ()


def test_unequal_classes_are_chosen_for_balanced_accuracy_by_everyone() -> None:
    rare = RNG.random(400) < 0.12
    texts = [
        f"{text} {'z' if bad ^ (RNG.random() < 0.15) else 'y'}" for text, bad in zip(rhymes(400), rare, strict=True)
    ]
    y = np.where(rare, "bad", "good")
    model = classifier(members=1)
    evaluation = model.study(texts, y, run=SILENT)
    assert evaluation.leading == "balanced accuracy"
    assert evaluation.table["balanced accuracy"]["n-grams with logistic regression"] > 0.75
    assert isinstance(model.model_.objective, ClassObjective)
    assert model.model_.objective.metric == "balanced_accuracy"
    plain = classifier(members=1, metric="accuracy")
    assert plain.study(texts, y, run=SILENT).leading == "accuracy"
    assert isinstance(plain.model_.objective, ClassObjective)
    assert plain.model_.objective.offset is None
    loss = classifier(members=1, metric="log_loss").study(texts, y, run=SILENT)
    assert loss.leading == "log loss"
    assert "log loss" in loss.verdict.sentence
    by_loss = loss.table["log loss"]
    assert loss.verdict.best_baseline == by_loss.drop("Recurra").idxmin()


def test_a_metric_is_one_of_four_and_of_one_class() -> None:
    with pytest.raises(InputError, match="metric is 'f2': expected one of auto, accuracy"):
        classifier(metric="f2").fit(rhymes(20), ["u", "v"] * 10, run=SILENT)
    with pytest.raises(InputError, match="which is about one class per example"):
        classifier(metric="accuracy").fit(rhymes(20), [["u"], ["u", "v"]] * 10, run=SILENT)


def test_a_series_keeps_its_name() -> None:
    words = pd.Series(rhymes(20), name="remark")
    model = classifier(members=1).fit(words, ["u", "v"] * 10, run=SILENT)
    assert list(model.model_.reader.kinds) == ["remark"]
    assert len(model.predict(pd.DataFrame({"other": [1, 2], "remark": words[:2]}))) == 2
    assert len(model.predict(words[:3].tolist())) == 3
