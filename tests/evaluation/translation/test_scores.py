"""BLEU and chrF as sums beside sacreBLEU's own, tokenisers, the simple translators."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.translation.memory import TranslationMemory
from recurra.evaluation.translation.scores import Counter, evaluate_translations, tokeniser_of
from recurra.evaluation.translation.word_model import WordModel
from recurra.evaluation.translation.words import cased, written

sacrebleu = pytest.importorskip("sacrebleu")

REFERENCES = ["The cat sat on the mat, today.", "A dog runs.", "Two men are talking to each other now.", "No."]
OURS = ["The cat sat on a mat, today.", "A dog runs .", "Two men talking with one other.", "Yes!"]


@pytest.mark.parametrize("rows", [slice(0, 4), slice(0, 1), slice(3, 4), slice(1, 3)])
def test_sums_give_what_sacrebleu_gives(rows):
    ours, theirs = OURS[rows], REFERENCES[rows]
    scores = Counter().scores(ours, theirs)
    assert scores["BLEU"].value == pytest.approx(sacrebleu.corpus_bleu(ours, [theirs]).score, abs=1e-9)
    assert scores["chrF"].value == pytest.approx(sacrebleu.corpus_chrf(ours, [theirs]).score, abs=1e-9)


def test_nothing_is_worth_nothing():
    scores = Counter().scores(["", ""], ["a", "b c"])
    assert [scores[name].value for name in ("BLEU", "chrF", "exact match")] == [0.0, 0.0, 0.0]


def test_the_truth_is_better_than_a_baseline():
    many = [f"{a} {b} {c} goes home." for a in "abcde" for b in "fghij" for c in "klm"]
    evaluation, signature = evaluate_translations(many, many, {"copying": ["x y z"] * len(many)})
    assert evaluation.verdict.better
    assert evaluation.table.loc["Recurra", "BLEU"] == pytest.approx(100)
    assert "tok:13a" in signature
    assert "BLEU 100.0" in evaluation.verdict.sentence


@pytest.mark.parametrize(
    ("texts", "name"), [(["我们走吧。"], "zh"), (["これは本です"], "char"), (["Ein Haus"], "13a"), ([""], "13a")]
)
def test_the_tokeniser_follows_from_the_letters(texts, name):
    assert tokeniser_of(texts) == name


def test_a_memory_gives_the_nearest():
    memory = TranslationMemory(("ein haus", "ein hund", "zwei katzen"), ("a house", "a dog", "two cats"))
    assert memory.translate(["der hund", "drei katzen", "xyz"]) == ["a dog", "two cats", "a house"]


def test_a_lexicon_is_learnt_from_what_occurs_together():
    words = {"ein": "a", "der": "the", "hund": "dog", "haus": "house", "klein": "small", "alt": "old"}
    rng = np.random.default_rng(0)
    sources = [" ".join(rng.permutation(list(words))[:4]) for _ in range(200)]
    targets = [" ".join(words[word] for word in text.split()) for text in sources]
    model = WordModel.learn(sources, targets)
    model.check()
    assert model.translate(["der alt hund", "ein Xanten"]) == ["the old dog", "a Xanten"]


@pytest.mark.parametrize("text", ["A dog, here.", "我们走吧", "Is it (so)?"])
def test_words_are_written_again(text):
    assert written(cased(text)) == text
