"""Each input may have a network of its own, and a loaded estimator is trained again as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.base import clone
from tests.tasks.sequences import SIDES, SILENT, classifier, sides

import recurra as rc
from recurra import InputError

X, LABELS = sides()
FIRST, SECOND = list(SIDES)[:2]


def test_a_clone_of_a_loaded_one_has_the_stored_networks(tmp_path: Path) -> None:
    model = classifier(inputs=SIDES, members=1, network={FIRST: {"hidden": 5}, SECOND: {"hidden": 6}})
    model.fit(X, LABELS, run=SILENT)
    networks = model.model_.recipe.networks
    assert (networks[FIRST].hidden, networks[SECOND].hidden) == (5, 6)
    model.save(tmp_path / "m.safetensors")
    again: Any = clone(rc.load(tmp_path / "m.safetensors"))
    again.fit(X, LABELS, run=SILENT)
    assert again.model_.recipe.networks == networks


def test_a_network_of_no_input_is_refused() -> None:
    with pytest.raises(InputError, match="network names 'nothing', which is no input: expected some of"):
        classifier(inputs=SIDES, members=1, network={"nothing": {"hidden": 5}}).fit(X, LABELS, run=SILENT)
