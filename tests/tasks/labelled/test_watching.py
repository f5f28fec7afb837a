"""What is recorded beside a training of labelled sequences cannot stop it, whatever the batches hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.tasks.sequences import SILENT, SMALL, classifier

from recurra import TrainingOptions
from recurra.ensemble import members
from recurra.inspect import Watch
from recurra.inspect.budget import Budget


def phrases(count: int, one_word: float, *, seed: int = 0) -> tuple[list[str], list[int]]:
    """Texts of which a share is a single word, and whether a word of a good kind is in them."""
    rng = np.random.default_rng(seed)
    lengths = np.where(rng.random(count) < one_word, 1, rng.integers(2, 12, count))
    words = [rng.integers(0, 40, length) for length in lengths]
    return [" ".join(f"w{word}" for word in text) for text in words], [int((text < 9).any()) for text in words]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look after every step."""
    monkeypatch.setattr(Budget, "allows", lambda self: True)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(("count", "one_word"), [(120, 0.1), (300, 0.12), (200, 0.6)])
def test_batches_of_one_word_texts(count, one_word):
    texts, labels = phrases(count, one_word)
    model = classifier(members=1, training=TrainingOptions(epochs=3.0, batch_size=4)).fit(texts, labels, run=SILENT)
    (seen,) = [member.watched() for member in model.model_.members]
    assert seen.flows
    assert any("over a single step" in reason for reason in seen.skipped)
    assert not [fact for fact in model.facts() if fact.label == "remark"]
    assert not model.gradient_flow().empty


@pytest.mark.usefixtures("eager")
def test_every_look_fails(monkeypatch):
    texts, labels = phrases(60, 0.1)
    settings: dict[str, Any] = dict(members=1, network=SMALL, training=TrainingOptions(epochs=2.0, batch_size=8))
    whole = classifier(**settings).fit(texts, labels, run=SILENT)

    def failing(*given: object, **named: object) -> None:
        raise ZeroDivisionError("none today")

    monkeypatch.setattr(Watch, "look", failing)
    model = classifier(**settings).fit(texts, labels, run=SILENT)
    assert model.decision_function(texts).tobytes() == whole.decision_function(texts).tobytes()
    (remark,) = [fact.value for fact in model.facts() if fact.label == "remark"]
    assert "not recorded: ZeroDivisionError: none today" in remark
    assert model.gradient_flow().empty
    assert model.diagnose() == []


def test_watching_changes_no_bit(monkeypatch):
    texts, labels = phrases(80, 0.1)
    settings: dict[str, Any] = dict(members=1, training=TrainingOptions(epochs=2.0, batch_size=8))
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    seen = classifier(**settings).fit(texts, labels, run=SILENT)
    original = members.train
    monkeypatch.setattr(members, "train", lambda *a, watch, **k: original(*a, **k))
    unseen = classifier(**settings).fit(texts, labels, run=SILENT)
    assert seen.model_.members[0].watched().flows
    assert not unseen.model_.members[0].watched().flows
    assert seen.decision_function(texts).tobytes() == unseen.decision_function(texts).tobytes()


def test_every_text_has_one_word():
    texts, labels = [f"w{k % 7}" for k in range(60)], [k % 7 < 3 for k in range(60)]
    model = classifier(members=1).fit(texts, labels, run=SILENT)
    assert model.gradient_flow().empty
    assert not [fact for fact in model.facts() if fact.label == "remark"]
