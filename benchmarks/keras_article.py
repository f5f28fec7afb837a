"""The article's Keras program on `recurra.keras`, beside stock Keras on torch and on TensorFlow, in turns.

    python benchmarks/keras_article.py                                  # stock Keras on torch: nothing more to install
    python benchmarks/keras_article.py --peers peers/bin/python         # and on TensorFlow, from benchmarks/peers.txt
    python benchmarks/keras_article.py --cells rnn --threads 1 --rounds 20

A sample is `fit` over an epoch of 100 batches. Stock Keras runs in a process of its own that sleeps while it is not
its turn. "program" is the article's with its imports changed; "layer" has the recurrence alone from `recurra.keras`, in
a model of stock Keras. Where the losses of the first epochs are not
those of stock Keras there is no ratio, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import recurra.keras as rk  # isort: skip  # before Keras: it chooses the backend
import keras
import peer_keras
import torch
from article import Article
from article_step import FOLDER, TOLERANCE, Peer, curve, difference, environment
from common import ROOT, report
from workers import Worker

from recurra.bench import paired
from recurra.kernels import calls

PEERS = (Peer("Keras on torch", "peer_keras.py", "fit", "torch"),)
ELSEWHERE = (Peer("Keras on TensorFlow", "peer_keras.py", "fit", "tensorflow"),)


class OurFit:
    """Our model in this process."""

    def __init__(self, article: Article, whole: bool) -> None:
        self.article, self.models = article, rk.models if whole else keras.models
        self.x, self.y = article.data()

    def epoch(self, fresh: bool, shuffled: bool = False) -> float:
        """Every batch once; the mean loss."""
        if fresh:
            self.model = peer_keras.build(self.article, rk.layers, self.models)
        history = self.model.fit(self.x, self.y, batch_size=self.article.batch, shuffle=shuffled, verbose=0)
        return float(history.history["loss"][0])


def line(article: Article, peer: Peer, worker: Worker, whole: bool, given: Any) -> dict[str, Any]:
    """A line of the table; no ratio where the curves differ, or where our kernels did not run."""

    def theirs(fresh: bool, shuffled: bool = False) -> float:
        return worker.ask(fresh=fresh, shuffled=shuffled)["loss"]

    ours, before = OurFit(article, whole), calls()["cpu"]
    found = difference(curve(ours.epoch), curve(theirs))
    ran = calls()["cpu"] - before >= article.batches
    row: dict[str, Any] = {
        "cell": article.cell,
        "peer": peer.name,
        "ours": "program" if whole else "layer",
        "curve differs by": f"{found:.0e}",
    }
    if not (found <= TOLERANCE and ran):
        return row | {"theirs, ms": "-", "ours, ms": "-", "ratio": "refused", "quartiles": "-"}
    pairs = paired(
        lambda: ours.epoch(False, True),
        lambda: theirs(False, True),
        seconds=given.seconds,
        least=given.rounds,
        most=4 * given.rounds,
    )
    each = 1e3 / article.batches
    return row | {
        "theirs, ms": statistics.median(pairs.theirs) * each,
        "ours, ms": statistics.median(pairs.ours) * each,
        "ratio": pairs.ratio,
        "quartiles": "{:.2f} to {:.2f}".format(*pairs.spread),
    }


def lines(article: Article, given: Any) -> list[dict[str, Any]]:
    """All peers at one cell."""
    rows = []
    for peer in (*PEERS, *(ELSEWHERE if given.peers else ())):
        python = sys.executable if peer in PEERS else given.peers
        arguments = (article.cell, str(article.batches), peer.way)
        with ExitStack() as stack:
            cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, sorted(cores)[: given.threads])  # the peer inherits it
            worker = stack.enter_context(
                Worker(python, FOLDER / peer.script, *arguments, environment=environment(peer, given.threads))
            )
            os.sched_setaffinity(0, cores)
            rows += [line(article, peer, worker, whole, given) for whole in (True, False)]
    return rows


def main() -> None:
    """Run the cells that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=["rnn", "gru", "lstm"], default=["rnn", "gru", "lstm"])
    parser.add_argument("--peers", metavar="PYTHON", help="the interpreter that has benchmarks/peers.txt")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batches", type=int, default=100, help="of an epoch, which is one sample")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of epochs, at least")
    parser.add_argument("--seconds", type=float, default=5.0, help="more pairs than --rounds while these last")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    rows = [row for cell in given.cells for row in lines(Article(cell, batches=given.batches), given)]
    report("keras_article", rows, given.out, threads=given.threads)
    if any(row["ratio"] == "refused" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
