"""`predict` and `evaluate` over a folder of Parquet partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from recurra.cli.claims import claim
from recurra.cli.console import counting, print_files, print_frame, stderr, stdout
from recurra.cli.outputs import check_outputs
from recurra.errors import InputError
from recurra.language import _


def predict_folder(
    model: Path,
    folder: str,
    out: Path | None,
    levels: Sequence[int],
    asked: Mapping[str, Any],
    workers: int,
    cluster: str | None,
    quiet: bool,
) -> None:
    """Predict every partition into a file of the same name in the folder `out`."""
    from recurra.tasks.partitions import Work, each_partition, partitions_of, predicted_partition

    target = Path("predictions") if out is None else out
    if target.exists() and not target.is_dir():
        raise InputError(_("{out} is a file: with a folder of partitions, --out is a folder too", out=target))
    count = len(partitions_of(folder))
    claim([target])
    work = Work(str(model.resolve()), str(target.resolve()), tuple(levels), asked)
    rows = 0
    with counting(stderr(quiet), "predicting", count) as done:
        for each in each_partition(predicted_partition, work, folder, workers=workers, cluster=cluster, done=done):
            rows += each.rows
    console = stdout(quiet)
    console.print(_("{rows:,} rows of {count:,} partitions", rows=rows, count=count))
    print_files(console, [target])


def evaluate_folder(
    model: Path, folder: str, out: Path | None, levels: Sequence[int], workers: int, cluster: str | None, quiet: bool
) -> None:
    """Evaluate every partition by itself; told is the mean over them, and in how many the model is better."""
    import pandas as pd

    from recurra.tasks.partitions import Work, each_partition, evaluated_partition, mean_scores, partitions_of

    files = [] if out is None else [out / "partitions.csv"]
    check_outputs(files)
    count = len(partitions_of(folder))
    work = Work(str(model.resolve()), None, tuple(levels))
    with counting(stderr(quiet), "evaluating", count) as done:
        found = list(each_partition(evaluated_partition, work, folder, workers=workers, cluster=cluster, done=done))
    found.sort(key=lambda each: each.name)
    console = stdout(quiet)
    print_frame(console, "Mean over partitions", mean_scores(found), mark=found[0].leading)
    better = sum(each.better for each in found)
    text = _("better than the best baseline in {better:,} of {count:,} partitions", better=better, count=count)
    console.print(Text(text))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        tables = [each.scores.assign(partition=each.name) for each in found if each.scores is not None]
        pd.concat(tables).rename_axis("method").reset_index().to_csv(files[0], index=False)
        print_files(console, files)
