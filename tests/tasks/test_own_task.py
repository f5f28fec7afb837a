"""A task of a user's own, the one of the guide: a file outside the package gives command, report, file, explanation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.docs.pages import blocks, read

import recurra as rc
from recurra.cli.main import app
from recurra.errors import InputError
from recurra.tasks import registry

CODE = next(block.text for block in blocks(read("en", "howto/add-a-task.md")) if block.language == "python")
KNOWN = ("forecast", "classify", "tag", "regress", "transcribe", "speak", "translate", "generate", "recommend")
KNOWN += ("play",)  # and "moves" and "series", which `play FILE` and `generate FILE` may be

pytestmark = [pytest.mark.spawn, pytest.mark.train]


# Several commands of one process: its imports take longer than most of them.
IN_TURN = """
import json, sys
from recurra.__main__ import main
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return started(folder, "-m", "recurra", *arguments)


def run_in_turn(folder: Path, *commands: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """The commands one after the other, until one fails."""
    return started(folder, "-c", IN_TURN, json.dumps(commands))


def started(folder: Path, *given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RECURRA_PLUGINS": "counting", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    command = [sys.executable, *given]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the task, its data and what its command made of them."""
    place = tmp_path_factory.mktemp("counting")
    (place / "counting.py").write_text(CODE, encoding="utf-8")
    rng = np.random.default_rng(0)
    words = np.array(["sale", "news", "game", "free", "home", "film"])
    pages = [rng.choice(words, size=int(rng.integers(3, 8))) for _ in range(160)]
    clicks = [int(rng.poisson(np.exp(0.9 * (page == "sale").sum()))) for page in pages]
    table = pd.DataFrame({"page": [" ".join(page) for page in pages], "clicks": clicks})
    table.iloc[:120].to_csv(place / "visits.csv", index=False)
    table.iloc[120:].to_csv(place / "later.csv", index=False)
    done = run(
        place, "count", "visits.csv", "--text", "page", "--count", "clicks", "--members", "1", "--epochs", "2",
        "--most", "500",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "VERDICT" in done.stdout
    assert "n-grams with log-linear regression" in done.stdout
    return place


def test_it_is_one_small_file() -> None:
    assert len(CODE.splitlines()) < 150


def test_its_report_and_results_are_whole(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Counting: clicks from page" in page
    assert "An attribution says how much a step moved the logarithm of the rate" in page
    frame = pd.read_csv(folder / "predictions.csv")
    assert list(frame) == ["row", "truth", "predicted", "error"]
    assert (frame["predicted"] > 0).all()


def test_its_model_file_is_used_by_every_command(folder: Path) -> None:
    model = "visits.safetensors"
    done = run_in_turn(
        folder, ("predict", model, "later.csv"), ("evaluate", model, "later.csv", "--out", "later"),
        ("inspect", model, "later.csv", "--out", "later"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(folder / "predictions.csv")) == 40
    assert list(pd.read_csv(folder / "later" / "evaluation.csv")) == ["row", "truth", "predicted", "error"]
    moved = pd.read_csv(folder / "later" / "visits-moved.csv")
    strength = moved.groupby("token")["attribution"].mean()
    assert strength.idxmax() == "sale"
    assert (folder / "later" / "visits-memory.png").stat().st_size > 1000


def test_its_help_has_its_own_options(folder: Path) -> None:
    said = run_in_turn(folder, ("count", "--help"), ("--help",)).stdout
    said, of_all = said.split("Usage:")[1:]
    assert "Train a model of counts on the sequences in FILE" in said
    assert "--count" in said
    assert "The column of counts." in said
    assert "--most" in said
    assert "count" in of_all


def test_what_is_no_count_is_refused_with_its_row(folder: Path) -> None:
    (folder / "odd.csv").write_text("page,clicks\n" + "sale news,2\nhome,1.5\n" * 20)
    done = run(folder, "count", "odd.csv", "--text", "page", "--count", "clicks", "--out", "odd")
    assert done.returncode == 2
    assert "column 'clicks' holds 1.5 in row 2: expected whole numbers from 0" in done.stderr


def test_without_its_module_the_file_says_which_is_missing(folder: Path) -> None:
    with pytest.raises(rc.ModelFileError, match=r"holds a 'sequence counter', .* name its module in RECURRA_PLUGINS"):
        rc.load(folder / "visits.safetensors")


def test_a_missing_module_is_said_by_the_command(tmp_path: Path) -> None:
    done = run(tmp_path, "count", "visits.csv")
    assert done.returncode == 2
    assert "RECURRA_PLUGINS names the module 'counting', which cannot be imported" in done.stderr


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "predict"}, "name is 'predict'"),
        ({"name": "A task"}, "name is 'A task'"),
        ({"name": "classify"}, "name is 'classify': expected one that no task has"),
        ({"name": "sort"}, "kind is 'sequence classifier': expected one that no task has"),
    ],
)
def test_a_name_or_kind_that_is_taken_is_refused(changed: dict, message: str) -> None:
    task = replace(rc.tasks.get("classify"), estimator="somewhere:Else", **changed)
    with pytest.raises(InputError, match=message):
        rc.tasks.register(task)
    assert rc.tasks.names() == KNOWN


def test_an_unknown_task_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=rf"task is 'paint': expected one of {', '.join(KNOWN)}\."):
        rc.tasks.get("paint")


def test_every_command_is_a_task_or_taken() -> None:
    commands = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert commands == {*KNOWN, *registry.OTHERS}


def test_every_task_is_found_by_the_kind_of_its_files() -> None:
    for task in registry.known():
        assert registry.by_kind(task.kind) is task
        assert task.kind == task.load().KIND
    assert registry.by_kind("a poem") is None
