"""Keras reads its backend once, when it is imported: these tests choose it before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["KERAS_BACKEND"] = "torch"

import torch


def pytest_configure(config: pytest.Config) -> None:
    """Keras' own tests carry a marker of their own."""
    config.addinivalue_line("markers", "requires_trainable_backend: of Keras' tests; torch is one")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Keras 3.15 warns of in itself, with NumPy 2, is no error of ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ implementation doesn:DeprecationWarning"))


@pytest.fixture(autouse=True)
def _one_thread():
    """Small layers, and a machine that others use."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
