"""Golden classifiers, taggers and regressors: every cell, kind of input and label, and option that a file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from tests.golden.own import Reader
from tests.tasks.sequences import SILENT, reviews, sides, strands

from recurra import SequenceClassifier, SequenceOptions, SequenceRegressor, SequenceTagger, TrainingOptions, cells
from recurra.inputs import Array, Audio, Events, Series, Static, Symbols, Text

TINY: dict[str, Any] = dict(hidden=3, embedding=3, channels=2, dropout=0.0)
QUICK = TrainingOptions(epochs=2.0, batch_size=16)
Case = tuple[Any, Any, Any]  # what was fitted, examples, and their labels where it was evaluated

TEXTS, LABELS = reviews(40)
LETTERS, TAGS = strands(32)
TABLE = np.random.default_rng(0).normal(size=(40, 5)).round(3)
COUNTS = [float(row.count("A")) for row in LETTERS]


def made(kind: type, X: Any, y: Any, *, evaluated: bool = False, show: Any = None, **settings: Any) -> Case:
    """Fitted, or studied where `evaluated`, on X and y; asked of `show`, or of the first examples."""
    options = SequenceOptions(**(TINY | settings.pop("options", {})))
    model = kind(**(dict(members=1, network=options, training=QUICK) | settings))
    if evaluated:
        model.study(X, y, run=SILENT)
    else:
        model.fit(X, y, run=SILENT)
    few = X.head(8) if isinstance(X, pd.DataFrame) else X[:8]
    return model, few if show is None else show, y[:8] if evaluated and show is None else None


def classify(X: Any, y: Any, **settings: Any) -> Case:
    return made(SequenceClassifier, X, y, **settings)


def tag(X: Any, y: Any, **settings: Any) -> Case:
    return made(SequenceTagger, X, y, **settings)


def regress(X: Any, y: Any, **settings: Any) -> Case:
    return made(SequenceRegressor, X, y, **settings)


def several_inputs(**settings: Any) -> Case:
    frame, labels = sides(32)
    for name in ("call", "photo", "walk"):
        frame[name] = pd.Series([np.asarray(cell)[:80].round(2) for cell in frame[name]], dtype=object)
    frame["age"] = frame["age"].round(2)
    kinds = {"text": Text(level="words"), "walk": Series(), "photo": Array(), "call": Array(), "facts": Static()}
    show = frame.head(6).drop(columns="photo")
    return classify(frame, labels, inputs=kinds, optional=("text", "photo"), show=show, evaluated=True, **settings)


def recordings() -> Case:
    rng = np.random.default_rng(1)
    calls = [(np.sin(np.arange(600) * (0.2 + 0.4 * (k % 2))) + rng.normal(0, 0.1, 600)).round(2) for k in range(24)]
    kinds = {"call": Audio(rate=8000, bands=5, centred=True)}
    return classify(pd.DataFrame({"call": calls}), ["low", "high"] * 12, inputs=kinds, evaluated=True)


def images(channels: int) -> Case:
    rng = np.random.default_rng(2)
    photos = [rng.normal(k % 2, 1, (5, 4, channels)).round(2) for k in range(24)]
    return classify(pd.DataFrame({"photo": photos}), ["dark", "light"] * 12, inputs={"photo": Array()}, evaluated=True)


def timed_series() -> Case:
    rng = np.random.default_rng(3)
    lengths = rng.integers(2, 7, 32)
    walks = [rng.normal(k % 2, 1, (int(n), 2)).round(2) for k, n in enumerate(lengths)]
    walks[0][0, 0] = np.nan
    seconds = [np.cumsum(rng.integers(1, 4, int(n))).astype(float) for n in lengths]
    frame = pd.DataFrame({"walk": walks, "seconds": seconds})
    kinds = {"walk": Series(time="seconds", features=("x", "y"), centred=True)}
    return classify(frame, [3, 7] * 16, inputs=kinds, evaluated=True)


def columns_beside_strands() -> Case:
    frame = pd.DataFrame(
        {"s": LETTERS, "photo": list(TABLE[:32].reshape(32, 1, 5)), "a": TABLE[:32, 0], "b": ["x", "y"] * 16}
    )
    kinds = {"s": Symbols(), "facts": Static(), "photo": Array()}
    show = pd.DataFrame({"s": ["ABC", "Z"], "a": [np.nan, 1.0], "b": ["x", "z"]})
    return tag(frame, TAGS, inputs=kinds, optional=("photo",), show=show, evaluated=True)


def own_by_input() -> Case:
    frame = pd.DataFrame({"title": TEXTS, "plot": TEXTS[::-1]})
    kinds = {"title": Text(level="words", lowercase=False), "plot": Text(level="characters")}
    networks = {"title": SequenceOptions(**TINY), "plot": SequenceOptions(**(TINY | {"hidden": 2, "pooling": "last"}))}
    return classify(frame, LABELS, inputs=kinds, network=networks)


def with_convolution() -> Case:
    options = dict(
        convolution=(3,), shrink=2, positions=2, layers=2, layer_norm=True, pooling="attention", bidirectional=False,
        recurrent_dropout=0.1, input_dropout=0.1, word_dropout=0.1,
    )  # fmt: skip
    return classify(LETTERS, ["x" in tags for tags in TAGS], inputs={"s": Symbols()}, options=options, cell="lstm")


def every() -> dict[str, Callable[[], Case]]:
    frame = pd.DataFrame(TABLE, columns=list("vwxyz"))
    sets = [["a"], ["a", "b"], [], ["c"]] * 10
    matrix = np.array([[1, 0], [1, 1], [0, 0], [0, 1]] * 10)
    series = [TABLE[: k % 5 + 1, :2] for k in range(40)]
    return {
        **{f"classify-cell-{name}": lambda name=name: classify(TEXTS, LABELS, cell=name) for name in cells.names()},
        **{f"tag-cell-{name}": lambda name=name: tag(LETTERS, TAGS, cell=name) for name in cells.names()},
        **{f"regress-cell-{name}": lambda name=name: regress(LETTERS, COUNTS, cell=name) for name in cells.names()},
        "classify-text": lambda: classify(TEXTS, LABELS, evaluated=True, members=2),
        "classify-subwords": lambda: classify(
            TEXTS,
            LABELS,
            inputs={"t": Text(level="subwords", size=40)},
            class_weight="balanced",
            label_smoothing=0.1,
            show=[*TEXTS[:5], "unheard naïve 今天"],
        ),
        "classify-characters": lambda: classify(["今天天气好", "昨天 雨", "好 天", "雨天"] * 10, ["a", "b"] * 20),
        "classify-symbols": lambda: classify(
            LETTERS, ["x" in t for t in TAGS], inputs={"s": Symbols()}, evaluated=True
        ),
        "classify-events": lambda: classify(
            [["in", "out"], ["buy"]] * 20, [0, 1] * 20, inputs={"e": Events()}, evaluated=True
        ),
        "classify-whole-events": lambda: classify([[1, 20], [3]] * 20, [10.0, -2.0] * 20, inputs={"e": Events()}),
        "classify-series": lambda: classify(series, [3, 7] * 20, evaluated=True),
        "classify-timed-series": timed_series,
        "classify-several-inputs": several_inputs,
        "classify-recordings": recordings,
        "classify-images": lambda: images(1),
        "classify-colour-images": lambda: images(3),
        "classify-static": lambda: classify(
            pd.DataFrame({"age": TABLE[:, 0], "town": ["Bonn", "Oulu", None, "北京"] * 10}),
            ["no", "yes"] * 20,
            inputs={"facts": Static()},
            evaluated=True,
        ),
        "classify-table": lambda: classify(TABLE, [True, False] * 20, evaluated=True),
        "classify-frame": lambda: classify(frame, np.array([1, 2] * 20, np.int16), evaluated=True),
        "classify-labels": lambda: classify(TEXTS, sets, evaluated=True),
        "classify-label-matrix": lambda: classify(TEXTS, matrix, class_weight="balanced"),
        "classify-class-weights": lambda: classify(TEXTS, LABELS, class_weight={"pos": 2.0, "neg": 1.0}),
        "classify-rare": lambda: classify(
            TEXTS, ["rare", *["often"] * 7] * 5, metric="balanced_accuracy", evaluated=True
        ),
        "classify-macro-f1": lambda: classify(TEXTS, ["a", "b", "c", "a"] * 10, metric="macro_f1", seed=7),
        "classify-log-loss": lambda: classify(TEXTS, LABELS, metric="log_loss", empty="drop"),
        "classify-options": with_convolution,
        "classify-by-input": own_by_input,
        "classify-own-network": lambda: classify(TEXTS, LABELS, network=Reader),
        "tag-strings": lambda: tag(LETTERS, TAGS, show=[*LETTERS[:7], "ZZ"], evaluated=True),
        "tag-lists": lambda: tag(
            [t.split() for t in TEXTS], [[len(w) for w in t.split()] for t in TEXTS], evaluated=True
        ),
        "tag-table": lambda: tag(TABLE, ["u", "v"] * 20, evaluated=True),
        "tag-series": lambda: tag(
            [TABLE[: k % 5 + 1] for k in range(40)], [[k % 3] * (k % 5 + 1) for k in range(40)], evaluated=True
        ),
        "tag-beside-columns": columns_beside_strands,
        "tag-class-weights": lambda: tag(LETTERS, TAGS, class_weight="balanced", label_smoothing=0.05),
        "regress-number": lambda: regress(LETTERS, COUNTS, evaluated=True),
        "regress-several": lambda: regress(
            LETTERS, np.array([[x.count("A"), x.count("B")] for x in LETTERS], float), evaluated=True
        ),
        "regress-named": lambda: regress(
            LETTERS, pd.DataFrame({"first": COUNTS, "second": [-x for x in COUNTS]}), evaluated=True, show=LETTERS[:5]
        ),
        "regress-table": lambda: regress(TABLE, TABLE[:, 0] * 2, evaluated=True),
    }
