"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ["RECURRA_LANGUAGE"] = "en"  # whatever the locale of the machine, processes that tests start included

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


ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, one for the tests of a file.

    While it is open an event loop counts as running in this thread, where nothing else may run one: it closes in time.
    """
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("needs Chromium on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


# What `./check fast` leaves out, by marker: folders and files of tests, from here.
MARKERS = {
    "train": (
        "tasks",
        "cli",
        "benchmarks",
        "ensemble",
        "keras/test_article.py",
        "training/test_launch.py",
        "training/test_machines.py",
        "inspect/test_watch.py",
        "serve",
    ),
    "browser": ("report/test_browser.py", "report/test_labelled_browser.py", "serve/test_live_page.py"),
    "spawn": (
        "serve/test_shared.py",
        "evaluation/forecast/test_worker.py",
        "keras/test_keras_tests.py",
        "nn/test_compiling.py",
        "kernels/test_emulation.py",
    ),
    "docs": ("docs",),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long by where it stands."""
    root = Path(__file__).resolve().parent
    for item in items:
        place = item.path.relative_to(root)
        for marker, places in MARKERS.items():
            if any(place.is_relative_to(each) for each in places):
                item.add_marker(marker)
