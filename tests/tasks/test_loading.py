"""A model file gives back the estimator that wrote it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.tasks.sequences import SILENT, classifier, regressor, strands, tagger

import recurra as rc
from recurra.deploy.model_file import read_model, write_model

LETTERS, TAGS = strands()


@pytest.mark.parametrize(
    ("make", "y"),
    [(classifier, ["u", "v"] * 20), (tagger, TAGS), (regressor, [float(len(x)) for x in LETTERS])],
    ids=["classifier", "tagger", "regressor"],
)
def test_the_same_kind_of_estimator_with_the_same_settings(make, y, tmp_path):
    model = make(cell="lstm", empty="drop", seed=4).fit(LETTERS, y, run=SILENT)
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert type(again) is type(model)
    for name in ("cell", "members", "network", "training", "empty", "seed"):
        assert getattr(again, name) == getattr(model, name)
    again.fit(LETTERS, y, run=SILENT)
    assert again.model_.blend.network == model.model_.blend.network


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(rc.InputError, match="there is no model file"):
        rc.load(tmp_path / "absent.safetensors")


def test_a_file_that_claims_a_million_layers_is_refused_at_once(tmp_path):
    kept = read_model(Path(__file__).parents[1] / "golden" / "0.1" / "play.safetensors")
    kept.config["model"]["recipe"]["network"]["layers"] = 1 << 20
    write_model(tmp_path / "tall.safetensors", kept)
    begun = time.process_time()
    with pytest.raises(rc.ModelFileError, match="would have more than"):
        rc.load(tmp_path / "tall.safetensors")
    assert time.process_time() - begun < 5
