"""How many examples a page says were learnt from and evaluated."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from recurra.data.examples.examples import as_examples
from recurra.data.labels.classes import Classes
from recurra.tasks.labelled.parts import ChosenParts
from recurra.tasks.labelled.report import examples_of


def test_an_example_of_several_labels_counts_once() -> None:
    sets = np.array([[1, 1, 0], [0, 0, 0], [-1, -1, -1]], dtype=np.int8)
    assert examples_of({"train": sets, "test": sets[:1]}) == {"train": 2, "test": 1}
    assert examples_of({"train": np.array([0, 1]), "test": np.array([[0.5]])}) == {}


def test_an_example_without_a_step_was_not_learnt_from() -> None:
    labels = pd.Series(["a", "b", "only here", "b"])
    parts = ChosenParts(as_examples(["one", "two", "", "four"]), labels)
    estimator = SimpleNamespace(
        empty="drop",
        labels_=Classes(("a", "b")),
        model_=SimpleNamespace(recipe=SimpleNamespace(optional=())),
        holdout_=SimpleNamespace(rows=np.array([3])),
    )
    assert parts.learnt(estimator).tolist() == [0, 1]
