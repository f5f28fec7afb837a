"""Likelihood of held-out text and music, and the speed of writing: `python benchmarks/generation.py shakespeare`.

    shakespeare   tinyshakespeare, 90/10, validation nats per character: the network alone, and mixed with n-grams
    chorales      JSB chorales, NLL per frame on the test part
    couplets      classical Chinese couplets, bits per character; blocks of 500 are the test part, without duplicates
    writing       characters a second of LSTM(512), one stream, one thread, beside PyTorch's loop
    training      characters a second that LSTM(512) learns, 32 lanes, windows of 64, beside the same in plain PyTorch

Data: ../shared/data (see benchmarks/README.md). CPU seconds are those of the process, on one thread.
"""

from __future__ import annotations

import argparse
import lzma
import time
from collections.abc import Callable
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
from recurra.tasks.generate.problem import TextProblem
from recurra.training import TrainingOptions
from recurra.training.adam import Adam
from recurra.training.lanes import LaneSource, Window
from recurra.training.precision import autocast
from recurra.training.stepper import Stepper

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LANES, WINDOW = 32, 64  # of a step of training


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


def training(pairs: int = 7, steps: int = 3) -> None:
    """The same weights and windows; both sides in turns, the ratio is the median of the pairs'."""
    torch.set_num_threads(1)
    text = (DATA / "generation" / "tinyshakespeare.txt").read_text(encoding="utf-8")
    alphabet = Alphabet.learn(text, "characters")
    source = LaneSource(torch.from_numpy(alphabet.encode(text)), LANES, WINDOW)
    options = GeneratorOptions(hidden=512, layers=1, dropout=0.0, weight_drop=0.0)
    ways: dict[str, Callable[[], float]] = {}
    for name in ("float32", "bfloat16"):
        torch.manual_seed(0)
        network = GeneratorNetwork(alphabet.size, "lstm", options)
        ways[f"Recurra, {name}"] = _learner(network, LaneSource(source.sequence, LANES, WINDOW), name)
        ways[f"PyTorch, {name}"] = _plain_learner(network, source, name)
        first = [ways[f"{who}, {name}"]() for who in ("Recurra", "PyTorch")]
        if abs(first[0] - first[1]) > (1e-4 if name == "float32" else 3e-2):
            raise SystemExit(f"different losses in {name}, no ratio: {first}")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for pair in range(pairs):
        for name in list(ways)[:: 1 if pair % 2 else -1]:
            start = time.process_time()
            for _ in range(steps):
                ways[name]()
            seconds[name].append((time.process_time() - start) / steps)
    for name, found in seconds.items():
        print(f"{name}: {LANES * WINDOW / np.median(found):,.0f} characters a CPU second")
    for one, other in (("float32", "float32"), ("bfloat16", "float32"), ("bfloat16", "bfloat16")):
        ratios = np.divide(seconds[f"PyTorch, {other}"], seconds[f"Recurra, {one}"])
        middle, least, most = np.median(ratios), ratios.min(), ratios.max()
        print(f"Recurra, {one}, over PyTorch, {other}: {middle:.2f}x ({least:.2f} to {most:.2f})")


def _learner(network: GeneratorNetwork, source: LaneSource, precision: str) -> Callable[[], float]:
    problem = TextProblem(network, source, np.zeros(0, np.int64), 0, torch.device("cpu"))
    count, cast = iter(range(10**9)), autocast(network, precision)

    def loss(network: torch.nn.Module, window: Window) -> torch.Tensor:
        with cast():
            return problem.loss(network, window)

    stepper = Stepper(network.train(), loss, Adam(3e-3), clip_norm=1.0)
    return lambda: float(stepper.step(source.batch(next(count))))


def _plain_learner(twin: GeneratorNetwork, source: LaneSource, precision: str) -> Callable[[], float]:
    plain = torch.nn.ModuleDict(
        {
            "embedding": torch.nn.Embedding(twin.size, twin.embedding.weight.shape[1]),
            "layer": torch.nn.LSTM(twin.embedding.weight.shape[1], 512),
            "output": torch.nn.Linear(512, len(twin.output.weight)),
        }
    )
    plain["layer"].load_state_dict(twin.layers[0].state_dict())
    plain["embedding"].load_state_dict(twin.embedding.state_dict())
    plain["output"].load_state_dict(twin.output.state_dict())
    adam, count = torch.optim.Adam(plain.parameters(), 3e-3, fused=True), iter(range(10**9))
    state: tuple[torch.Tensor, ...] | None = None

    def step() -> float:
        nonlocal state
        window = source.batch(next(count))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            y, last = plain["layer"](plain["embedding"](window.inputs), state)
            z = plain["output"](y).float()
        state = tuple(part.detach() for part in last)
        loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), window.targets.flatten())
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        adam.step()
        return float(loss.detach())

    return step


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
    parser.add_argument("what", choices=["shakespeare", "chorales", "couplets", "writing", "training"])
    parser.add_argument("--epochs", type=float, default=4.0, help="passes over what is learnt")
    given = parser.parse_args()
    if given.what == "writing":
        writing()
    elif given.what == "training":
        training()
    else:
        {"shakespeare": shakespeare, "chorales": chorales, "couplets": couplets}[given.what](given.epochs)


if __name__ == "__main__":
    main()
