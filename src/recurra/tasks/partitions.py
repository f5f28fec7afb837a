"""A folder of Parquet partitions, one at a time or on the workers of a Dask cluster: what is in memory is one of them.

A partition holds whole series, or whole examples. What is made of one is a file of its own, written whole or not at
all, so that a partition whose worker was killed is done again by another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from recurra.errors import InputError
from recurra.extras import require_package
from recurra.files import whole_file
from recurra.language import _
from recurra.tasks.estimator import Estimator
from recurra.tasks.loading import load

_RETRIES = 3  # of a partition whose worker is gone


@dataclass(frozen=True)
class Work:
    """What is done with each partition: predict, into `out`, or evaluate; `asked` is what else predictions are told."""

    model: str
    out: str | None
    levels: tuple[int, ...] = (80, 95)
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Done:
    """A partition that is done: its name, rows that were written, and, of an evaluation, its scores by method."""

    name: str
    rows: int
    scores: pd.DataFrame | None = None
    better: bool = False
    leading: str = ""


def partitions_of(folder: str | Path) -> list[Path]:
    """The partitions of a folder, in order; raises InputError where there are none."""
    found = sorted(path for path in Path(folder).glob("**/*.parquet") if path.is_file())
    if not found:
        raise InputError(_("{folder} holds no .parquet file: expected a folder of partitions", folder=folder))
    return found


def predicted_partition(work: Work, path: str, name: str) -> Done:
    """Predict one partition, in this process; the model is read once in a process."""
    estimator = _estimator(work.model, Path(work.model).stat().st_mtime_ns)
    later = estimator.later(estimator.read_file(path, {}))
    frames = list(estimator.predictions(later, levels=work.levels, **work.asked))
    found = pd.concat(frames, ignore_index=True) if len(frames) != 1 else frames[0]
    assert work.out is not None
    target = Path(work.out) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as temporary:
        found.to_parquet(temporary, index=False)
    return Done(name, len(found))


def evaluated_partition(work: Work, path: str, name: str) -> Done:
    """Evaluate the model on one partition, in this process."""
    estimator = _estimator(work.model, Path(work.model).stat().st_mtime_ns)
    evaluated = estimator.evaluated(estimator.later(estimator.read_file(path, {})), levels=work.levels)
    scores = evaluated.scores
    return Done(name, len(evaluated.frame), scores.numbers, bool(scores.better), scores.mark)


@lru_cache(maxsize=1)
def _estimator(model: str, changed: int) -> Estimator:
    return load(model)


def each_partition(
    function: Callable[[Work, str, str], Done],
    work: Work,
    folder: str | Path,
    *,
    workers: int = 0,
    cluster: str | None = None,
    done: Callable[[int], None] = lambda count: None,
) -> Iterator[Done]:
    """What `function` makes of each partition, as they are done; without workers in order, in this process.

    `workers` processes of this machine are started and ended, or those of the Dask `cluster` at an address are used:
    they read the model and the partitions, and write, by the same paths. A partition whose worker is gone is done by
    another one. Raises InputError for the first partition that is refused, with its name.
    """
    paths = partitions_of(folder)
    if work.out is not None and Path(work.out).resolve() == Path(folder).resolve():
        raise InputError(_("{folder} is the input and would be overwritten: choose another folder", folder=folder))
    jobs = [(str(path), path.relative_to(folder).as_posix()) for path in paths]
    results = (
        _in_order(function, work, jobs)
        if not workers and cluster is None
        else _by_dask(function, work, jobs, workers, cluster)
    )
    for count, result in enumerate(results, start=1):
        done(count)
        yield result


def _in_order(function: Callable[..., Done], work: Work, jobs: Sequence[tuple[str, str]]) -> Iterator[Done]:
    for path, name in jobs:
        try:
            yield function(work, path, name)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error


def _by_dask(
    function: Callable[..., Done], work: Work, jobs: Sequence[tuple[str, str]], workers: int, cluster: str | None
) -> Iterator[Done]:
    require_package("distributed")
    from dask.distributed import Client, LocalCluster, as_completed

    local = (
        None if cluster is not None else LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    )
    try:
        with Client(cluster if cluster is not None else local) as client:
            futures: dict[Any, str] = {}
            waiting = iter(jobs)
            for path, name in waiting:
                futures[client.submit(function, work, path, name, retries=_RETRIES, pure=False)] = name
            for future in as_completed(list(futures)):
                name = futures.pop(future)
                try:
                    yield future.result()
                except InputError as error:
                    client.cancel(list(futures))
                    raise InputError(f"{name}: {error}") from error
                future.release()
    finally:
        if local is not None:
            local.close()


def mean_scores(results: Sequence[Done]) -> pd.DataFrame:
    """The scores of each method, the mean over partitions; what only some partitions have is the mean over these."""
    tables = [each.scores for each in results if each.scores is not None]
    first = tables[0]
    found = pd.concat(tables).groupby(level=0, sort=False).mean()
    return found.reindex(first.index.union(found.index, sort=False)).rename_axis("method").reset_index()
