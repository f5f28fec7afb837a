"""The article's Keras program on `recurra.keras`, beside stock Keras on torch and on TensorFlow, in turns.

    python benchmarks/keras_article.py                                  # stock Keras on torch: nothing more to install
    python benchmarks/keras_article.py --peers peers/bin/python         # and on TensorFlow, from benchmarks/peers.txt
    python benchmarks/keras_article.py --cells rnn --threads 1 --rounds 20

A sample is `fit` over an epoch of 100 batches. Stock Keras runs in a process of its own that sleeps while it is not
its turn. "program" is the article's with its imports changed; "layer" has the recurrence alone from `recurra.keras`, in
a model of stock Keras. Where the losses of the first epochs are not those of stock Keras there is no ratio, and the
exit status is 1.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

import recurra.keras as rk  # isort: skip  # before Keras: it chooses the backend
import keras
import peer_keras
from article import Article
from article_step import FOLDER, TOLERANCE, Peer, curve, difference, environment
from epochs import Row, first_cores, options, refused, run, timed
from workers import Worker

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


def line(article: Article, peer: Peer, worker: Worker, whole: bool, given: Any) -> Row:
    """A line of the table; no ratio where the curves differ, or where our kernels did not run."""

    def theirs(fresh: bool, shuffled: bool = False) -> float:
        return worker.ask(fresh=fresh, shuffled=shuffled)["loss"]

    ours, before = OurFit(article, whole), calls()["cpu"]
    found = difference(curve(ours.epoch), curve(theirs))
    ran = calls()["cpu"] - before >= article.batches
    row: Row = {
        "cell": article.cell,
        "peer": peer.name,
        "ours": "program" if whole else "layer",
        "curve differs by": f"{found:.0e}",
    }
    if not (found <= TOLERANCE and ran):
        return refused(row)
    return timed(row, article, lambda: ours.epoch(False, True), lambda: theirs(False, True), given)


def lines(article: Article, given: Any) -> list[Row]:
    """All peers at one cell."""
    rows = []
    for peer in (*PEERS, *(ELSEWHERE if given.peers else ())):
        python = sys.executable if peer in PEERS else given.peers
        arguments = (article.cell, str(article.batches), peer.way)
        with ExitStack() as stack:
            with first_cores(given.threads):
                worker = stack.enter_context(
                    Worker(python, FOLDER / peer.script, *arguments, environment=environment(peer, given.threads))
                )
            rows += [line(article, peer, worker, whole, given) for whole in (True, False)]
    return rows


def main() -> None:
    """Run the cells that were asked for."""
    run("keras_article", lines, options(__doc__).parse_args())


if __name__ == "__main__":
    main()
