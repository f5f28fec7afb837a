"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import settings

os.environ["RECURRA_LANGUAGE"] = "en"  # whatever the locale of the machine, processes that tests start included

# Time is the machine's affair, and a test that fails must fail again.
settings.register_profile("recurra", deadline=None, derandomize=True)
settings.register_profile("fast", settings.get_profile("recurra"), max_examples=10)
settings.load_profile("recurra")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where it is absent."""
    root = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("RECURRA_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs the real data sets, which are not at {folder} (set RECURRA_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _same_threads() -> Iterator[None]:
    """A test leaves torch's number of threads as it was: with one more, those after it may take ten times as long."""
    before = _threads()
    yield
    after = _threads()
    if before is not None and after != before:
        sys.modules["torch"].set_num_threads(before)
        pytest.fail(f"the test leaves torch with {after} threads, and found {before}")


@pytest.fixture(autouse=True, scope="session")
def _without_syncing() -> Iterator[None]:
    """No file of a test need outlive a loss of power, and a disk takes milliseconds to promise it, for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture
def baselines_here() -> Iterator[None]:
    """A forecaster's baselines in this process, the quick ones: another takes seconds to start, and others to fit."""
    from tests.tasks.small import baselines_in_process

    with baselines_in_process():
        yield


def _threads() -> int | None:
    """None where nothing has imported torch."""
    return sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None


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


# What takes long by where it stands, by marker: folders and files of tests, from here.
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
    "docs": ("docs", "test_docstrings.py"),
}
FIXTURES = {"browser": "browser", "shared_data": "slow"}  # ... and by what a test asks for
SLOW = {*MARKERS, "slow"}
SETS = 4  # of parameters that `--fast` runs of each test
ROOT = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast",
        action="store_true",
        help=f"no test that is marked {', '.join(sorted(SLOW))}; of the others {SETS} sets of parameters, and ten "
        "draws of Hypothesis",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("fast"):
        settings.load_profile("fast")


@cache
def markers_of(path: Path) -> list[str]:
    """What every test of the file or folder is marked with."""
    place = path.relative_to(ROOT)
    return [marker for marker, places in MARKERS.items() if any(place.is_relative_to(each) for each in places)]


def pytest_collection() -> None:
    """Imports leave next to no garbage, and looking for it takes a quarter of their time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector need not look at it again."""
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out as a whole is not even imported."""
    return True if config.getoption("fast") and markers_of(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes long by where it stands, and put it first: processes that share the files out end together."""
    for item in items:
        asked = [FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES]
        for marker in {*markers_of(item.path), *asked}:
            item.add_marker(marker)
    items.sort(key=lambda item: not markers_of(item.path))
    if config.getoption("fast"):
        chosen = representative(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = [item for item in items if item in chosen]


def representative(items: list[pytest.Item]) -> set[pytest.Item]:
    """The tests without a marker, and of each at most SETS sets of parameters, chosen by a digest of their names."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if SLOW.isdisjoint(marker.name for marker in item.iter_markers()):
            tests.setdefault(item.nodeid.split("[")[0], []).append(item)
    chosen = (sorted(sets, key=lambda item: crc32(item.nodeid.encode()))[:SETS] for sets in tests.values())
    return {item for sets in chosen for item in sets}
