"""The text classifier of labelled_epoch.py in stock Keras, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import sys
import time
from typing import Any

import keras
import numpy as np
from texts import BATCH, EMBEDDING, EPOCHS, HIDDEN, LEARNING_RATE, SPREAD, Ints, Texts, padded
from workers import Answer, serve


class Batches(keras.utils.PyDataset):
    """Shuffled batches [B, T], T the longest of each, and their labels."""

    def __init__(self, texts: Texts, numbers: Ints) -> None:
        super().__init__()
        self.texts, self.numbers, self.rng = texts, numbers, np.random.default_rng(0)

    def __len__(self) -> int:
        return -(-len(self.numbers) // BATCH)

    def __getitem__(self, number: int) -> tuple[Ints, Ints]:
        chosen = self.numbers[number * BATCH : (number + 1) * BATCH]
        return padded(self.texts.rows(chosen), self.texts.lengths(chosen).max()), self.texts.labels[chosen]

    def on_epoch_end(self) -> None:
        """Another order."""
        self.numbers = self.rng.permutation(self.numbers)


def build(cell: str, size: int) -> Any:
    """The compiled model."""
    layers = keras.layers
    layer = layers.GRU if cell == "gru" else layers.LSTM
    tokens = keras.Input((None,), dtype="int64")
    start: Any = keras.initializers.RandomNormal(stddev=SPREAD)
    x = layers.Embedding(size + 1, EMBEDDING, mask_zero=True, embeddings_initializer=start)(tokens)
    h = layers.Bidirectional(layer(HIDDEN, return_sequences=True))(x)
    pooled = layers.Concatenate()([layers.GlobalAveragePooling1D()(h), layers.GlobalMaxPooling1D()(h)])
    model = keras.Model(tokens, layers.Dense(2)(pooled))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=loss)
    return model


def main() -> None:
    """Serve epochs of the cell, with the padding, of the texts in the file named on the command line."""
    cell, padding, file = sys.argv[1:]
    with np.load(file) as found:
        fields: dict[str, Any] = {name: found[name] if found[name].ndim else int(found[name]) for name in found.files}
    texts = Texts(**fields)
    longest = int(np.diff(texts.offsets).max())
    x, y = padded(texts.rows(texts.train), longest), texts.labels[texts.train]
    model: Any = None

    def epoch() -> None:
        if padding == "all":
            model.fit(x, y, batch_size=BATCH, verbose=0)
        else:
            model.fit(Batches(texts, np.random.default_rng().permutation(texts.train)), verbose=0)

    def answer(question: Answer) -> Answer:
        nonlocal model
        if question["what"] == "learn":
            keras.utils.set_random_seed(0)
            model = build(cell, texts.size)
            for _ in range(EPOCHS):
                epoch()
            logits = model.predict(padded(texts.rows(texts.test), longest), batch_size=256, verbose=0)
            return {"accuracy": 100 * float((logits.argmax(axis=1) == texts.labels[texts.test]).mean())}
        begin = time.process_time()
        epoch()
        return {"seconds": time.process_time() - begin}

    serve(answer)


if __name__ == "__main__":
    main()
