"""The article's training step, all included, beside torch.nn, JAX and Keras, in turns; the loss curves compared first.

    python benchmarks/article_step.py                                   # torch.nn alone: nothing more to install
    python benchmarks/article_step.py --peers peers/bin/python          # and JAX, Keras on TensorFlow, torch and JAX
    python benchmarks/article_step.py --cells rnn --threads 1 --rounds 20

A sample is an epoch of 100 shuffled batches. Peers from benchmarks/peers.txt run in processes of their own that sleep
while it is not their turn. A peer whose losses over the first epochs are not ours gets no ratio, and the exit status
is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from article import Article
from epochs import Row, first_cores, options, refused, run, timed
from trainers import OurTrainer, TorchTrainer
from workers import Worker

EPOCHS, TOLERANCE = 3, 1e-3  # epochs compared, and by how much a mean loss may differ, as a share
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Peer:
    """One that runs in a process of its own."""

    name: str
    script: str
    way: str = ""
    backend: str = ""

    def one_bias(self, cell: str) -> bool:
        """Whether its recurrence has one bias where torch has two."""
        return self.script == "peer_keras.py" and cell != "gru"


PEERS = (
    Peer("JAX and optax, an epoch in one jit", "peer_jax.py"),
    Peer("Keras on TensorFlow, fit", "peer_keras.py", "fit", "tensorflow"),
    Peer("Keras on TensorFlow, train_on_batch", "peer_keras.py", "train_on_batch", "tensorflow"),
    Peer("Keras on torch, fit", "peer_keras.py", "fit", "torch"),
    Peer("Keras on JAX, fit", "peer_keras.py", "fit", "jax"),
)


def curve(epoch: Callable[[bool], float]) -> list[float]:
    """Mean losses of the first epochs in the data's own order; the argument says whether to begin afresh."""
    return [epoch(number == 0) for number in range(EPOCHS)]


def torch_curve(trainer: TorchTrainer) -> list[float]:
    """The curve of a trainer that has not trained yet."""
    return curve(lambda _: trainer.epoch(shuffled=False))


def difference(found: list[float], expected: list[float]) -> float:
    """The largest difference of two curves, as a share."""
    return max(abs(a / b - 1) for a, b in zip(found, expected, strict=True))


def environment(peer: Peer, threads: int) -> dict[str, str]:
    """Variables that hold a peer to CPU threads and silence its log."""
    return {
        "KERAS_BACKEND": peer.backend or "jax",
        "OMP_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "-1",
    }


def line(article: Article, name: str, found: float, theirs: Callable[[], object], given: Any) -> dict[str, Any]:
    """A line of the table: what a peer takes, beside ours in turns; no ratio where the curves differ."""
    row: Row = {"cell": article.cell, "peer": name, "curve differs by": f"{found:.0e}"}
    if not found <= TOLERANCE:
        return refused(row)
    return timed(row, article, OurTrainer(article).epoch, theirs, given)


def lines(article: Article, given: Any) -> list[dict[str, Any]]:
    """All peers at one cell."""
    expected = {one_bias: torch_curve(TorchTrainer(article, one_bias=one_bias)) for one_bias in (False, True)}
    found = difference(torch_curve(OurTrainer(article)), expected[False])
    rows = [line(article, "torch.nn, fused Adam", found, TorchTrainer(article).epoch, given)]
    for peer in PEERS if given.peers else ():
        if given.only and not any(word.lower() in peer.name.lower() for word in given.only):
            continue
        arguments = (article.cell, str(article.batches), *filter(None, [peer.way]))
        with ExitStack() as stack:
            with first_cores(given.threads):
                worker = stack.enter_context(
                    Worker(given.peers, FOLDER / peer.script, *arguments, environment=environment(peer, given.threads))
                )

            def epoch(fresh: bool, shuffled: bool = False, worker: Worker = worker) -> float:
                return worker.ask(fresh=fresh, shuffled=shuffled)["loss"]

            found = difference(curve(epoch), expected[peer.one_bias(article.cell)])
            rows.append(line(article, peer.name, found, lambda ask=epoch: ask(False, True), given))
    return rows


def main() -> None:
    """Run the cells that were asked for."""
    parser = options(__doc__)
    parser.add_argument("--only", nargs="+", metavar="WORD", help="peers whose name has one of these words")
    run("article_step", lines, parser.parse_args())


if __name__ == "__main__":
    main()
