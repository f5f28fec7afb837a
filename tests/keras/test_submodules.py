"""Every import line of Keras' works with `recurra.keras` in it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import keras
import pytest

import recurra.keras as rk

THEIRS = sorted(
    name.removeprefix("keras.")
    for name in list(sys.modules)
    if name.startswith("keras.") and not name.startswith(("keras.src", "keras._"))
)
OURS = ("layers", "models")


@pytest.mark.parametrize("name", [name for name in THEIRS if name not in OURS])
def test_a_submodule_is_keras_own(name: str) -> None:
    found = importlib.import_module(f"recurra.keras.{name}")
    assert found is importlib.import_module(f"keras.{name}")
    if "." not in name:
        assert getattr(rk, name) is found


def test_there_are_submodules() -> None:
    assert {"backend", "callbacks", "losses", "optimizers", "optimizers.schedules", "utils"} <= set(THEIRS)


def test_import_lines() -> None:
    names: dict[str, object] = {}
    exec(
        "from recurra.keras.optimizers import Adam\n"
        "from recurra.keras.callbacks import EarlyStopping\n"
        "from recurra.keras.layers import Dense, LSTM\n"
        "from recurra.keras import backend\n"
        "import recurra.keras.losses as losses\n",
        names,
    )
    assert names["Adam"] is keras.optimizers.Adam
    assert names["Dense"] is keras.layers.Dense
    assert names["LSTM"] is rk.LSTM
    assert names["backend"] is keras.backend
    assert names["losses"] is keras.losses


def test_no_file_of_ours_hides_a_name_of_keras() -> None:
    files = {path.stem for path in Path(rk.__file__).parent.glob("*.py")} - {"__init__"}
    assert files & set(dir(keras)) == set(OURS)
