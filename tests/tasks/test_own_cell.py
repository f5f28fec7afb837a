"""A cell of somebody's own in the estimators and in model files, and a file whose cell is not known here."""

from __future__ import annotations

import numpy as np
import pytest
from tests.cells.test_registry import Leaky
from typer.testing import CliRunner

import recurra as rc
from recurra import cells
from recurra.cli.main import app
from recurra.errors import RecurraError

OPTIONS = rc.TrainingOptions(epochs=1, batch_size=8)
TEXTS = ["a good day", "a bad day", "good", "bad", "so good", "so bad", "good good day", "bad bad day"] * 3
LABELS = ["+", "-"] * 12


@pytest.fixture
def leaky():
    yield cells.register(Leaky)
    cells.unregister("leaky")


@pytest.mark.train
@pytest.mark.parametrize("cell", ["mingru", "slstm", "leaky"])
def test_labels_are_learnt_and_come_back(cell, leaky, tmp_path):
    model = rc.SequenceClassifier(cell=cell, members=1, training=OPTIONS).fit(TEXTS, LABELS)
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert again.cell == cell
    assert np.array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.train
@pytest.mark.parametrize("kind", ["labels", "forecast"])
def test_a_file_of_a_cell_that_is_not_registered(kind, leaky, tmp_path):
    path = tmp_path / "m.safetensors"
    if kind == "labels":
        rc.SequenceClassifier(cell="leaky", members=1, training=OPTIONS).fit(TEXTS, LABELS).save(path)
    else:
        table = rc.read_table("demo:co2").frame.tail(300)
        model = rc.Forecaster(4, cell="leaky", method="network", members=1, season=1, training=OPTIONS)
        model.fit(table).save(path)
    cells.unregister("leaky")
    with pytest.raises(RecurraError, match=r"'leaky'.*import the module that registers it"):
        rc.load(path)


def test_the_command_line_knows_it(leaky):
    told = CliRunner().invoke(app, ["forecast", "demo:co2", "--cell", "leakyy"])
    assert told.exit_code == 2
    assert "'leakyy' is not one of" in " ".join(told.output.split())
    assert "'leaky'" in told.output


def test_what_a_cell_does_not_take_is_said_before_anything_is_learnt():
    options = rc.SequenceOptions(recurrent_dropout=0.2)
    with pytest.raises(RecurraError, match="'mingru' takes no recurrent_dropout"):
        rc.SequenceClassifier(cell="mingru", members=1, network=options).fit(TEXTS, LABELS)
