"""An input that is the label under another name is refused, unless the user insists; what only resembles it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recurra as rc
from recurra.errors import InputError
from recurra.inputs import Series, Static, Text

RNG = np.random.default_rng(0)
N = 120
WORDS = [" ".join(RNG.choice(["good", "bad", "film"], 4)) for _ in range(N)]
LABELS = RNG.choice(["yes", "no"], N)
SMALL = {"members": 1, "training": {"epochs": 0.1}, "verbose": False, "network": {"hidden": 4}}


def frame(**columns):
    return pd.DataFrame({"words": WORDS, **columns})


def classifier(*names):
    return rc.SequenceClassifier(inputs={"words": Text(), "about": Static()}, **SMALL)


@pytest.mark.parametrize("code", [{"yes": 1, "no": 0}, {"yes": "Y", "no": "N"}])
def test_a_column_that_is_the_class_under_another_name(code):
    about = pd.DataFrame({"size": RNG.normal(size=N), "outcome": [code[label] for label in LABELS]})
    X = {"words": WORDS, "about": about}
    with pytest.raises(InputError, match="outcome is the label under another name: its 2 values are the classes"):
        classifier().fit(X, LABELS)
    with pytest.raises(InputError, match="allow_leak"):
        classifier().study(X, LABELS)
    assert classifier().fit(X, LABELS, allow_leak=["outcome"]).model_
    about.loc[3, "outcome"] = code["no" if LABELS[3] == "yes" else "yes"]
    assert classifier().fit(X, LABELS).model_  # one of 120 is another


def test_a_number_that_is_the_target_moved_and_scaled():
    target = RNG.normal(size=N)
    for factor, refused in ((1.0, True), (0.0, False)):
        about = pd.DataFrame({"cents": 100 * target + 3 + (1 - factor) * RNG.normal(size=N)})
        model = rc.SequenceRegressor(inputs={"words": Text(), "about": Static()}, **SMALL)
        if refused:
            with pytest.raises(
                InputError, match="cents is the label under another name: the target is a straight line"
            ):
                model.fit({"words": WORDS, "about": about}, target)
        else:
            assert model.fit({"words": WORDS, "about": about}, target).model_


def test_a_feature_that_is_the_tag_of_its_step():
    tags = [RNG.choice(["x", "y"], 8) for _ in range(20)]
    steps = [pd.DataFrame({"value": RNG.normal(size=8), "state": (tag == "x") * 1.0}) for tag in tags]
    model = rc.SequenceTagger(inputs={"steps": Series()}, **SMALL)
    with pytest.raises(InputError, match="state is the label under another name"):
        model.fit({"steps": steps}, tags)
    assert model.fit({"steps": steps}, tags, allow_leak="state").model_


def test_few_examples_say_nothing():
    about = pd.DataFrame({"outcome": (LABELS[:30] == "yes") * 1})
    assert classifier().fit({"words": WORDS[:30], "about": about}, LABELS[:30]).model_
