"""The estimator: learns, speaks, is evaluated beside its recordings, and says the same after loading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.stopping import check_that_a_stop_is_told

import recurra as rc
from recurra import InputError, ModelFileError, Voice
from recurra.data.demo.numbers import make_voice
from recurra.data.examples.samples import Sound
from recurra.evaluation.shared.evaluation import MODEL
from recurra.tasks.speak.evaluating import HEARD, JOINED, MCD, MEAN
from recurra.tasks.speak.facts import model_facts
from recurra.tasks.speak.results import SpokenPreview
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder

FEW = make_voice(40)
X, Y = list(FEW["audio"]), list(FEW["words"])
QUICK: dict[str, Any] = {
    "network": {"embedding": 8, "encoder": 8, "melody": 8, "hidden": 8, "layers": 1},
    "hearing": {"hidden": 8, "layers": 1},
    "training": {"epochs": 1},
    "listening": {"epochs": 1},
    "iterations": 2,
}


@pytest.fixture(scope="module")
def studied() -> Voice:
    voice = Voice(**QUICK)
    voice.study(X, Y, share=0.2)
    return voice


def test_a_training_that_the_user_stopped_is_told(studied: Voice) -> None:
    check_that_a_stop_is_told(studied.model_, model_facts)


def test_it_is_evaluated_beside_joined_and_mean_recordings(studied: Voice) -> None:
    evaluation = studied.holdout_.evaluation
    assert list(evaluation.table.index) == [MODEL, MEAN, JOINED]
    assert np.isfinite(evaluation.table[MCD]).all()
    assert evaluation.table.loc[JOINED, MCD] < evaluation.table.loc[MEAN, MCD]  # pyright: ignore[reportOperatorIssue]
    assert any("re-synthesised" in note for note in evaluation.notes)
    assert any("Real-time factor" in note for note in evaluation.notes)
    frame = studied.results()
    assert len(frame) == len(studied.holdout_.rows)
    assert (frame["seconds"] > 0).all()


def test_durations_that_were_found_fill_their_recordings(studied: Voice) -> None:
    found = studied.holdout_.produced
    frames = studied.holdout_.data.recordings.frames.take(found.numbers)
    assert [int(each.sum()) for each in found.durations] == frames.lengths.tolist()


def test_a_text_becomes_a_sound_of_its_own(studied: Voice) -> None:
    first, again, other = studied.predict(["one two", "one two", "nine nine nine nine"])
    assert isinstance(first, Sound)
    assert first.rate == 8000
    assert np.array_equal(first.samples, again.samples)
    assert np.abs(first.samples).max() <= 1
    assert len(other.samples) != len(first.samples)
    slow = studied.predict(["one two"], pace=0.5)[0]
    assert 1.5 < len(slow.samples) / len(first.samples) < 2.5


def test_several_sentences_are_said_one_after_the_other(studied: Voice) -> None:
    one, two, both = studied.predict(["one.", "two.", "one. two."])
    assert len(both.samples) == len(one.samples) + len(two.samples)
    sounds = studied.explain(["one. two."])
    assert "".join(sounds["symbol"]) == "onetwo"
    assert (np.diff(sounds["start"]) > 0).all()


def test_the_model_file_says_the_same(studied: Voice, tmp_path: Path) -> None:
    path = tmp_path / "voice.safetensors"
    studied.save(path)
    voice = rc.load(path)
    assert np.array_equal(voice.predict(["one two"])[0].samples, studied.predict(["one two"])[0].samples)
    evaluation = voice.evaluate(X[:6], Y[:6])
    assert list(evaluation.table.index) == [MODEL, MEAN]
    assert any("keeps no recordings" in note for note in evaluation.notes)
    assert any("were learnt from" in note for note in evaluation.notes)
    assert voice.evaluate([*X[:3], *X[:3]], [*Y[:3], *Y[:3]]).verdict.units == len(set(Y[:3]))  # sentences
    voice.save(tmp_path / "again.safetensors")
    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_parts_that_do_not_belong_together_are_refused(studied: Voice, tmp_path: Path) -> None:

    wrong = Voice(**QUICK)
    wrong.model_ = replace(studied.model_, speakers=("a", "b"))
    wrong.save(tmp_path / "wrong.safetensors")
    with pytest.raises(ModelFileError):
        rc.load(tmp_path / "wrong.safetensors")


def test_the_same_seed_and_a_resumed_run_give_the_same_voice(tmp_path: Path) -> None:
    def fitted(run: Run | None = None) -> np.ndarray:
        return Voice(**QUICK).fit(X[:24], Y[:24], run=run).predict(["two"])[0].samples

    first = fitted()
    assert np.array_equal(first, fitted(Run(checkpoints=CheckpointFolder(tmp_path, {}, resume=False))))
    assert np.array_equal(first, fitted(Run(checkpoints=CheckpointFolder(tmp_path, {}, resume=True))))


@pytest.mark.train
def test_what_it_says_is_understood() -> None:
    made = make_voice(72, seed=1)
    steps = {"epochs": 30, "batch_size": 8, "learning_rate": 6e-3}
    voice = Voice(
        network={"embedding": 32, "encoder": 32, "melody": 16, "hidden": 40, "layers": 1},
        hearing={"hidden": 32, "layers": 1},
        training=steps,
        listening=steps,
        iterations=8,
    )
    table = voice.study(list(made["audio"]), list(made["words"]), share=0.2).table
    assert table.loc[MODEL, MCD] < 0.8 * table.loc[MEAN, MCD]  # pyright: ignore[reportOperatorIssue]
    assert table.loc[MODEL, HEARD] < 0.5  # pyright: ignore[reportOperatorIssue]


def test_several_voices_are_told_apart() -> None:
    who = ["a" if k % 3 else "b" for k in range(len(X))]
    voice = Voice(**QUICK).fit(X, Y, groups=who)
    assert voice.model_.speakers == ("a", "b")
    first, second = voice.predict(["one", "one"], speaker=["a", "b"])
    assert first.samples.shape != second.samples.shape or not np.allclose(first.samples, second.samples)
    with pytest.raises(InputError, match=r"speaker=? ?is 'c': the voice has 'a', 'b'|is 'c': the voice has"):
        voice.predict(["one"], speaker="c")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("...", "expected a text to speak"),
        ("qqq", "which the voice never said"),
        ("one " * 400, "end sentences with full stops"),
        (7, "expected a text"),
    ],
)
def test_texts_that_cannot_be_said_are_refused(studied: Voice, text: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        studied.predict([text])


def test_recordings_that_cannot_be_learnt_are_refused() -> None:
    quiet = Sound(np.zeros(8000, np.float32), 8000)
    with pytest.raises(InputError, match="without sound"):
        Voice(**QUICK).fit([*X[:20], quiet], [*Y[:20], "one"])
    with pytest.raises(InputError, match=r"needs .* steps, and the recording has"):
        Voice(**QUICK).fit([*X[:20], X[0]], [*Y[:20], "one two three four " * 20])
    with pytest.raises(InputError, match="text of recording 21 is empty"):
        Voice(**QUICK).fit([*X[:20], X[0]], [*Y[:20], " "])
    with pytest.raises(InputError, match="3 recordings to learn a voice from: expected at least 8"):
        Voice(**QUICK).fit(X[:3], Y[:3])
    with pytest.raises(InputError, match="speaker 'b' has 2 recordings to learn from: expected at least 8 of each"):
        Voice(**QUICK).fit(X[:20], Y[:20], groups=["a"] * 18 + ["b"] * 2)
    with pytest.raises(InputError, match="learnt from sound"):
        Voice(**QUICK).fit([np.zeros((50, 13))] * 20, Y[:20])


def test_a_test_part_that_cannot_be_said_is_refused_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.tasks.speak.voice.fit_model", lambda *args, **named: pytest.fail("trained"))
    with pytest.raises(InputError, match="every test sentence has a sound that the training part does not have"):
        Voice(**QUICK).study(X[:20], ["ooo"] * 16 + ["eee"] * 4, share=0.2)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"units": "words"}, "units is 'words'"),
        ({"iterations": -1}, "iterations is -1"),
        ({"language": "de"}, "is for phones"),
        ({"network": 3}, "network is 3"),
    ],
)
def test_settings_that_are_none_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Voice(**settings).fit(X[:20], Y[:20])


def test_the_first_texts_are_shown_and_the_rest_counted() -> None:
    shown = SpokenPreview(lambda: None)
    for k in range(9):
        shown.add(pd.DataFrame({"text": [f"text {k}"], "seconds": [1.0]}))
    assert shown.table()["text"].tolist() == [f"text {k}" for k in range(8)]
    assert shown.lines() == ["(1 more)"]
