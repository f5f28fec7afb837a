"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Time is the machine's affair, and a test that fails must fail again.
settings.register_profile("recurra", deadline=None, derandomize=True)
settings.load_profile("recurra")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where it is absent."""
    root = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("RECURRA_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs the real data sets, which are not at {folder} (set RECURRA_DATA)")
    return folder
