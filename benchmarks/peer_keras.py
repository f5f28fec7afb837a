"""The article's training in Keras 3, on the backend that KERAS_BACKEND names, by `fit` or by `train_on_batch`."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
from article import BETAS, EPSILON, LEARNING_RATE, Article, Floats
from workers import Answer, serve

CLASSES = {"rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def from_torch(cell: str, weights: dict[str, Floats]) -> list[Floats]:
    """Keras' weights: transposed; GRU has z before r and two biases, the others one."""
    parts = {name: np.split(weights[name], {"gru": 3}.get(cell, 1)) for name in list(weights)[:4]}
    if cell == "gru":
        parts = {name: [z, r, n] for name, (r, z, n) in parts.items()}
    w_ih, w_hh, b_ih, b_hh = (np.concatenate(part) for part in parts.values())
    bias = np.stack([b_ih, b_hh]) if cell == "gru" else b_ih + b_hh
    return [w_ih.T, w_hh.T, bias]


def build(article: Article, layers: Any = keras.layers, models: Any = keras.models) -> Any:
    """The compiled model with the article's first weights, made of these modules."""
    weights = article.weights()
    layer, dense = getattr(layers, CLASSES[article.cell])(article.hidden), layers.Dense(1)
    model = models.Sequential([keras.Input((article.steps, article.inputs)), layer, dense])
    layer.set_weights(from_torch(article.cell, weights))
    dense.set_weights([weights["weight"].T, weights["bias"]])
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE, *BETAS, epsilon=EPSILON), loss="mse")
    return model


def main() -> None:
    """Serve epochs of the cell, and in the way, named on the command line."""
    article, way = Article(sys.argv[1], batches=int(sys.argv[2])), sys.argv[3]
    x, y = article.data()
    model = build(article)

    def answer(question: Answer) -> Answer:
        nonlocal model
        if question["fresh"]:
            model = build(article)
        if way == "fit":
            history = model.fit(x, y, batch_size=article.batch, shuffle=question["shuffled"], verbose=0)
            return {"loss": float(history.history["loss"][0])}
        losses = [model.train_on_batch(x[rows], y[rows]) for rows in article.order(question["shuffled"])]
        return {"loss": float(np.mean(losses))}

    serve(answer)


if __name__ == "__main__":
    main()
