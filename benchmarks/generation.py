"""Likelihood of held-out text and music, and the speed of writing: `python benchmarks/generation.py shakespeare`.

    shakespeare   tinyshakespeare, 90/10, validation nats per character: the network alone, and mixed with n-grams
    chorales      JSB chorales, NLL per frame on the test part
    couplets      classical Chinese couplets, bits per character; blocks of 500 are the test part, without duplicates
    writing       characters a second of LSTM(512), one stream, one thread, beside PyTorch's loop

Data: ../shared/data (see benchmarks/README.md). CPU seconds are those of the process, on one thread.
"""

from __future__ import annotations

import argparse
import lzma
import time
from pathlib import Path

import numpy as np
import torch

import recurra as rc
from recurra.data.text.alphabet import Alphabet
from recurra.decoding.sampling import Sampling
from recurra.ensemble.members import Member
from recurra.evaluation.generation.ngrams import NGrams
from recurra.evaluation.shared.calibration import Blend
from recurra.nn.generator import GeneratorNetwork, GeneratorOptions
from recurra.tasks.generate.model import Recipe, TextModel
from recurra.tasks.generate.precision import PRECISIONS
from recurra.training import TrainingOptions

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shakespeare(epochs: float) -> None:
    """The network alone, the mixture, the n-grams."""
    text = (DATA / "generation" / "tinyshakespeare.txt").read_text(encoding="utf-8")
    cut = int(0.9 * len(text))
    network = {"hidden": 512, "dropout": 0.25 if epochs <= 5 else 0.4, "weight_drop": 0.2}
    _study(text[:cut], text[cut:], "text", network, epochs)


def chorales(epochs: float) -> None:
    """All notes of a frame together."""
    from scipy.io import loadmat

    found = loadmat(DATA / "generation" / "polymusic-JSB_Chorales.mat")
    parts = {
        name: [[(np.flatnonzero(frame) + 21).tolist() for frame in piece] for piece in found[name][0]]
        for name in ("traindata", "validdata", "testdata")
    }
    network = {"hidden": 256, "layers": 1, "embedding": 48, "dropout": 0.3, "weight_drop": 0.2}
    _study(parts["traindata"] + parts["validdata"], parts["testdata"], "notes", network, epochs)


def couplets(epochs: float) -> None:
    """Blocks of lines, so that neighbours are on one side; what occurs twice counts once."""
    with lzma.open(DATA / "language" / "chinese-couplets-wuyan.txt.xz", "rt", encoding="utf-8") as file:
        lines = list(dict.fromkeys(line.strip() for line in file if line.strip()))
    block = np.arange(len(lines)) // 500
    chosen = np.random.default_rng(0).permutation(block.max() + 1)[: max(1, (block.max() + 1) // 10)]
    tested = np.isin(block, chosen)
    learnt, test = ("\n".join(np.array(lines)[mask]) + "\n" for mask in (~tested, tested))
    _study(learnt, test, "text", {"hidden": 512, "layers": 1, "embedding": 256}, epochs)


def writing() -> None:
    """The fastest of many short stretches, so that a busy machine counts for little."""
    torch.set_num_threads(1)
    alphabet = Alphabet.learn("".join(map(chr, range(32, 96))) * 30, "characters")
    options = GeneratorOptions(hidden=512, layers=1)
    network = GeneratorNetwork(alphabet.size, "lstm", options).eval()
    ngrams = NGrams.learn(np.arange(1, 60), alphabet.size, order=2, smoothing="witten-bell")
    recipe = Recipe("lstm", options, TrainingOptions(), 64, 0)
    model = TextModel(
        recipe, alphabet, (Member(network),), ngrams, Blend(1.0), (ngrams,), "text", np.zeros(0, np.uint64)
    )
    for precision in PRECISIONS:
        symbols = model.write(np.array([1]), 40_000, 1, Sampling(0.8), seed=0, precision=precision)
        best = np.inf
        for _ in range(400):
            start = time.perf_counter()
            for _ in range(50):
                next(symbols)
            best = min(best, (time.perf_counter() - start) / 50)
        print(f"Recurra, {precision}: {1 / best:,.0f} characters a second")
    plain, best, state, symbol = torch.nn.LSTM(64, 512), np.inf, None, torch.tensor([[1]])
    with torch.no_grad():
        for _ in range(60):
            start = time.perf_counter()
            for _ in range(10):
                y, state = plain(network.embedding(symbol), state)
                symbol = torch.multinomial(torch.softmax(network.output(y)[0] / 0.8, -1), 1)
            best = min(best, (time.perf_counter() - start) / 10)
    print(f"PyTorch's loop, float32: {1 / best:,.0f}")


def _study(learnt: object, test: object, kind: str, network: dict[str, object], epochs: float) -> None:
    torch.set_num_threads(1)
    start = time.process_time()
    training = {"epochs": epochs, "batch_size": 32, "learning_rate": 3e-3}
    model = rc.SequenceGenerator(kind=kind, network=network, training=training, verbose=None)  # type: ignore[arg-type]
    evaluation = model.study(learnt, test=test)
    print(f"{time.process_time() - start:,.0f} CPU seconds, evaluating and n-grams included")
    print(evaluation)


def main() -> None:
    """Run one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["shakespeare", "chorales", "couplets", "writing"])
    parser.add_argument("--epochs", type=float, default=4.0, help="passes over what is learnt")
    given = parser.parse_args()
    if given.what == "writing":
        writing()
    else:
        {"shakespeare": shakespeare, "chorales": chorales, "couplets": couplets}[given.what](given.epochs)


if __name__ == "__main__":
    main()
