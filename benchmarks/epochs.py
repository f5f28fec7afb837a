"""What the benchmarks of the article's training step share: their options, a line of their table, a peer's cores."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from article import Article
from common import ROOT, report

from recurra.bench import paired

Row = dict[str, Any]


def options(description: str | None) -> argparse.ArgumentParser:
    """The options of every such script."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=["rnn", "gru", "lstm"], default=["rnn", "gru", "lstm"])
    parser.add_argument("--peers", metavar="PYTHON", help="the interpreter that has benchmarks/peers.txt")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batches", type=int, default=100, help="of an epoch, which is one sample")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of epochs, at least")
    parser.add_argument("--seconds", type=float, default=5.0, help="more pairs than --rounds while these last")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    return parser


def run(name: str, lines: Callable[[Article, Any], list[Row]], given: Any) -> None:
    """Print and write the `lines` of all cells; the exit status is 1 where a ratio was refused."""
    torch.set_num_threads(given.threads)
    rows = [row for cell in given.cells for row in lines(Article(cell, batches=given.batches), given)]
    report(name, rows, given.out, threads=given.threads)
    if any(row["ratio"] == "refused" for row in rows):
        raise SystemExit(1)


def refused(row: Row) -> Row:
    """`row` without a ratio."""
    return row | {"theirs, ms": "-", "ours, ms": "-", "ratio": "refused", "quartiles": "-"}


def timed(row: Row, article: Article, ours: Callable[[], object], theirs: Callable[[], object], given: Any) -> Row:
    """`row` with the milliseconds of a step of both, from epochs in turns, and their ratio."""
    pairs = paired(ours, theirs, seconds=given.seconds, least=given.rounds, most=4 * given.rounds)
    each = 1e3 / article.batches
    return row | {
        "theirs, ms": statistics.median(pairs.theirs) * each,
        "ours, ms": statistics.median(pairs.ours) * each,
        "ratio": pairs.ratio,
        "quartiles": "{:.2f} to {:.2f}".format(*pairs.spread),
    }


@contextlib.contextmanager
def first_cores(number: int) -> Iterator[None]:
    """Hold what is started inside the `with` to the first cores, which a process inherits."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:number])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
