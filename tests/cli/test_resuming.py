"""Where a run keeps its checkpoints, and how it knows them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra.cli.resuming import checkpoint_path, open_checkpoints, refusing_without_trace
from recurra.data import Grid, Panel, Schema
from recurra.data.panel.panel import ARRAYS
from recurra.errors import InputError, ModelFileError
from recurra.tasks.digests import data_digest
from recurra.training import TrainingOptions


@pytest.fixture
def panel() -> Panel:
    rng = np.random.default_rng(0)
    return Panel(
        schema=Schema(target="y", past=("p",), known=("k",), static=("a",)),
        grid=Grid("D"),
        series=("a", "b"),
        start=np.array([0, 5]),
        offsets=np.array([0, 3, 7]),
        target=rng.normal(size=7),
        past=rng.normal(size=(7, 1)),
        past_codes=np.zeros((7, 1), dtype=np.int64),
        known_offsets=np.array([0, 3, 7]),
        known=rng.normal(size=(7, 1)),
        known_codes=np.zeros((7, 1), dtype=np.int64),
        static=rng.normal(size=(2, 1)),
        static_codes=np.zeros((2, 1), dtype=np.int64),
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_any_changed_value_changes_the_digest(panel: Panel, name: str) -> None:
    array = getattr(panel, name).copy()
    array.flat[-1] += 1
    assert data_digest(replace(panel, **{name: array})) != data_digest(panel)


def test_other_columns_times_and_names_change_the_digest(panel: Panel) -> None:
    others = [
        replace(panel, schema=replace(panel.schema, target="z")),
        replace(panel, grid=Grid("h")),
        replace(panel, series=("a", "c")),
    ]
    assert len({data_digest(p) for p in (panel, *others)}) == 4
    assert data_digest(replace(panel, target=panel.target.copy())) == data_digest(panel)


def test_a_run_is_known_again(panel: Panel, tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path, "sales")
    open_checkpoints(path, data_digest(panel), {"cell": "lstm"}, resume=False)
    (path / "member.safetensors").write_bytes(b"")
    open_checkpoints(path, data_digest(panel), {"cell": "lstm"}, resume=True)
    assert (path / "member.safetensors").exists()
    with pytest.raises(
        ModelFileError, match=r'this one: cell= was "lstm", and is now "gru"\. Resume .* without resume='
    ):
        open_checkpoints(path, data_digest(panel), {"cell": "gru"}, resume=True)
    with pytest.raises(ModelFileError, match=r"this one: the data is different\. Resume"):
        open_checkpoints(path, data_digest(replace(panel, target=panel.target * 2)), {"cell": "lstm"}, resume=True)
    open_checkpoints(path, data_digest(panel), {"cell": "lstm"}, resume=False)
    assert not (path / "member.safetensors").exists()


def test_the_command_that_began_a_run_is_told(tmp_path: Path) -> None:
    begun = ["forecast", "my sales.csv", "--cell", "lstm", "--resume"]
    open_checkpoints(tmp_path / "run", "data", {"cell": "lstm"}, resume=True, arguments=begun)
    again = r"Resume it with `recurra forecast 'my sales.csv' --cell lstm --resume`, or start again without resume="
    with pytest.raises(ModelFileError, match=again):
        open_checkpoints(
            tmp_path / "run", "data", {"cell": "gru"}, resume=True, arguments=["forecast", "my sales.csv", "--resume"]
        )
    open_checkpoints(tmp_path / "run", "data", {"cell": "lstm"}, resume=True, arguments=["forecast"])
    with pytest.raises(ModelFileError, match=again):  # which stays that of the beginning
        open_checkpoints(tmp_path / "run", "other", {"cell": "lstm"}, resume=True)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"members": 2}, {"members": 3}, "members= was 2, and is now 3"),
        ({"windows": None}, {"windows": 4}, "windows= was not given, and is now 4"),
        ({"training": TrainingOptions(epochs=2)}, {"training": TrainingOptions(epochs=5)},
         "epochs= was 2, and is now 5"),
        ({"training": {}}, {"training": {"epochs": 5}}, "epochs= was not given, and is now 5"),
        ({"cell": "gru", "seed": 1}, {"cell": "lstm", "seed": 2},
         'cell= was "gru", and is now "lstm"; seed= was 1, and is now 2'),
    ],
)  # fmt: skip
def test_each_option_that_differs_is_named_with_both_values(
    before: dict[str, Any], now: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = checkpoint_path(tmp_path, "sales")
    open_checkpoints(path, "the same", before, resume=False)
    open_checkpoints(path, "the same", before, resume=True)
    with pytest.raises(ModelFileError) as refusal:
        open_checkpoints(path, "the same", now, resume=True)
    assert f"that differs from this one: {said}. Resume" in str(refusal.value)


def test_a_folder_of_somebody_else_is_left_alone(panel: Panel, tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path, "sales")
    path.mkdir()
    (path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="in the way"), refusing_without_trace(path):
        open_checkpoints(path, data_digest(panel), {}, resume=False)
    assert (path / "thesis.tex").read_text() == "precious"


def test_a_refusal_leaves_nothing_and_an_interruption_leaves_the_checkpoints(panel: Panel, tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path / "new" / "out", "sales")

    def run(ending: BaseException) -> None:
        with refusing_without_trace(path):
            open_checkpoints(path, data_digest(panel), {}, resume=False)
            raise ending

    with pytest.raises(InputError):
        run(InputError("too short"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())
    assert (path / "run.json").is_file()
