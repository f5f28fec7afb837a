"""Streams of labelled sequences that watch themselves: truths that are told later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import recurra as rc
from recurra.errors import InputError
from recurra.evaluation.shared.watching import Promise, watch

FORWARD = {"bidirectional": False, "convolution": (), "hidden": 8}
DRAW = np.random.default_rng(0)
WORDS = ["".join(DRAW.choice(list("AB"), 6)) for _ in range(80)]
TAGS = [word.lower() for word in WORDS]


@pytest.fixture(scope="module")
def tagger():
    found = rc.SequenceTagger(members=1, network=FORWARD, training={"epochs": 15}, verbose=False).fit(WORDS, TAGS)
    found.promise_ = Promise(DRAW.uniform(0.0, 0.2, 40), metric="wrong tags")
    return found


@pytest.fixture(scope="module")
def classifier():
    labels = ["starts A" if word[0] == "A" else "starts B" for word in WORDS]
    found = rc.SequenceClassifier(members=1, network=FORWARD, training={"epochs": 3}, verbose=False)
    found.fit(WORDS, labels)
    found.model_ = replace(found.model_, blend=replace(found.model_.blend, stacked=0.0))
    found.promise_ = Promise((DRAW.random(60) < 0.2).astype(float), metric="wrong")
    return found


def test_tags_told_late_make_the_share_of_wrong_ones(tagger):
    stream = tagger.streams(2)
    seen = stream.watch()
    said = [stream.step(["A", "B"]) for _ in range(4)]
    truth = [["a", "b", "a", "b"], [None, "a", "b", "b"]]
    seen.tell([truth[0][:1], truth[1][:2]])
    seen.tell(truth[0][1:], rows=[0])
    seen.tell([truth[1][2:]], rows=[1])
    stream.reset()
    expected = [
        np.mean([step[row] != tag for step, tag in zip(said, tags, strict=True) if tag is not None])
        for row, tags in enumerate(truth)
    ]
    np.testing.assert_allclose(seen.windows["error"], expected)
    assert seen.status == "few"


def test_evidence_is_that_of_the_losses_in_a_row_and_wrong_tags_break_the_promise(tagger):
    stream = tagger.stream()
    seen, losses = stream.watch(), []
    for k in range(60):
        word = WORDS[k]
        said = [stream.step(letter) for letter in word]
        truth = [tag if k < 20 else "a" if tag == "b" else "b" for tag in TAGS[k]]
        seen.tell(truth)
        losses.append(np.mean([a != b for a, b in zip(said, truth, strict=True)]))
        stream.reset()
        if k == 19:
            assert seen.holds
    found = watch(tagger.promise_, np.array(losses))
    assert seen.evidence == pytest.approx(found.evidence[-1])
    assert (seen.status, found.status) == ("broken", "broken")
    assert found.since is not None
    assert seen.since == found.since + 1
    assert seen.sentence.startswith(f"No longer holds since {seen.since}: wrong tags 1")


def test_a_sequence_without_an_end_is_evaluated_every_so_many_steps(tagger):
    stream = tagger.stream()
    seen = stream.watch(every=10)
    for _ in range(35):
        stream.step("A")
        seen.tell("a")
    assert len(seen.windows) == 3


def test_classes_are_told_of_the_sequence_as_it_stands(classifier):
    stream = classifier.streams(2)
    seen = stream.watch()
    stream.step(["A", "B"])
    said = stream.step(["A", "B"])
    other = {"starts A": "starts B", "starts B": "starts A"}
    seen.tell([said[0], other[said[1]]])
    np.testing.assert_array_equal(seen.windows["error"], [0.0, 1.0])
    with pytest.raises(InputError, match="step first"):
        seen.tell([said[0]], rows=[0])


def test_refusals(tagger, classifier):
    stream = tagger.stream()
    seen = stream.watch()
    with pytest.raises(InputError, match="step first"):
        seen.tell("a")
    stream.step("A")
    with pytest.raises(InputError, match="'z'"):
        seen.tell("z")
    with pytest.raises(InputError, match="one for each row"):
        classifier.streams(3).watch().tell(["starts A"])
    with pytest.raises(InputError, match="every"):
        classifier.stream().watch(every=3)
    classifier.promise_, kept = None, classifier.promise_
    with pytest.raises(InputError, match="promises nothing"):
        classifier.stream().watch()
    classifier.promise_ = kept
