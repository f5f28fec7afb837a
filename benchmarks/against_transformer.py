"""A recurrence and a Transformer of as many parameters for the same seconds on the same tokens: whoever wins is named.

    python benchmarks/against_transformer.py translate --seconds 60
    python benchmarks/against_transformer.py transcribe --seconds 300
    python benchmarks/against_transformer.py forecast --seconds 60
    python benchmarks/against_transformer.py step          # the cost of one more step as the context grows
    python benchmarks/against_transformer.py longer        # trained on short sequences, tested on long ones

Both are Recurra's estimators with another `cell`, of as many parameters to within 2 %, one thread. A training takes the
given seconds of the processor, whatever number of steps that makes, and its learning rate follows the time. Each
rate of a grid is tried with seed 0 and that of the lowest held-out loss is taken (or --rates names both); the other
seeds are trained with it.

--rows FILE appends every training as a line of JSON and does not repeat those that stand there, so that a long queue
may be cut and go on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
_PAST = 1_000  # rows before a forecast that are handed over, more than a window holds
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
    trainings: int = 1  # of a fit, which share the seconds
    held_out: Callable[[Any], float] = lambda model: float(model.learning()["validation_loss"].min())


@dataclass(frozen=True)
class Rows:
    """Trainings as lines of JSON in a file, so that none is made twice; in memory alone without one."""

    path: Path | None
    models: Path | None = None  # a folder for what was trained

    def found(self, **wanted: Any) -> dict[str, Any] | None:
        """The training of these settings, None where it has not been made."""
        if self.path is None or not self.path.is_file():
            return None
        rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return next((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), None)

    def keep(self, row: dict[str, Any]) -> dict[str, Any]:
        """Print it, and append it to the file."""
        print(json.dumps(row), flush=True)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        return row


def trained(question: Question, rows: Rows, **settings: Any) -> dict[str, Any]:
    """A training's settings, parameters, steps, CPU seconds, lowest held-out loss, and its score on the test part."""
    if (row := rows.found(**settings)) is not None:
        return row
    cell, seed = settings["network"], settings["seed"]
    training = {
        "seconds": settings["seconds"] / question.trainings,
        "learning_rate": settings["learning rate"],
        "batch_size": question.batch,
        "patience": 25,  # every training has its seconds
    }
    estimator = question.make(cell, training, seed, question.hidden["transformer" if cell == "transformer" else "rnn"])
    begun = time.process_time()
    question.fit(estimator)
    spent = time.process_time() - begun
    row = settings | {
        "parameters": sum(p.numel() for p in estimator.module_.parameters()),
        "steps": int(estimator.learning()["step"].max()),
        "CPU seconds with all else": round(spent, 1),
        "held-out loss": question.held_out(estimator),
        question.measure: question.score(estimator),
    }
    if rows.models is not None:
        rows.models.mkdir(parents=True, exist_ok=True)
        estimator.save(rows.models / f"{settings['task']}-{cell}-{settings['seconds']:g}-{seed}.safetensors")
    return rows.keep(row)


def compared(
    question: Question, task: str, seconds: float, seeds: int, given: dict[str, float] | None, rows: Rows
) -> list[dict[str, Any]]:
    """A row for both."""
    table = []
    for name, cell in (("recurrence", CELLS[task]), ("transformer", "transformer")):
        common = {"task": task, "network": cell, "seconds": seconds}
        rate = (given or {}).get(name)
        if rate is None:
            tried = [trained(question, rows, **common, **{"learning rate": rate}, seed=0) for rate in RATES[name]]
            rate = min(tried, key=lambda row: row["held-out loss"])["learning rate"]
        runs = [trained(question, rows, **common, **{"learning rate": rate}, seed=seed) for seed in range(seeds)]
        scores = [run[question.measure] for run in runs]
        table.append(
            {
                "network": cell,
                "parameters": runs[0]["parameters"],
                "seconds": seconds,
                "steps": int(np.median([run["steps"] for run in runs])),
                "learning rate": rate,
                question.measure: float(np.mean(scores)),
                "of each seed": " ".join(f"{score:.4g}" for score in scores),
            }
        )
    sizes = [row["parameters"] for row in table]
    if max(sizes) > 1.02 * min(sizes):
        raise SystemExit(f"the networks have {sizes[0]} and {sizes[1]} parameters, which is more than 2 % apart")
    return table


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
    from recurra.evaluation.transcripts.error_rates import transcript_scores

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
        said = model.predict([frames[k] for k in test], groups=who[test])
        return float(transcript_scores(texts[test].tolist(), said)["WER"].value)

    return Question(make, fit, score, "WER", 16, {"rnn": 160, "transformer": 102})


def forecast(data: Path) -> Question:
    """Hourly oil temperatures, the network alone, h=24; MAE of the last tenth, a forecast every day.

    The tenth before it is held out for the learning rate. A fit trains twice, at last on everything that it was given.
    """
    frame = rc.read_table(data / "etth1.csv").frame
    held, cut = int(0.8 * len(frame)), int(0.9 * len(frame))

    def make(cell: str, training: dict[str, Any], seed: int, hidden: int) -> Any:
        return rc.Forecaster(
            24, cell=cell, method="network", network={"hidden": hidden}, training=training, seed=seed, members=1
        )

    def fit(model: Any) -> Any:
        return model.fit(frame.iloc[:held], target="OT")

    def error(model: Any, first: int, end: int) -> float:
        errors = []
        for begin in range(first, end - 24, 24):
            found = model.predict(frame.iloc[begin - _PAST : begin])["forecast"].to_numpy()
            errors.append(np.abs(found - frame["OT"].to_numpy()[begin : begin + 24]).mean())
        return float(np.mean(errors))

    sizes = {"rnn": 128, "transformer": 116}
    score, held_out = partial(error, first=cut, end=len(frame)), partial(error, first=held, end=cut)
    return Question(make, fit, score, "MAE", 256, sizes, trainings=2, held_out=held_out)


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
    parser.add_argument("--rates", type=float, nargs=2, metavar=("RECURRENCE", "TRANSFORMER"), help="instead of tuning")
    parser.add_argument("--rows", type=Path, help="a file to which every training is appended, and not made twice")
    parser.add_argument("--models", type=Path, help="a folder in which every trained model is kept")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "step":
        rows = step()
    elif given.what == "longer":
        rows = longer()
    else:
        question = {"translate": translate, "transcribe": transcribe, "forecast": forecast}[given.what]
        rates = None if given.rates is None else dict(zip(RATES, given.rates, strict=True))
        found = question(data_folder(given.data))
        rows = compared(found, given.what, given.seconds, given.seeds, rates, Rows(given.rows, given.models))
    print(markdown(rows))


if __name__ == "__main__":
    main()
