"""A recurrence and a Transformer of as many parameters for the same seconds on the same tokens: whoever wins is named.

    python benchmarks/against_transformer.py translate --seconds 60
    python benchmarks/against_transformer.py transcribe --seconds 300
    python benchmarks/against_transformer.py forecast --seconds 60
    python benchmarks/against_transformer.py step          # the cost of one more step as the context grows
    python benchmarks/against_transformer.py longer        # trained on short sequences, tested on long ones

Both are Recurra's estimators with another `cell`, one thread, their seconds those of the CPU in passes over the data:
two short trainings say how long a pass takes. Each learning rate of a grid is tried with seed 0, that of the lowest
held-out loss is taken, and the seeds are trained with it. The test part is looked at once for each seed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import data_folder, markdown

import recurra as rc
from recurra.evaluation.translation.scores import Counter
from recurra.nn.transformer_layer import TransformerLayer
from recurra.tasks.translate.plan import default_network

CELLS = {"translate": "gru", "transcribe": "lstm", "forecast": "lstm"}
RATES = {"recurrence": (1e-3, 3e-3, 8e-3), "transformer": (3e-4, 1e-3, 3e-3)}
Make = Callable[[str, dict[str, Any], int, int], Any]  # cell, training, seed, hidden -> an estimator


@dataclass(frozen=True)
class Question:
    """A task: an estimator, how it is fitted and what it scores; and sizes of as many parameters for both."""

    make: Make
    fit: Callable[[Any], Any]
    score: Callable[[Any], float]
    measure: str
    batch: int
    hidden: dict[str, int]


def trained(question: Question, cell: str, rate: float, epochs: float, seed: int) -> tuple[Any, float, float]:
    """The estimator, CPU seconds of its training, and its lowest held-out loss."""
    training = {"epochs": epochs, "learning_rate": rate, "batch_size": question.batch}
    estimator = question.make(cell, training, seed, question.hidden["transformer" if cell == "transformer" else "rnn"])
    begun = time.process_time()
    question.fit(estimator)
    curve = estimator.learning()
    return estimator, time.process_time() - begun, float(curve["validation_loss"].min())


def passes(question: Question, cell: str, rate: float, seconds: float) -> float:
    """How many passes take so many seconds, without what a training takes of whatever length: vocabularies, tests."""
    few, more = 0.05, 0.35
    each = (trained(question, cell, rate, more, 0)[1] - trained(question, cell, rate, few, 0)[1]) / (more - few)
    return seconds / max(each, 1e-3)


def compared(question: Question, task: str, seconds: float, seeds: int) -> list[dict[str, Any]]:
    """A row for both."""
    rows = []
    for name, cell in (("recurrence", CELLS[task]), ("transformer", "transformer")):
        epochs = passes(question, cell, RATES[name][1], seconds)
        tried = {rate: trained(question, cell, rate, epochs, 0) for rate in RATES[name]}
        rate = min(tried, key=lambda each: tried[each][2])
        runs = [tried[rate], *(trained(question, cell, rate, epochs, seed) for seed in range(1, seeds))]
        scores = [question.score(run[0]) for run in runs]
        rows.append(
            {
                "network": cell,
                "parameters": sum(p.numel() for p in runs[0][0].module_.parameters()),
                "passes": epochs,
                "CPU seconds": float(np.median([run[1] for run in runs])),
                "learning rate": rate,
                question.measure: float(np.mean(scores)),
                "of each seed": " ".join(f"{score:.4g}" for score in scores),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def translate(data: Path, source: str = "de", target: str = "en") -> Question:
    """Multi30k; lower-cased BLEU of the test set of 2016."""
    folder = data.parent / "translation"

    def read(part: str) -> tuple[list[str], list[str]]:
        lines = []
        for side in (source, target):
            with gzip.open(folder / f"multi30k-{part}.{side}.gz", "rt", encoding="utf-8") as stream:
                lines.append(stream.read().splitlines())
        return lines[0], lines[1]

    train, test = read("train"), read("test_2016_flickr")

    def make(cell: str, training: dict[str, Any], seed: int, hidden: int) -> Any:
        network = vars(default_network(len(train[0]), cell))
        return rc.Translator(cell=cell, training=training, network=network, seed=seed, members=1, verbose=False)

    def score(model: Any) -> float:
        return Counter(lowercase=True).scores(model.predict(test[0]), test[1])["BLEU"].value

    return Question(make, lambda model: model.fit(*train), score, "BLEU", 128, {"rnn": 0, "transformer": 0})


def transcribe(data: Path) -> Question:
    """CMU AN4 from its cepstra; word error rate of the best path."""
    from recurra.evaluation.transcripts.error_rates import evaluate_transcripts

    found = np.load(data.parent / "speech" / "an4-mfcc.npz")
    features, texts, who = found["features"], found["text"].astype(str), found["speaker"].astype(str)
    frames = [features[a:b] for a, b in pairwise(found["offsets"].astype(np.int64))]
    train, test = (np.flatnonzero(found["split"] == part) for part in ("train", "test"))

    def make(cell: str, training: dict[str, Any], seed: int, hidden: int) -> Any:
        network = {"hidden": hidden, "layers": 3}
        return rc.Transcriber(
            cell=cell, normalise="speaker", network=network, training=training, seed=seed, beam=0, verbose=False
        )

    def fit(model: Any) -> Any:
        return model.fit([frames[k] for k in train], texts[train].tolist(), groups=who[train])

    def score(model: Any) -> float:
        said = {"model": model.predict([frames[k] for k in test], groups=who[test])}
        evaluation = evaluate_transcripts(texts[test].tolist(), said, speakers=who[test])
        return float(evaluation.table.loc["model", "WER"])  # pyright: ignore[reportArgumentType]

    return Question(make, fit, score, "WER", 16, {"rnn": 160, "transformer": 108})


def forecast(data: Path) -> Question:
    """Hourly oil temperatures, the network alone, h=24; MAE of the last tenth, a forecast every day."""
    frame = rc.read_table(data / "etth1.csv").frame
    cut = int(0.9 * len(frame))

    def make(cell: str, training: dict[str, Any], seed: int, hidden: int) -> Any:
        return rc.Forecaster(
            24, cell=cell, method="network", network={"hidden": hidden}, training=training, seed=seed, members=1
        )

    def fit(model: Any) -> Any:
        return model.fit(frame.iloc[:cut], target="OT")

    def score(model: Any) -> float:
        errors = []
        for begin in range(cut, len(frame) - 24, 24):
            found = model.predict(frame.iloc[:begin])["forecast"].to_numpy()
            errors.append(np.abs(found - frame["OT"].to_numpy()[begin : begin + 24]).mean())
        return float(np.mean(errors))

    return Question(make, fit, score, "MAE", 256, {"rnn": 128, "transformer": 86})


@torch.no_grad()
def step(contexts: Sequence[int] = (16, 64, 256, 1024, 4096, 16384)) -> list[dict[str, Any]]:
    """Microseconds of one more step, batch 1, after so many: an LSTM's stream, and a block with its keys and values."""
    width, times = 256, 50
    stream = rc.nn.LSTM(width, width).eval().stream()
    block = TransformerLayer(width, width).eval()
    x = torch.randn(1, width)
    row = x[0].numpy()
    rows = []
    for context in contexts:
        _, state = block(torch.randn(context, 1, width))
        taken: dict[str, list[float]] = {"LSTM": [], "Transformer": []}
        for _ in range(times):
            begun = time.perf_counter()
            stream.step(row)
            taken["LSTM"].append(1e6 * (time.perf_counter() - begun))
            begun = time.perf_counter()
            block.step(x, state)
            taken["Transformer"].append(1e6 * (time.perf_counter() - begun))
        median = {name: float(np.median(each)) for name, each in taken.items()}
        kept = sum(part.numel() * part.element_size() for part in state)
        rows.append(
            {"steps before": context, **{f"{n}, us": m for n, m in median.items()}, "its state, kB": kept / 1e3}
        )
    return rows


