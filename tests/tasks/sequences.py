"""Small labelled sequences, and estimators that learn them in a fraction of a second."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recurra import SequenceClassifier, SequenceOptions, SequenceRegressor, SequenceTagger, TrainingOptions
from recurra.data.examples.inputs import Array, Series, Static, Text
from recurra.training import Run

SMALL = SequenceOptions(hidden=8, embedding=8, channels=8, dropout=0.0)
QUICK = TrainingOptions(epochs=3.0, batch_size=16)
LONGER = TrainingOptions(epochs=25.0, batch_size=16, learning_rate=0.02)
SILENT = Run()

SIDES = {"text": Text(level="words"), "walk": Series(), "photo": Array(), "call": Array(), "facts": Static()}


def quick(kind: type = SequenceClassifier, **settings: Any) -> Any:
    """An estimator of two tiny networks."""
    return kind(**(dict(members=2, network=SMALL, training=QUICK) | settings))


def classifier(**settings: Any) -> SequenceClassifier:
    return quick(SequenceClassifier, **settings)


def tagger(**settings: Any) -> SequenceTagger:
    return quick(SequenceTagger, **settings)


def regressor(**settings: Any) -> SequenceRegressor:
    return quick(SequenceRegressor, **settings)


def reviews(count: int = 60, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Sentences of 3 to 9 words; those with "good" are "pos", those with "bad" "neg"."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for k in range(count):
        words = rng.choice(["film", "plot", "scene", "actor", "the", "a"], int(rng.integers(2, 9))).tolist()
        words.insert(int(rng.integers(0, len(words) + 1)), ("good", "bad")[k % 2])
        texts.append(" ".join(words))
        labels.append(("pos", "neg")[k % 2])
    return texts, labels


def strands(count: int = 40, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Strings over A, B, C and, for each letter, x after an A and y else."""
    rng = np.random.default_rng(seed)
    letters = ["".join(rng.choice(list("ABC"), int(rng.integers(2, 9)))) for _ in range(count)]
    return letters, ["".join("x" if k and row[k - 1] == "A" else "y" for k in range(len(row))) for row in letters]


def sides(count: int = 48, *, seed: int = 0) -> tuple[pd.DataFrame, list[str]]:
    """A text, a series, an image, a sound, numbers and categories for each example; the text tells the label."""
    rng = np.random.default_rng(seed)
    texts, labels = reviews(count, seed=seed)
    frame = pd.DataFrame(
        {
            "text": texts,
            "walk": [rng.normal(size=(int(n), 2)) for n in rng.integers(1, 9, count)],
            "photo": [rng.normal(size=(6, 5)) for _ in range(count)],
            "call": [rng.normal(size=int(n)) for n in rng.integers(60, 200, count)],
            "town": rng.choice(["Bonn", "Palermo", "Oulu"], count),
            "age": rng.normal(size=count),
            "colour": rng.choice(["red", "blue", "grey"], count),
        }
    )
    return frame, labels


def outputs(estimator: Any, X: Any) -> np.ndarray:
    """Everything that it says of X, as one array."""
    found = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)
    return np.concatenate(found) if isinstance(found, list) else found


def file_of(estimator: Any, folder: Path) -> bytes:
    path = folder / "model.safetensors"
    estimator.save(path)
    return path.read_bytes()


class Killed(Exception):
    """What a kill is made of."""


class Watcher:
    """A progress that counts updates over all trainings and, at one of them, kills or interrupts."""

    def __init__(self, at: int = -1, *, how: str = "kill") -> None:
        self.at, self.how, self.count = at, how, 0
        self.labels: list[str] = []

    def start(self, label: str, total: int) -> None:
        self.labels.append(label)

    def update(self, step: int, text: str) -> None:
        self.count += 1
        if self.count == self.at and self.how == "kill":
            raise Killed
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGINT)

    def stop(self) -> None:
        pass
