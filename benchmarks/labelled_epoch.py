"""An epoch of the same text classifier: ours, plain PyTorch with packed sequences, and stock Keras on TensorFlow.

    python benchmarks/labelled_epoch.py                                 # PyTorch alone: nothing more to install
    python benchmarks/labelled_epoch.py --peers peers/bin/python        # and Keras, from benchmarks/peers.txt

Embedding 128, bidirectional GRU or LSTM of 64, mean and max over time, dense; Adam, batches of 64; film reviews as
token numbers. Ours trains as the estimators do: texts of about equal length together, and of the embedding the rows
that were read. PyTorch packs every batch, in random order or in ours; Keras masks, with every text as long as the
longest of all, or of its batch. First everyone learns for three epochs and is tested on a tenth held out: accuracies
more than three points apart have no ratio, and the exit status is 1. Then epochs are timed in turns, in CPU seconds of
the process on one thread: so another's work on the machine counts less.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from article_step import FOLDER, Peer, environment
from common import ROOT, labelled_folder, report
from epochs import Row, first_cores
from labelled_sets import reviews
from text_trainers import OurTexts, TorchTexts, Trainer, read_texts
from texts import Texts
from workers import Worker

from recurra.bench.pairs import Pairs

TOLERANCE = 3.0  # points of accuracy; the standard error on 1,067 texts is 1.3
KERAS = (
    Peer("Keras on TensorFlow, padded to the longest of all", "peer_keras_texts.py", "all", "tensorflow"),
    Peer("Keras on TensorFlow, padded by batch", "peer_keras_texts.py", "batch", "tensorflow"),
)


class KerasTexts:
    """A peer in a process of its own."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def learn(self) -> float:
        """As `Trainer`."""
        return self.worker.ask(what="learn")["accuracy"]

    def epoch(self) -> float:
        """As `Trainer`."""
        return self.worker.ask(what="epoch")["seconds"]


def in_turns(ours: Trainer, theirs: Trainer, rounds: int) -> Pairs:
    """The CPU seconds of `rounds` epochs of both; which goes first changes."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            seconds[which].append((ours, theirs)[which].epoch())
    return Pairs(tuple(seconds[0]), tuple(seconds[1]))


def line(cell: str, name: str, ours: Trainer, theirs: Trainer, accuracy: float, rounds: int) -> Row:
    """A line of the table; `accuracy` is ours. No ratio where theirs is far below it, or ours far below theirs."""
    found = theirs.learn()
    row: Row = {"cell": cell, "peer": name, "accuracy, ours": accuracy, "theirs": found}
    if abs(found - accuracy) > TOLERANCE:
        return row | {"seconds, ours": "-", "seconds, theirs": "-", "ratio": "refused", "quartiles": "-"}
    pairs = in_turns(ours, theirs, rounds)
    return row | {
        "seconds, ours": statistics.median(pairs.ours),
        "seconds, theirs": statistics.median(pairs.theirs),
        "ratio": pairs.ratio,
        "quartiles": "{:.2f} to {:.2f}".format(*pairs.spread),
    }


def lines(cell: str, texts: Texts, given: Any) -> list[Row]:
    """All peers at one cell."""
    ours = OurTexts(cell, texts)
    accuracy = ours.learn()
    here = {
        "PyTorch, packed": TorchTexts(cell, texts, like_with_like=False),
        "PyTorch, packed, texts of equal length together": TorchTexts(cell, texts, like_with_like=True),
    }
    rows = [line(cell, name, ours, peer, accuracy, given.rounds) for name, peer in here.items()]
    if not given.peers:
        return rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.npz"
        np.savez(file, **texts._asdict())
        for peer in KERAS:
            with ExitStack() as stack:
                with first_cores(1):
                    script, variables = FOLDER / peer.script, environment(peer, 1)
                    worker = stack.enter_context(
                        Worker(given.peers, script, cell, peer.way, str(file), environment=variables)
                    )
                rows.append(line(cell, peer.name, ours, KerasTexts(worker), accuracy, given.rounds))
    return rows


def main() -> None:
    """Run the cells that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--cells", nargs="+", choices=["gru", "lstm"], default=["gru", "lstm"])
    parser.add_argument("--peers", metavar="PYTHON", help="the interpreter that has benchmarks/peers.txt")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of epochs")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    given = parser.parse_args()
    torch.set_num_threads(1)
    texts = read_texts(reviews(labelled_folder(given.data)))
    rows = [row for cell in given.cells for row in lines(cell, texts, given)]
    report("labelled_epoch", rows, given.out, threads=1, texts=len(texts.offsets) - 1, rounds=given.rounds)
    if any(row["ratio"] == "refused" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
