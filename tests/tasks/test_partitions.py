"""A folder of Parquet partitions: every row that of a single run, whoever computes it, and whoever is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import recurra as rc
from recurra import InputError
from recurra.tasks.partitions import (
    Work,
    each_partition,
    evaluated_partition,
    mean_scores,
    predicted_partition,
)

PARTITIONS = 6


def table_of(partition: int, days: int) -> pd.DataFrame:
    """Three series of some days."""
    frames = []
    for k in range(3):
        random = np.random.default_rng(10 * partition + k)
        y = 20 + 5 * np.sin(np.arange(80) * 2 * np.pi / 7) + random.normal(size=80)
        frame = pd.DataFrame({"id": f"{partition}-{k}", "ds": pd.date_range("2024-01-01", periods=80), "y": y})
        frames.append(frame.head(days))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A model file, and a folder of partitions."""
    folder = tmp_path_factory.mktemp("partitions")
    options: dict[str, Any] = {"network": {"hidden": 8}, "training": {"epochs": 1}, "verbose": False}
    model = rc.Forecaster(horizon=4, members=1, method="network", season=7, **options)
    model.fit(table_of(0, 60), series="id").save(folder / "model.safetensors")
    rows = folder / "rows"
    (rows / "later").mkdir(parents=True)
    for k in range(PARTITIONS):
        table_of(k, 70).to_parquet(rows / ("later" if k > 3 else ".") / f"part-{k}.parquet", index=False)
    return str(folder / "model.safetensors"), rows


def single(model: str, rows: Path) -> pd.DataFrame:
    """What one run over all rows together predicts."""
    table = pd.concat([pd.read_parquet(path) for path in sorted(rows.glob("**/*.parquet"))])
    found: Any = rc.load(model)
    return found.predict(table).sort_values(["id", "ds"]).reset_index(drop=True)


def gathered(out: Path) -> pd.DataFrame:
    parts = [pd.read_parquet(path) for path in sorted(out.glob("**/*.parquet"))]
    assert len(parts) == PARTITIONS
    return pd.concat(parts).sort_values(["id", "ds"]).reset_index(drop=True)


def test_partitions_one_by_one_are_the_single_run(made: tuple[str, Path], tmp_path: Path) -> None:
    model, rows = made
    counts: list[int] = []
    work = Work(model, str(tmp_path / "out"))
    found = list(each_partition(predicted_partition, work, rows, done=counts.append))
    assert counts == list(range(1, PARTITIONS + 1))
    assert sum(each.rows for each in found) == 4 * 3 * PARTITIONS
    pd.testing.assert_frame_equal(gathered(tmp_path / "out"), single(model, rows), check_dtype=False)


def killing(work: Work, path: str, name: str) -> Any:
    """As `predicted_partition`, but the first worker that comes to partition 2 is killed there."""
    mark = Path(str(work.out) + ".killed")
    if name == "part-2.parquet" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return predicted_partition(work, path, name)


def test_two_workers_give_every_row_although_one_is_killed(made: tuple[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    model, rows = made
    work = Work(model, str(tmp_path / "out"))
    begun = time.monotonic()
    found = list(each_partition(killing, work, rows, workers=2))
    assert (tmp_path / "out.killed").exists()
    assert sorted(each.name for each in found) == sorted(
        [*(f"part-{k}.parquet" for k in range(4)), "later/part-4.parquet", "later/part-5.parquet"]
    )
    pd.testing.assert_frame_equal(gathered(tmp_path / "out"), single(model, rows), check_dtype=False)
    assert time.monotonic() - begun < 280


@pytest.mark.usefixtures("baselines_here")
def test_evaluations_are_the_mean_over_partitions(made: tuple[str, Path]) -> None:
    model, rows = made
    found = list(each_partition(evaluated_partition, Work(model, None), rows / "later"))
    table = mean_scores(found).set_index("method")
    each = [done.scores["MAE"] for done in found if done.scores is not None]
    name = found[0].leading
    assert table.loc[name, "MAE"] == pytest.approx(np.mean([scores[name] for scores in each]))


def test_a_bad_partition_is_named_and_an_empty_folder_refused(made: tuple[str, Path], tmp_path: Path) -> None:
    model, _ = made
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(InputError, match=r"^bad\.parquet: "):
        list(each_partition(predicted_partition, Work(model, str(tmp_path / "out")), tmp_path))
    with pytest.raises(InputError, match="is the input and would be overwritten"):
        list(each_partition(predicted_partition, Work(model, str(tmp_path)), tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.parquet file: expected a folder of partitions"):
        list(each_partition(predicted_partition, Work(model, str(tmp_path / "out")), tmp_path / "empty"))