def longer(short: int = 20, long: Sequence[int] = (20, 40, 80, 160, 320), count: int = 1500) -> list[dict[str, Any]]:
    """Whether an even number of ones came so far, told at every step; learnt from `short` steps, accuracy on `long`."""
    rng = np.random.default_rng(0)

    def made(steps: int, rows: int) -> tuple[list[str], list[str]]:
        bits = rng.random((rows, steps)) < 0.2
        parity = bits.cumsum(axis=1) % 2
        return ["".join("ab"[int(b)] for b in row) for row in bits], ["".join("eo"[p] for p in row) for row in parity]

    texts, tags = made(short, count)
    tests = {steps: made(steps, 100) for steps in long}
    rows = []
    for cell, rates in (("lstm", RATES["recurrence"]), ("transformer", RATES["transformer"])):
        network = dict(hidden=64, layers=2, embedding=16, convolution=(), positions=0, bidirectional=False)
        tried = []
        for rate in rates:
            training = {"epochs": 30, "batch_size": 32, "learning_rate": rate}
            tagger = rc.SequenceTagger(cell=cell, members=1, network=network, training=training)
            tried.append(tagger.fit(texts, tags))
        best = min(tried, key=lambda each: float(each.learning()["validation_loss"].min()))
        right = {}
        for steps, (asked, truth) in tests.items():
            said = np.array([list(tags) for tags in best.predict(asked)])
            right[f"{steps} steps"] = float((said == np.array([list(tags) for tags in truth])).mean())
        rows.append({"network": cell, **right})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("translate", "transcribe", "forecast", "step", "longer"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "step":
        rows = step()
    elif given.what == "longer":
        rows = longer()
    else:
        question = {"translate": translate, "transcribe": transcribe, "forecast": forecast}[given.what]
        rows = compared(question(data_folder(given.data)), given.what, given.seconds, given.seeds)
    print(markdown(rows))


if __name__ == "__main__":
    main()
