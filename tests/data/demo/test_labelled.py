"""The demonstrations of labelled sequences: what their grammars promise."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from recurra.data.demo.catalogue import read_demo
from recurra.data.demo.membrane import make_membrane
from recurra.data.demo.reviews import WRONG, make_reviews
from recurra.data.examples.understanding import understand_examples
from recurra.tasks import get


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "task", "label"),
    [
        ("reviews", "classify", "sentiment"),
        ("digits", "classify", "label"),
        ("membrane", "tag", "topology"),
        ("promoters", "regress", "expression"),
    ],
)
def test_they_are_understood_without_a_flag(name: str, task: str, label: str) -> None:
    roles, _ = understand_examples(read_demo(name), target=get(task).target)
    assert roles.label == (label,)


def test_digits_are_scikit_learns() -> None:
    frame = read_demo("digits")
    assert frame.shape == (1797, 65)
    assert set(frame["label"]) == set(range(10))


def test_every_crossing_changes_the_side() -> None:
    frame = make_membrane(60)
    for topology in frame["topology"]:
        sides = re.findall(r"i+|o+", topology)
        assert all(a[0] != b[0] for a, b in pairwise(sides))
        assert all(18 <= len(crossing) <= 25 for crossing in re.findall(r"M+", topology))


def test_loops_inside_are_positive() -> None:
    frame = make_membrane(200)
    residues, topology = "".join(frame["residues"]), "".join(frame["topology"])
    share = {
        side: sum(r in "KR" for r, t in zip(residues, topology, strict=True) if t == side) / topology.count(side)
        for side in "io"
    }
    assert share["i"] > 2 * share["o"]


def test_words_turned_round_tell_the_sentiment() -> None:
    good = {"fine", "moving", "funny", "clever", "warm", "gripping", "honest", "beautiful", "fresh", "subtle"}
    frame, right = make_reviews(1000), 0
    for sentence, sentiment in frame.itertuples(index=False):
        clause = sentence.split(" but ")[-1].split()
        right += (bool(good & set(clause)) != ("not" in clause)) == (sentiment == "positive")
    assert right / len(frame) == pytest.approx(1 - WRONG, abs=0.02)
