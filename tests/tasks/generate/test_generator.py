"""The generator of text: learns, judges, writes the same by the same seed, is saved, refuses."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recurra as rc
from recurra.data.demo.chords import make_chords
from recurra.data.demo.letters import make_letters
from recurra.data.text.alphabet import Alphabet
from recurra.data.text.notes import from_text
from recurra.errors import InputError
from recurra.evaluation.generation.ngrams import NGrams
from recurra.evaluation.shared.calibration import Blend
from recurra.nn.generator import GeneratorNetwork, GeneratorOptions
from recurra.tasks.generate import precision
from recurra.tasks.generate.facts import text_facts
from recurra.tasks.generate.kinds import KINDS
from recurra.tasks.generate.model import _mixed
from recurra.tasks.generate.study import TextParts, evaluate_text

TEXT = make_letters(60)
SMALL = {"hidden": 16, "layers": 1, "embedding": 8}

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def model() -> rc.SequenceGenerator:
    made = rc.SequenceGenerator(network=SMALL, training={"epochs": 2}, verbose=False)
    made.study(TEXT)
    return made


def test_the_table_has_the_mixture_the_network_and_the_baselines(model: rc.SequenceGenerator) -> None:
    assert model.holdout_ is not None
    table = model.holdout_.evaluation.table
    assert list(table.index[:3]) == ["Recurra", "the network alone", "single symbols"]
    nats = table["nats per character"]
    assert nats["Recurra"] <= nats["the network alone"]
    np.testing.assert_allclose(table["bits per character"], nats / np.log(2))
    judged = model.holdout_.text
    assert TEXT.endswith(judged)
    before = model.holdout_
    assert not any("too good" in note for note in model.holdout_.evaluation.notes)
    assert any("too good" in note for note in model.evaluate(TEXT).notes)
    with pytest.raises(InputError, match="never occur in the training text: expected a text of the same letters"):
        model.evaluate("天地玄黄，宇宙洪荒。日月盈昃，辰宿列张。" * 20)
    model.holdout_ = before
    assert model.score(judged) == pytest.approx(-nats["Recurra"])


def test_n_grams_that_are_mixed_in_are_compared_with(model: rc.SequenceGenerator) -> None:
    made, text = model.model_, model.holdout_.text
    longer = NGrams.learn(
        made.alphabet.encode(TEXT[: -len(text)]), made.alphabet.size, order=7, smoothing="witten-bell"
    )
    assert longer.name not in [each.name for each in made.baselines]
    mixed = replace(made, corrector=longer, blend=Blend(0.001, 0.5), powers={longer.name: 0.5})
    evaluation, symbols = evaluate_text(mixed, text)
    nats = evaluation.table["nats per character"]
    assert nats[longer.name] == pytest.approx(-np.log(longer.probabilities(symbols)).mean())
    assert nats[f"{longer.name} to the power 0.50"] == pytest.approx(nats["Recurra"], abs=0.01)
    assert not evaluation.verdict.better


def test_n_grams_that_do_best_to_a_power_are_baselines() -> None:
    alphabet = Alphabet.learn(TEXT, "characters")
    symbols = alphabet.encode(TEXT)
    network = GeneratorNetwork(alphabet.size, "lstm", GeneratorOptions(hidden=16, layers=1, embedding=8)).eval()
    learnt, held = symbols[:-1500], symbols[-1500:]
    best = NGrams.learn(learnt, alphabet.size, order=2, smoothing="witten-bell")
    _corrector, _blend, strongest, powers = _mixed(network, learnt, held, alphabet, best)
    assert len(strongest.orders) == 4
    assert strongest.tempered(held, powers.get(strongest.name, 1.0)).mean() > best.probabilities(held).mean()


def test_what_n_grams_gain_is_not_the_networks(model: rc.SequenceGenerator) -> None:
    made, text = model.model_, model.holdout_.text
    alphabet = made.alphabet
    one, five = (
        NGrams.learn(alphabet.encode(TEXT[: -len(text)]), alphabet.size, order=order, smoothing="witten-bell")
        for order in (1, 5)
    )
    sharper = replace(made, baselines=(one,), corrector=five, blend=Blend(0.001, 0.7), powers={})
    evaluation, _symbols = evaluate_text(sharper, text)
    nats = evaluation.table["nats per character"]
    assert nats["Recurra"] < nats[five.name] - 0.005  # a better power, but of n-grams
    assert not evaluation.verdict.better
    assert evaluation.verdict.use == five.name
    assert "the network adds nothing" in evaluation.verdict.sentence
    assert any("adds nothing" in note for note in evaluation.notes)
    ours, alone = nats["Recurra"], nats["the network alone"]
    whose = f"network mixed with n-grams ({ours:.3f} nats per character); the samples are written by the network alone"
    assert any(f"{whose} ({alone:.3f})." in note for note in evaluation.notes)
    unmixed = replace(made, blend=Blend(1.0, 0.0))
    assert not any("mixed" in note for note in evaluate_text(unmixed, text)[0].notes)


def test_a_seed_decides_and_a_file_writes_the_same(model: rc.SequenceGenerator, tmp_path: Path) -> None:
    first = model.sample("Dear ", length=60, samples=2, temperature=0.8, seed=5)
    assert first == model.sample("Dear ", length=60, samples=2, temperature=0.8, seed=5)
    assert first != model.sample("Dear ", length=60, samples=2, temperature=0.8, seed=6)
    model.save(tmp_path / "a.safetensors")
    loaded = rc.load(tmp_path / "a.safetensors")
    assert loaded.sample("Dear ", length=60, samples=2, temperature=0.8, seed=5) == first
    again = loaded.evaluate(model.holdout_.text)
    np.testing.assert_allclose(again.table, model.holdout_.evaluation.table)
    loaded.save(tmp_path / "b.safetensors")
    assert len((tmp_path / "a.safetensors").read_bytes()) == len((tmp_path / "b.safetensors").read_bytes())


def test_a_stream_writes_what_a_sample_does(model: rc.SequenceGenerator) -> None:
    stream = model.stream("Dear ", seed=3)
    assert "".join(next(stream) for _ in range(30)) == model.sample("Dear ", length=30, seed=3)[0]


def test_a_later_file_is_called_by_its_whole_name(model: rc.SequenceGenerator, tmp_path: Path) -> None:
    model.save(tmp_path / "a.safetensors")
    loaded = rc.load(tmp_path / "a.safetensors")
    (tmp_path / "new.txt").write_text(TEXT[:2000], encoding="utf-8")
    later = loaded.later(loaded.read_file(str(tmp_path / "new.txt"), {}))
    assert loaded.evaluated(later).scores.title == "On new.txt (2,000 characters)"


def test_surprise_is_of_every_symbol(model: rc.SequenceGenerator) -> None:
    frame = model.surprise("Dear Anna,\nλλ")
    assert "".join(frame["symbol"]) == "Dear Anna,\n\ufffd\ufffd"
    assert frame["nats"].iloc[-1] > frame["nats"].iloc[:5].mean()


def test_the_page_shows_samples_what_surprised_and_what_was_copied(model: rc.SequenceGenerator, tmp_path: Path) -> None:
    model.report(tmp_path / "page.html", samples=[TEXT[:200] + model.sample(length=100)[0]])
    page = (tmp_path / "page.html").read_text()
    assert 'class="surprise"' in page
    assert "Memorised passages" in page
    assert "Dear" in page


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"length": 0}, "length=0"),
        ({"temperature": -1}, "temperature=-1"),
        ({"samples": 0}, "samples=0"),
        ({"prompt": "λ"}, r"U\+03BB"),
    ],
)
def test_what_cannot_be_written_is_refused(model: rc.SequenceGenerator, given: dict, text: str) -> None:
    with pytest.raises(InputError, match=text):
        model.sample(**given)


@pytest.mark.parametrize(
    ("text", "message"), [("abc" * 20, "60 characters"), ("a" * 5000, "single symbol"), (["a"], "type list")]
)
def test_texts_that_cannot_be_learnt_are_refused(text: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rc.SequenceGenerator().study(text)  # type: ignore[arg-type]


def test_subwords_are_learnt_and_written(tmp_path: Path) -> None:
    network = {"hidden": 16, "layers": 2, "embedding": 8, "tied": True}
    model = rc.SequenceGenerator(level="subwords", network=network, training={"epochs": 1}, verbose=False).fit(TEXT)
    model.save(tmp_path / "a.safetensors")
    loaded = rc.load(tmp_path / "a.safetensors")
    assert loaded.sample(length=20, seed=1) == model.sample(length=20, seed=1)


def test_music_is_learnt_in_all_keys_written_and_judged_by_frame(tmp_path: Path) -> None:
    pieces = make_chords(14)
    music = rc.SequenceGenerator(kind="notes", network=SMALL, training={"epochs": 0.2}, verbose=False)
    judged = music.study(pieces)
    assert judged.leading == "nats per frame"
    frames = sum(len(piece) for piece in pieces)
    assert music.holdout_ is not None
    assert 0 < music.holdout_.text.count("|") < frames / 4
    music.save(tmp_path / "m.safetensors")
    loaded = rc.load(tmp_path / "m.safetensors")
    lines = loaded.sample("48 60 64 67", length=5, seed=2)[0].split("\n")
    assert lines == music.sample("48 60 64 67", length=5, seed=2)[0].split("\n")
    assert all(word == "-" or 0 <= int(word) < 128 for line in lines for word in line.split())
    frames = from_text("".join(islice(loaded.stream(temperature=2.0, seed=4), 900)))
    made = [frame for piece in frames for frame in piece]
    assert sum(len(frame) > 1 for frame in made) > 20
    assert all(low < high for frame in made for low, high in pairwise(frame))
    shown = next(fact for fact in music.facts() if fact.label == "symbols")
    assert "different notes, the end of a frame" in shown.value
    with pytest.raises(InputError, match="is no note"):
        loaded.sample("H2")
    with pytest.raises(InputError, match="expected pieces"):
        rc.SequenceGenerator(kind="notes").study("abc" * 1000)


def test_fewer_bits_are_taken_where_they_cost_little(model: rc.SequenceGenerator, monkeypatch: Any) -> None:
    assert model.model_.precision == "float32"
    assert model.model_.costs == {}
    monkeypatch.setattr(precision, "_SMALL", 0)
    network, symbols = model.model_.network, model.model_.alphabet.encode(TEXT)
    costs = precision.costs_of(network, symbols, model.model_.start)
    assert set(costs) == {"bfloat16", "int8"}
    assert all(0 < abs(cost) < 0.02 for cost in costs.values())
    assert precision.chosen(network, {"int8": 0.0005}) == "int8"
    assert precision.chosen(network, {"int8": 0.005, "bfloat16": 0.005}) == "float32"
    texts = {each: model.sample(length=40, weights=each, seed=3)[0] for each in precision.PRECISIONS}
    assert texts["float32"] == model.sample(length=40, seed=3)[0]
    assert texts["int8"] == model.sample(length=40, weights="int8", seed=3)[0]
    with pytest.raises(InputError, match="weights='int4': expected auto, float32, bfloat16 or int8"):
        model.sample(weights="int4")


def test_a_transformer_writes_streams_and_is_saved(tmp_path: Path) -> None:
    model = rc.SequenceGenerator(
        cell="transformer", network={"hidden": 16, "layers": 2, "embedding": 8}, training={"epochs": 1}, verbose=False
    ).fit(TEXT)
    long = model.sample("Dear ", length=200, seed=3)  # further than it sees
    model.save(tmp_path / "a.safetensors")
    assert rc.load(tmp_path / "a.safetensors").sample("Dear ", length=200, seed=3) == long
    with pytest.raises(InputError, match="TransformerLayer cannot be exported"):
        model.exported()
    with pytest.raises(InputError, match="weights of 8 bits are for recurrences"):
        model.sample("Dear ", weights="int8")
    with pytest.raises(InputError, match="takes recurrent_dropout alone"):
        rc.SequenceGenerator(cell="transformer", network={"weight_drop": 0.2}, verbose=False).fit(TEXT)


def test_in_chinese_facts_have_chinese_punctuation_and_no_english() -> None:
    with rc.set_language("zh"):
        learnt, judged = text_facts(TextParts("ab" * 1000, "ab" * 956, False), KINDS["text"])
    assert judged.value == "1,912 个字符，文本末尾"
    assert learnt.value == "2,000 个字符，2 种不同符号"
