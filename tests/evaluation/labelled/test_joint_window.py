"""The joint window is the window alone where nothing beside it tells anything, and else knows what it tells."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled import windows
from recurra.evaluation.labelled.joint_window import fit_joint_window
from recurra.evaluation.labelled.windows import fit_window

RNG = np.random.default_rng(0)
TOKENS = Ragged.of([RNG.integers(0, 4, size=n) for n in RNG.integers(0, 30, size=80)])
SERIES = Ragged(RNG.normal(size=(len(TOKENS.values), 2)), TOKENS.offsets)
OWNER = np.repeat(np.arange(80), TOKENS.lengths)
SIDE = RNG.integers(1, 3, size=80)
THERE = np.ones(80, bool)
NUMBER = Fixed(SIDE[:, None].astype(np.float32), THERE)
CATEGORY = Fixed(np.zeros((80, 0), np.float32), THERE, SIDE[:, None])
CONSTANT = Fixed(np.ones((80, 3), np.float32), THERE)
WITHIN = (TOKENS.values > 1).astype(int)


@pytest.mark.parametrize("sequence", [TOKENS, SERIES], ids=["symbols", "values"])
def test_beside_a_constant_it_is_the_window_alone(sequence: Ragged) -> None:
    joint = fit_joint_window(sequence, {"facts": CONSTANT}, WITHIN, 2, width=3)
    alone = fit_window(sequence, WITHIN, 2, width=3)
    np.testing.assert_allclose(joint.outputs(sequence, {"facts": CONSTANT}), alone.outputs(sequence), atol=0.02)


@pytest.mark.parametrize("fixed", [NUMBER, CATEGORY], ids=["number", "category"])
@pytest.mark.parametrize("sequence", [TOKENS, SERIES], ids=["symbols", "values"])
def test_what_an_example_has_beside_its_steps_is_told_to_each(sequence: Ragged, fixed: Fixed) -> None:
    tags = SIDE[OWNER] - 1
    train, test = np.arange(40), np.arange(40, 80)
    known = Ragged(tags, TOKENS.offsets)
    model = fit_joint_window(sequence.take(train), {"facts": fixed.take(train)}, known.take(train).values, 2)
    said = model.outputs(sequence.take(test), {"facts": fixed.take(test)}).argmax(axis=1)
    assert (said == known.take(test).values).mean() > 0.95
    unaware = fit_window(sequence.take(train), known.take(train).values, 2)
    assert (unaware.outputs(sequence.take(test)).argmax(axis=1) == known.take(test).values).mean() < 0.8


def test_window_and_columns_decide_together() -> None:
    tags = 2 * (SIDE[OWNER] - 1) + WITHIN
    model = fit_joint_window(TOKENS, {"b": NUMBER, "a": CATEGORY}, tags, 4)
    inputs = {"a": CATEGORY, "b": NUMBER}
    assert (model.outputs(TOKENS, inputs).argmax(axis=1) == tags).mean() > 0.98
    order = RNG.permutation(80)
    moved = {name: fixed.take(order) for name, fixed in inputs.items()}
    expected = Ragged(model.outputs(TOKENS, inputs), TOKENS.offsets).take(order).values
    np.testing.assert_allclose(model.outputs(TOKENS.take(order), moved), expected, atol=1e-9)


def test_of_much_beside_fewer_steps_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_CELLS", 1000)
    tags = np.where(np.arange(len(OWNER)) < 200, WITHIN, -1)
    beside = windows.look_around(TOKENS, tags, 2, width=5, beside=15)
    assert len(beside.chosen) == 1000 // (5 + 15)
    assert (tags[beside.chosen] >= 0).all()


def test_tags_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="give one for each"):
        fit_joint_window(TOKENS, {"facts": NUMBER}, [0, 1], 2)
