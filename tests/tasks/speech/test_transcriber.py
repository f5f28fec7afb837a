"""The estimator: learns, is evaluated by other speakers, says the same after loading and as it is fed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.stopping import check_that_a_stop_is_told

import recurra as rc
from recurra import InputError, ModelFileError, Transcriber
from recurra.data.demo.numbers import make_numbers
from recurra.tasks.speech.facts import model_facts
from recurra.tasks.speech.model import Transcript

FEW = make_numbers(48, speakers=8)
X, Y, WHO = list(FEW["audio"]), list(FEW["words"]), list(FEW["speaker"])
QUICK: dict[str, Any] = {"network": {"hidden": 12, "layers": 1}, "training": {"epochs": 1}}


@pytest.fixture(scope="module")
def fitted() -> Transcriber:
    return Transcriber(**QUICK).fit(X, Y, groups=WHO)


def test_a_training_that_the_user_stopped_is_told(fitted: Transcriber) -> None:
    check_that_a_stop_is_told(fitted.model_, model_facts)


def tones(count: int, seed: int) -> tuple[list[np.ndarray], list[str]]:
    """Words that are levels of features: what a network learns in seconds."""
    rng = np.random.default_rng(seed)
    levels = {"lo": (0, 2), "hi": (2, 0), "mid": (-2, -2)}
    texts = [" ".join(rng.choice(list(levels), size=int(rng.integers(1, 4)))) for _k in range(count)]
    rows = []
    for text in texts:
        parts = [np.zeros((6, 2))]
        for word in text.split():
            parts += [np.tile(levels[word], (int(rng.integers(9, 15)), 1)), np.zeros((6, 2))]
        rows.append((np.concatenate(parts) + rng.normal(0, 0.2, (sum(map(len, parts)), 2))).astype(np.float32))
    return rows, texts


@pytest.mark.train
def test_words_that_are_easily_told_apart_are_learnt() -> None:
    rows, texts = tones(150, 0)
    model = Transcriber(
        normalise="corpus",
        network={"hidden": 32, "layers": 1, "dropout": 0.1},
        training={"epochs": 30, "batch_size": 8, "learning_rate": 1e-2},
        augment={"pace": 0.0, "gaps": 0, "noise": 0.0},
    ).fit(rows, texts)
    more, truth = tones(30, 1)
    evaluation = model.evaluate(more, truth)
    errors = evaluation.table["WER"].to_dict()
    assert errors["Recurra"] < 0.1
    assert errors["most frequent text"] > 0.5


def test_transcripts_have_times_in_order(fitted: Transcriber) -> None:
    for sound, transcript in zip(X[:8], fitted.transcripts(X[:8]), strict=True):
        assert isinstance(transcript, Transcript)
        times = [t for word in transcript.words for t in (word.start, word.end)]
        assert times == sorted(times)
        assert not times or times[-1] <= sound.seconds + 0.05
        assert transcript.text == " ".join(word.text for word in transcript.words)
    assert list(fitted.explain(X[:2]).columns) == ["recording", "word", "start", "end", "confidence"]


def test_a_loaded_model_says_the_same(fitted: Transcriber, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m.safetensors")
    loaded = rc.load(tmp_path / "m.safetensors")
    assert loaded.predict(X[:6]) == fitted.predict(X[:6])
    assert loaded.evaluate(X[:24], Y[:24]).table.equals(fitted.evaluate(X[:24], Y[:24]).table)
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_a_file_whose_parts_do_not_fit_is_refused(fitted: Transcriber, tmp_path: Path) -> None:
    from recurra.deploy.model_file import Contents, read_model, write_model

    fitted.save(tmp_path / "m.safetensors")
    found = read_model(tmp_path / "m.safetensors")
    config = {**found.config, "model": {**found.config["model"], "mystery": 7}}
    write_model(tmp_path / "broken.safetensors", Contents(found.kind, config, found.tensors))
    with pytest.raises(ModelFileError, match="mystery"):
        rc.load(tmp_path / "broken.safetensors")


def test_the_same_seed_gives_the_same_bits() -> None:
    first, second = (Transcriber(**QUICK, seed=3).fit(X[:24], Y[:24]) for _k in range(2))
    for a, b in zip(first.module_.parameters(), second.module_.parameters(), strict=True):
        assert bool((a == b).all())


def test_a_test_part_has_other_speakers() -> None:
    model = Transcriber(**QUICK, beam=0)
    model.study(X, Y, groups=WHO, share=0.25)
    tested = set(np.array(WHO)[model.holdout_.rows])
    learnt = set(model.holdout_.learnt.speakers)
    assert len(tested) == 2
    assert not tested & learnt
    assert list(model.results().columns[:5]) == ["row", "recording", "truth", "predicted", "confidence"]


def test_one_test_speaker_of_several_is_one_unit_and_no_test() -> None:
    three = [k for k, who in enumerate(WHO) if who in sorted(set(WHO))[:3]] * 4
    model = Transcriber(**QUICK, beam=0)
    verdict = model.study([X[k] for k in three], [Y[k] for k in three], groups=[WHO[k] for k in three]).verdict
    assert len(model.holdout_.rows) >= 20
    assert verdict.units == 1
    assert np.isnan(verdict.p_value)
    assert "Too few test speakers" in verdict.sentence


def test_recordings_of_one_person_hold_for_this_person(fitted: Transcriber) -> None:
    evaluation = fitted.evaluate(X[:24], Y[:24], groups=["me"] * 24)
    assert evaluation.verdict.units == 24
    assert "All recordings are of one speaker: the scores hold for this speaker only." in evaluation.notes
    assert not any("one speaker" in note for note in fitted.evaluate(X[:24], Y[:24], groups=WHO[:24]).notes)


@pytest.mark.parametrize("pieces", [1, 7, 40])
def test_a_stream_says_what_the_whole_says(pieces: int) -> None:
    model = Transcriber(streaming=True, delay=0.3, beam=0, **QUICK).fit(X[:16], Y[:16])
    for sound in X[:4]:
        whole = model.transcripts([sound])[0]
        stream = model.stream()
        for part in np.array_split(sound.samples, pieces):
            stream.feed(part)
        assert stream.finish() == whole.text
        assert stream.delay <= 0.3


def test_characters_that_were_never_seen_are_said(fitted: Transcriber) -> None:
    evaluation = fitted.evaluate(X[:2], ["xylophone!", "one"])
    assert "'!'" in evaluation.notes[0]
    assert "1 of 2 words are not in the lexicon" in evaluation.notes[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"units": "phones"}, "needs a lexicon"),
        ({"lexicon": "gone.txt"}, "there is no file gone.txt"),
        ({"lm": "gone.arpa"}, "there is no file gone.arpa"),
        ({"beam": -1}, "beam is -1"),
        ({"features": "mel"}, "features is 'mel'"),
        ({"streaming": True, "delay": 0.01}, "a step alone needs"),
        ({"streaming": True, "normalise": "utterance"}, "needs a whole recording"),
        ({"network": {"hiden": 3}}, "'hiden' is no option"),
    ],
)
def test_settings_that_are_none_are_refused(arguments: dict, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Transcriber(**arguments).fit(X[:8], Y[:8])


def test_texts_that_cannot_belong_are_refused(fitted: Transcriber) -> None:
    with pytest.raises(InputError, match="48 recordings and 47 texts"):
        Transcriber().fit(X, Y[:-1])
    with pytest.raises(InputError, match="the text of recording 2 is empty"):
        Transcriber().fit(X[:2], ["one", " "])
    with pytest.raises(InputError, match=r"the text of recording 1 .* needs \d+ steps"):
        Transcriber().fit(X[:1], ["one two three four five six seven eight nine zero " * 5])
    with pytest.raises(InputError, match="both directions"):
        fitted.stream()
    with pytest.raises(InputError, match="expected a list of paths"):
        fitted.predict("one.wav")


def test_a_table_names_its_columns(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    (tmp_path / "wav").mkdir()
    for k, sound in enumerate(X[:24]):
        soundfile.write(tmp_path / "wav" / f"{k}.wav", sound.samples, sound.rate)
    table = pd.DataFrame({"file": [f"wav/{k}.wav" for k in range(24)], "words": Y[:24], "speaker": WHO[:24]})
    table.to_csv(tmp_path / "recordings.csv", index=False)
    model = Transcriber(**QUICK, beam=0)
    model.study_file(tmp_path / "recordings.csv")
    assert model.roles_.audio == "file"
    assert model.roles_.speaker == "speaker"
    frame = next(model.predictions(model.later(model.read_file(str(tmp_path / "wav" / "3.wav"), {}))))
    assert frame["recording"].tolist() == ["3.wav"]
    folder = next(model.predictions(model.later(model.read_file(str(tmp_path / "wav"), {}))))
    assert len(folder) == 24


ATTENTION: dict[str, Any] = {**QUICK, "decoder": "attention"}


@pytest.fixture(scope="module")
def attending() -> Transcriber:
    model = Transcriber(**ATTENTION)
    model.study(X, Y, groups=WHO, share=0.25)
    return model


@pytest.mark.train
def test_an_attention_decoder_learns_words_that_are_easily_told_apart() -> None:
    rows, texts = tones(150, 0)
    model = Transcriber(
        normalise="corpus",
        decoder="attention",
        network={"hidden": 32, "layers": 1, "dropout": 0.1},
        training={"epochs": 16, "batch_size": 8, "learning_rate": 1e-2},
        augment={"pace": 0.0, "gaps": 0, "noise": 0.0},
    ).fit(rows, texts)
    more, truth = tones(30, 1)
    assert model.evaluate(more, truth).table["WER"]["Recurra"] < 0.1
    normal = model._normal(model.model_, model._later_utterances(more, None, None))
    shares = model.model_.attention(normal[0], model.transcripts(more[:1])[0].units)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(shares)), abs=1e-5)


def test_texts_of_an_attention_decoder_have_times_and_pictures(attending: Transcriber, tmp_path: Path) -> None:
    for sound, transcript in zip(X[:8], attending.transcripts(X[:8]), strict=True):
        times = [t for word in transcript.words for t in (word.start, word.end)]
        assert times == sorted(times)
        assert not times or times[-1] <= sound.seconds + 0.05
        assert np.isfinite(transcript.score)
    assert any("attention decoder" in str(fact.value) for fact in attending.facts())
    attending.report(tmp_path / "page.html")
    assert any(len(each.units) > 1 for each in attending.holdout_.produced) == (
        "Attention alignment" in (tmp_path / "page.html").read_text(encoding="utf-8")
    )


def test_a_loaded_attention_decoder_says_the_same(attending: Transcriber, tmp_path: Path) -> None:
    attending.save(tmp_path / "m.safetensors")
    loaded = rc.load(tmp_path / "m.safetensors")
    assert loaded.decoder == "attention"
    assert loaded.predict(X[:6]) == attending.predict(X[:6])


def test_a_recording_is_written_alike_alone_and_among_others(attending: Transcriber) -> None:
    together = attending.predict(X[:5])
    assert [attending.predict([sound])[0] for sound in X[:5]] == together


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"decoder": "magic"}, "decoder is 'magic': expected one of ctc, attention"),
        ({"streaming": True}, "cannot be used with streaming"),
        ({"lm": "words.arpa"}, "cannot be used with lm="),
        ({"lexicon": "words.txt"}, "cannot be used with lexicon"),
        ({"network": {"decoder": "ctc"}}, "network asks for decoder ctc"),
        ({"network": {"ctc": 0.0}}, "ctc is 0.0: expected a share above 0 and below 1"),
        ({"network": {"bidirectional": False}}, "needs the whole recording"),
    ],
)
def test_what_an_attention_decoder_cannot_do_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Transcriber(**{**ATTENTION, **more}).fit(X[:24], Y[:24])
