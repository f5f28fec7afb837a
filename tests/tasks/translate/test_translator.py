"""The translator: learns, is evaluated, is saved and read again to the same bits, resumes; what it refuses."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import recurra as rc
from recurra.cli.main import app
from recurra.data.demo.phrases import make_phrases
from recurra.errors import InputError
from recurra.tasks.translate.translator import Translator
from recurra.training import Run
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder

pytest.importorskip("sacrebleu")
SMALL = {"embedding": 16, "hidden": 8, "dropout": 0.0, "recurrent_dropout": 0.0}
PAIRS = make_phrases(160)
X, Y = list(PAIRS["lumi"]), list(PAIRS["english"])


def small(**changed) -> Translator:
    given = {"network": SMALL, "training": {"epochs": 3, "batch_size": 32}, "vocabulary": 120, "beam": 2} | changed
    return Translator(**given)


@pytest.fixture(scope="module")
def studied() -> Translator:
    model = small()
    model.study(X, Y, share=0.2)
    return model


@pytest.mark.train
def test_it_is_evaluated_beside_its_baselines(studied):
    evaluation = studied.holdout_.evaluation
    names = ["Recurra", "copying", "translation memory", "word by word (IBM model 1)"]
    assert evaluation.table.index.tolist() == names
    assert evaluation.leading == "BLEU"
    assert "tok:13a" in evaluation.notes[0]
    frame = studied.results()
    assert frame.columns.tolist() == ["row", "source", "reference", "translation", "chrF"]
    tested = [X[row - 1] for row in frame["row"]]
    assert tested == frame["source"].tolist()
    assert not set(tested) & set(studied.holdout_.learnt.sources)


@pytest.mark.train
def test_a_model_file_translates_to_the_same_bits(studied, tmp_path: Path):
    studied.save(tmp_path / "a.safetensors")
    again = rc.load(tmp_path / "a.safetensors")
    assert again.predict(X[:9]) == studied.predict(X[:9])
    assert again.verdict_ == studied.verdict_
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    evaluation = again.evaluate(X[:20], Y[:20])
    assert "translation memory" not in evaluation.table.index  # a file keeps no training texts
    assert "have a source that was learnt from" in evaluation.notes[-1]


@pytest.mark.train
def test_translations_do_not_depend_on_what_is_beside_them(studied):
    together = studied.predict([*X[:6], "", X[7]])
    assert together == [studied.predict([text])[0] for text in [*X[:6], "", X[7]]]
    assert together[6] == ""


class _Stop(Callback):
    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        if step == 5:
            raise RuntimeError("killed")


@pytest.mark.train
def test_a_killed_training_goes_on_to_the_same_bits(studied, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    with pytest.raises(RuntimeError, match="killed"):
        small().study(X, Y, share=0.2, run=Run(checkpoints=folder, callbacks=(_Stop(),)))
    resumed = small()
    resumed.study(X, Y, share=0.2, run=Run(checkpoints=CheckpointFolder(tmp_path / "run", {"data": "x"}, True)))
    for one, other in zip(resumed.module_.parameters(), studied.module_.parameters(), strict=True):
        assert bool((one == other).all())


@pytest.mark.train
def test_a_transformer_stands_in(tmp_path: Path):
    model = small(cell="transformer", network={"embedding": 16, "heads": 2, "layers": 1}, shared=False, members=2)
    model.fit(X[:60], Y[:60])
    said = model.predict(X[:3])
    model.save(tmp_path / "t.safetensors")
    assert rc.load(tmp_path / "t.safetensors").predict(X[:3]) == said


@pytest.mark.train
def test_what_was_looked_at_adds_up(studied):
    frame = studied.explain(X[:4])
    assert frame.columns.tolist() == ["example", "step", "token", "source_step", "source", "share"]
    sums = frame.groupby(["example", "step"])["share"].sum()
    assert bool((sums <= 1 + 1e-5).all())
    page = studied.content()
    assert [section.title for section in page.sections()].count("Attention alignment") == 1


@pytest.mark.train
def test_an_unknown_letter_is_copied(studied, monkeypatch):
    model = studied.model_
    numbers = [*model.target.encode(["The "])[0].tolist(), 0]
    import torch

    said = model._written("Ж mako", torch.tensor(numbers))
    assert said.startswith("The")
    assert "<unk>" not in said


@pytest.mark.train
def test_a_file_and_its_later_ones(tmp_path: Path, monkeypatch):
    PAIRS.to_csv(tmp_path / "pairs.tsv", sep="\t", index=False)
    model = small(training={"epochs": 1})
    model.study_file(tmp_path / "pairs.tsv", source="lumi", translation="english")
    (tmp_path / "new.txt").write_text("Siro portane monon vetas.\n\nAsha liseme borun loran nuras.\n", encoding="utf-8")
    later = model.later(model.read_file(str(tmp_path / "new.txt"), {}))
    (frame,) = list(model.predictions(later))
    assert frame["row"].tolist() == [1, 2, 3]
    assert frame["translation"][1] == ""
    assert [fact.value for fact in later.facts if fact.label in ("file", "note")] == ["new.txt: 3 lines"]
    (tmp_path / "odd.txt").write_text("Siro portane.\nSiro ☂ ☃ ☂.\n", encoding="utf-8")
    odd = model.later(model.read_file(str(tmp_path / "odd.txt"), {}))
    (note,) = [fact.value for fact in odd.facts if fact.label == "note"]
    assert note.startswith("1 text with characters that never occur in training: '☂', '☃';")
    model.save(tmp_path / "m.safetensors")
    asked = ["inspect", str(tmp_path / "m.safetensors"), str(tmp_path / "new.txt"), "--out", str(tmp_path / "seen")]
    told = CliRunner().invoke(app, asked).output
    assert "Attention of tokens" in told
    assert "What it remembers" not in told
    monkeypatch.setattr(sys, "stdin", io.StringIO("Siro portane monon vetas.\n"))
    later = model.later(model.read_file("-", {}))
    assert len(later) == 1
    with pytest.raises(InputError, match="has no translation in column 'english' for every text"):
        model.evaluated(later)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (X[:20], Y[:19], "X has 20 texts and y 19 texts: expected a translation for each text"),
        ("a text", Y, "X is str: expected a list of texts"),
        ([1, 2], ["a", "b"], r"X\[0\] is 1: expected a text"),
        (X[:20], ["", *Y[1:20]], r"has an empty side in 1 row: 1"),
        (X[:20], X[:20], "100 % of the texts in 'y' are those in 'X'"),
    ],
)
def test_what_cannot_be_used_is_refused(X, y, words):
    with pytest.raises(InputError, match=words):
        small().fit(X, y)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"beam": 0}, "beam is 0: expected a whole number"),
        ({"empty": "keep"}, "empty is 'keep': expected refuse or drop"),
        ({"cell": "grue"}, "grue"),
        ({"network": {"hiden": 3}}, "'hiden' is no option of EncoderDecoderOptions"),
    ],
)
def test_arguments_that_cannot_be_are_refused(changed, words):
    with pytest.raises(InputError, match=words):
        small(**changed).fit(X[:30], Y[:30])


def test_pairs_of_one_component_cannot_be_split():
    with pytest.raises(InputError, match="all pairs are linked by equal sides"):
        small().study([f"a{k // 2}" for k in range(20)], [f"b{(k + 1) // 2}" for k in range(20)])


def test_the_split_keeps_equal_sides_together():
    from recurra.data.pairs.pairs import Pairs

    pairs = Pairs(tuple(f"s{k % 30}" for k in range(60)), tuple(f"t{k}" for k in range(60)))
    parts = small()._split(pairs, 0.3)
    train, test = ({pairs.sources[k] for k in rows} for rows in (parts.train, parts.test))
    assert not train & test
    assert len(np.union1d(parts.train, parts.test)) == 60
