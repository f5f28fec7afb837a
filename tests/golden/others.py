"""Golden files of tasks that are neither forecasts nor labelled sequences, and of a combination of forecasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.golden.plain import plain
from tests.tasks.small import shops

import recurra as rc
from recurra.data.demo.letters import make_letters
from recurra.data.demo.numbers import make_voice
from recurra.data.demo.phrases import make_phrases
from recurra.evaluation.forecast.columns import PRETRAINED

WEEK = 7


def translation() -> tuple[Any, Any]:
    """Words, a beam of two."""
    pairs = make_phrases(60)
    network = {"embedding": 4, "hidden": 3, "dropout": 0.0, "recurrent_dropout": 0.0}
    model = rc.Translator(network=network, training={"epochs": 1}, vocabulary=60, beam=2)
    return model.fit(list(pairs["lumi"]), list(pairs["english"])), list(pairs["lumi"][:4])


def recommendation() -> tuple[Any, Any]:
    """Sessions with a number that comes with every event."""
    rng = np.random.default_rng(0)
    rows = [
        (f"s{visit}", 1.4e9 + visit * 1000 + 10 * event, f"i{(visit + event) % 9}", float(rng.integers(1, 3)))
        for visit in range(40)
        for event in range(6)
    ]
    log = pd.DataFrame(rows, columns=["session", "time", "item", "price"])
    model = rc.NextEvent(
        training={"epochs": 1}, network={"hidden": 4, "embedding": 3}, numbers=["price"], verbose=False
    )
    return model.fit(log), log.iloc[:10]


def generation() -> tuple[Any, Any]:
    """Characters, beside n-grams."""
    model = rc.SequenceGenerator(
        network={"hidden": 4, "layers": 1, "embedding": 3}, training={"epochs": 0.2}, verbose=False
    )
    return model.fit(make_letters(12)), "Dear "


def transcription() -> tuple[Any, Any]:
    """Features in steps, words out of letters."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["lo", "hi"], 2)) for _ in range(12)]
    rows = [np.repeat(rng.normal(size=(6, 2)), 9, axis=0).astype(np.float32) for _ in texts]
    model = rc.Transcriber(network={"hidden": 4, "layers": 1}, training={"epochs": 1}, beam=0)
    return model.fit(rows, texts), rows[:3]


def combination() -> tuple[Any, Any]:
    """A mean of three forecasts with weights of their own for each series."""
    table = shops(60)
    model = rc.Forecaster(WEEK, method="seasonal naive", season=WEEK)
    model.fit(table)
    known, series = model.model_, len(model.model_.panel)
    assert known.combination is not None
    names = ("seasonal naive", "drift", PRETRAINED)
    weights = np.array([[0.5, 0.3, 0.2]] * series + [[0.2, 0.2, 0.6]])
    model.model_ = replace(known, combination=replace(known.combination, names=names, weights=weights))
    return model, table


def voice() -> tuple[Any, Any]:
    """Characters, durations of an aligner, one speaker."""
    few = make_voice(20)
    model = rc.Voice(
        network={"embedding": 4, "encoder": 4, "melody": 4, "hidden": 4, "layers": 1},
        hearing={"hidden": 4, "layers": 1}, training={"epochs": 1}, listening={"epochs": 1}, iterations=2,
    )  # fmt: skip
    return model.fit(list(few["audio"]), list(few["words"])), ["one two", "nine"]


def agent() -> tuple[Any, Any]:
    """A pole whose velocities are hidden."""
    practice = {"environments": 2, "steps": 8, "passes": 1, "parts": 1}
    model = rc.RecurrentAgent(members=1, frames=64, episodes=2, network={"hidden": 4}, practice=practice)
    return model.fit("CartPoleNoVel"), [[0.01, -0.02], [0.03, 0.05], [0.2, -0.1]]


def moves() -> tuple[Any, Any]:
    """Two players, one of whom copies the other."""
    rng = np.random.default_rng(0)
    first = rng.choice(["rock", "paper", "scissors"], size=(12, 8))
    second = np.concatenate([np.full((12, 1), "rock"), first[:, :-1]], axis=1)
    columns = {"game": np.repeat(np.arange(12), 8), "round": np.tile(np.arange(8), 12)}
    table = pd.DataFrame({**columns, "a": first.ravel(), "b": second.ravel()})
    model = rc.NextMove(network={"hidden": 4, "embedding": 3}, training={"epochs": 1}, verbose=False)
    return model.fit(table, action=["a", "b"], episode="game", step="round"), table[table["game"] < 3]


EVERY: dict[str, Callable[[], tuple[Any, Any]]] = {
    "translate": translation,
    "recommend": recommendation,
    "generate": generation,
    "transcribe": transcription,
    "forecast-combination": combination,
    "speak": voice,
    "play": agent,
    "moves": moves,
}


def said(path: Path, data: Any) -> dict[str, Any]:
    """What the model in `path` says of what it is asked."""
    return said_of(rc.load(path), data)


def said_of(model: Any, data: Any) -> dict[str, Any]:
    """What `model` says of what it is asked."""
    if isinstance(model, rc.Forecaster):
        return {"ahead": plain(model.predict())}
    if isinstance(model, rc.SequenceGenerator):
        return {"score": model.score(data * 5), "written": model.sample(data, length=20, seed=5)}
    if isinstance(model, rc.NextEvent):
        return {"proposed": plain(model.recommend(data, top=3))}
    if isinstance(model, rc.RecurrentAgent):
        return {"acted": [int(model.act(np.asarray(seen), begins=not number)) for number, seen in enumerate(data)]}
    if isinstance(model, rc.Voice):
        return {"lengths": [len(sound.samples) for sound in model.predict(data)]}
    return {"predicted": plain(list(model.predict(data)))}
