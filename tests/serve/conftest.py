"""Two small models that are served: a forecaster, and a tagger that goes on letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

import recurra as rc
from recurra.serve.app import create_app
from recurra.serve.settings import Limits, Settings

TINY: dict[str, Any] = {"training": {"epochs": 1}, "verbose": False, "members": 1}
LIMITS = Limits(body=20_000, steps=8, sessions=80, seconds=120.0)  # of a machine that does much else, too


@pytest.fixture(scope="session")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a forecaster of one series."""
    random, n = np.random.default_rng(0), 60
    y = 20 + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + random.normal(size=n)
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=n), "y": y})
    path = tmp_path_factory.mktemp("served") / "sales.safetensors"
    rc.Forecaster(horizon=4, method="network", network={"hidden": 8}, season=7, **TINY).fit(table).save(path)
    return path


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a tagger."""
    random = np.random.default_rng(0)
    letters = ["".join(random.choice(list("ACGT"), 12)) for _ in range(40)]
    tags = ["".join("x" if c in "AC" else "y" for c in each) for each in letters]
    path = tmp_path_factory.mktemp("served") / "tags.safetensors"
    rc.SequenceTagger(network={"hidden": 8, "bidirectional": False, "convolution": ()}, **TINY).fit(letters, tags).save(
        path
    )
    return path


@pytest.fixture
def client(forecaster: Path) -> Iterator[TestClient]:
    """Calls of a server of the forecaster."""
    with TestClient(create_app(Settings(forecaster, LIMITS))) as found:
        yield found
