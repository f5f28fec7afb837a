"""What million_texts.py measures: read the CSV file named on the command line, train in one pass, predict it."""

from __future__ import annotations

import sys

import numpy as np

from recurra import SequenceClassifier
from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.files import read_examples_file
from recurra.data.examples.inputs import Text
from recurra.training import TrainingOptions


def main() -> None:
    """A line at the end of each stage."""
    frame, facts = read_examples_file(sys.argv[1])
    texts, labels = frame[["text"]], frame["label"].to_numpy()
    print(f"read: {facts[0].value}", flush=True)
    model = SequenceClassifier(inputs={"text": Text()}, members=1, training=TrainingOptions(epochs=1))
    model.fit(texts, labels)
    encoder = model.model_.reader.encoders["text"]
    assert isinstance(encoder, TextEncoder)
    print(f"trained: {len(encoder.tokens):,} words known", flush=True)
    found = model.predict(texts)
    print(f"predicted: {np.mean(found == labels):.1%} of the texts right", flush=True)


if __name__ == "__main__":
    main()
