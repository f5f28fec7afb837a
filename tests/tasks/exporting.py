"""Small models of every task that is exported, and their exports run by onnxruntime and by a C compiler."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pandas as pd
import pytest
import torch

import recurra as rc
from recurra.data.demo.numbers import make_voice
from recurra.data.demo.phrases import make_phrases
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.nodes import Graph
from recurra.deploy.onnx_graph.folder import dtype_of, fed
from recurra.deploy.onnx_graph.whole import whole_model
from recurra.evaluation.forecast.columns import NETWORK, PRETRAINED, TUNED
from recurra.evaluation.forecast.combination import Combination
from recurra.nn.pretrained import Shape
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.weights import own_recurrence
from recurra.tasks.forecast.combining import single
from recurra.tasks.forecast.fine_tuning import TunedMember
from recurra.tasks.forecast.short import ShortSeries

TINY: dict[str, Any] = {"training": {"epochs": 1}, "verbose": False}
STRICT = "CFLAGS=-Og -Werror -fsanitize=address,undefined -fno-sanitize-recover"


def small_forecaster() -> Any:
    """Covariates of every kind, gaps, two members; the network counts, whatever the held-out part says of it."""
    random, n = np.random.default_rng(0), 80
    frames = [
        pd.DataFrame(
            {
                "shop": shop, "day": pd.date_range("2024-01-01", periods=n),
                "weather": random.choice(["dry", "wet"], n),
                "units": 50 + 10 * k + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + random.normal(size=n),
                "heat": np.where(random.random(n) < 0.1, np.nan, random.normal(size=n)), "size": 1.5 * k,
                "promo": random.integers(0, 2, n), "kind": random.choice(["a", "b"], n), "town": "xy"[k],
            }
        )
        for k, shop in enumerate(("one", "two"))
    ]  # fmt: skip
    table = pd.concat(frames).drop(index=[40, 41])
    model = rc.Forecaster(
        horizon=9, members=2, method="network", cell="gru", season=7,
        network={"hidden": 17, "series_embedding": 3, "layers": 2}, **TINY,
    )  # fmt: skip
    model.fit(table, target="units", time=["day"], series="shop", known=["promo", "kind"], past=["heat", "weather"],
              static=["size", "town"])  # fmt: skip
    return trusting(model)


def trusting(model: Any) -> Any:
    """The forecaster, whose network counts."""
    calibration = replace(model.model_.calibration, trust=0.8, stretch=np.linspace(0.7, 1.6, 6))
    model.model_ = replace(model.model_, calibration=calibration)
    return model


def tiny_pretrained(seed: int) -> Pretrained:
    """A network of the pretrained forecaster's kind, with weights at random."""
    torch.manual_seed(seed)
    shape = Shape(patch=4, horizon=8, context=64, width=16, step_width=6)
    return Pretrained(shape, own_recurrence).eval().requires_grad_(False)


def combined_forecaster() -> Any:
    """A trained, a fine-tuned and a pretrained network in shares that differ by series, one of these in logarithms."""
    model = small_forecaster()
    whole, tuned = model.model_, tiny_pretrained(1)
    weights = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.0, 0.4, 0.6]])
    short = ShortSeries(np.arange(1, 8), np.linspace(-1, 1, 13) * np.arange(7, 0, -1)[:, None] / 7, 8)
    model.model_ = replace(
        whole, combination=Combination((NETWORK, TUNED, PRETRAINED), weights, np.linspace(1.3, 0.8, 6)), short=short,
        tuned=TunedMember(tuned, shape=tuned.shape), pretrained=tiny_pretrained(2),
        scaling=replace(whole.scaling, logs=np.array([True, False, False])),
    )  # fmt: skip
    return model


def pretrained_forecaster() -> Any:
    """The pretrained network alone, of a series with gaps and a season that it detects."""
    n, random = 90, np.random.default_rng(0)
    values = 20 + 3 * np.sin(np.arange(n) * 2 * np.pi / 6) + random.normal(size=n)
    values[[3, 40, 41, 88]] = np.nan
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=n), "y": values})
    model: Any = rc.Forecaster(horizon=19, method="fast", season=1, verbose=False)
    model.fit(table, target="y", time=["day"])
    combination = single(PRETRAINED, 1)
    recipe = replace(model.model_.recipe, seasons=())
    model.model_ = replace(model.model_, pretrained=tiny_pretrained(3), combination=combination, recipe=recipe)
    return model


def small_classifier() -> Any:
    """Texts with every pooling and front-end, and a linear model that counts."""
    random = np.random.default_rng(0)
    words = np.array("a b c d e f good bad fine poor".split())
    texts = [" ".join(random.choice(words, random.integers(1, 12))) for _ in range(200)]
    labels = ["pos" if ("good" in text or "fine" in text) else "neg" for text in texts]
    network = {"hidden": 16, "pooling": "last+mean+max+attention", "convolution": (3, 5), "shrink": 2, "positions": 3}
    model: Any = rc.SequenceClassifier(members=2, cell="lstm", network=network, metric="macro_f1", **TINY)
    model.fit(texts, labels)
    assert model.model_.blend.stacked > 0
    return model


def small_labeller() -> Any:
    """Several labels of texts beside columns that may be missing, and a joint linear model."""
    random = np.random.default_rng(1)
    about = pd.DataFrame({"age": random.normal(40, 9, 200), "kind": random.choice(["u", "v", "w"], 200)})
    about.loc[::7, "age"] = np.nan
    texts = [" ".join(random.choice(list("abcdefgh"), random.integers(1, 12))) for _ in range(200)]
    labels = [["p"] * ("a" in t.split()) + ["q"] * (k == "u") for t, k in zip(texts, about["kind"], strict=True)]
    inputs = {"my text": rc.inputs.Text(), "about": rc.inputs.Static()}
    options: dict[str, Any] = {"cell": "mingru", "network": {"hidden": 16}, **TINY}
    model: Any = rc.SequenceClassifier(inputs=inputs, optional=["about"], members=1, **options)
    return model.fit({"my text": texts, "about": about}, labels)


def small_regressor(**network: Any) -> Any:
    """Numbers of series with gaps, less their own mean, and columns."""
    random = np.random.default_rng(2)
    series = [random.normal(size=(random.integers(4, 30), 2)) * 3 + 100 for _ in range(100)]
    for each in series[::5]:
        each[0, 0] = np.nan
    about = pd.DataFrame({"age": random.normal(40, 9, 100)})
    truth = [float(np.nanstd(each)) for each in series] + about["age"].to_numpy()
    inputs = {"series": rc.inputs.Series(centred=True), "about": rc.inputs.Static()}
    model: Any = rc.SequenceRegressor(inputs=inputs, members=2, cell="slstm", network={"hidden": 16, **network}, **TINY)
    return model.fit({"series": series, "about": about}, truth)


def small_tagger(cell: str = "gru", **network: Any) -> Any:
    """Tags of letters."""
    random = np.random.default_rng(3)
    letters = ["".join(random.choice(list("ACGT"), random.integers(3, 25))) for _ in range(60)]
    tags = ["".join("x" if c in "AC" else "y" for c in each) for each in letters]
    options = {"hidden": 16, "bidirectional": False, "convolution": (), **network}
    model: Any = rc.SequenceTagger(members=1, cell=cell, network=options, **TINY)
    return model.fit(letters, tags)


def causal_classifier(pooling: str = "last+mean+max+attention", **given: Any) -> Any:
    """Letters of a network that goes on step by step, with every pooling."""
    random = np.random.default_rng(4)
    letters = ["".join(random.choice(list("ACGT"), random.integers(3, 25))) for _ in range(60)]
    labels = ["long" if len(each) > 14 else "short" for each in letters]
    network = {"hidden": 16, "bidirectional": False, "convolution": (), "positions": 0, "pooling": pooling}
    model: Any = rc.SequenceClassifier(members=2, cell="lstm", network=network, **TINY, **given)
    model.fit(letters, labels)
    model.model_ = replace(model.model_, blend=replace(model.model_.blend, stacked=0.0))
    return model


def causal_regressor() -> Any:
    """Numbers of series with gaps that may be missing, and columns."""
    random = np.random.default_rng(5)
    series: list[Any] = [random.normal(size=(random.integers(4, 30), 2)) * 3 + 100 for _ in range(100)]
    for each in series[::5]:
        each[0, 0] = np.nan
    about = pd.DataFrame({"age": random.normal(40, 9, 100), "kind": random.choice(["u", "v"], 100)})
    truth = np.array([float(np.nanmean(each)) for each in series]) + about["age"].to_numpy()
    for k in range(0, 100, 9):
        series[k] = None
    inputs = {"series": rc.inputs.Series(), "about": rc.inputs.Static()}
    network = {"hidden": 16, "bidirectional": False, "convolution": (), "positions": 0, "pooling": "mean+attention"}
    model: Any = rc.SequenceRegressor(inputs=inputs, optional=["series"], members=1, network=network, **TINY)
    return model.fit({"series": series, "about": about}, truth)


def small_generator(level: str = "characters") -> Any:
    """Texts of letters, two layers, tied."""
    random = np.random.default_rng(6)
    text = " ".join("".join(random.choice(list("abcd"), random.integers(2, 6))) for _ in range(600))
    network = {"hidden": 16, "embedding": 12, "tied": True}
    return rc.SequenceGenerator(level=level, network=network, training={"epochs": 0.2}, verbose=False).fit(text)  # type: ignore[arg-type]


def small_agent(environment: str = "CartPoleNoVel", **network: Any) -> Any:
    """A pole or a pendulum whose velocities are hidden."""
    pytest.importorskip("gymnasium")
    practice = {"environments": 2, "steps": 16, "passes": 1, "parts": 1}
    options = {"members": 2, "frames": 128, "episodes": 2, "practice": practice}
    return rc.RecurrentAgent(network={"hidden": 16, **network}, **options).fit(environment)  # type: ignore[arg-type]


def small_recommender() -> Any:
    """Histories with times and columns, two networks, two layers."""
    random = np.random.default_rng(7)
    rows = [
        {"user": user, "item": f"i{random.integers(0, 25)}", "time": 1e9 + 3600 * (20 * user + t),
         "price": random.normal(5, 2), "where": random.choice(["web", "app"])}
        for user in range(30) for t in range(int(random.integers(2, 9)))
    ]  # fmt: skip
    model: Any = rc.NextEvent(
        members=2, network={"hidden": 20, "layers": 2, "embedding": 12}, numbers=["price"], **TINY
    )
    model.fit(pd.DataFrame(rows), user="user", item="item", time="time")
    model.model_ = replace(model.model_, blend=replace(model.model_.blend, network=0.7, methods={}))
    return model


def small_transcriber(**given: Any) -> Any:
    """Words that are levels of two features."""
    random = np.random.default_rng(8)
    texts = [" ".join(random.choice(["lo", "hi"], int(random.integers(1, 3)))) for _ in range(30)]
    sounds = [random.normal(size=(20 + 3 * len(text), 2)).astype(np.float32) for text in texts]
    network = {"hidden": 16, "layers": 2, "dropout": 0.0}
    return rc.Transcriber(normalise="corpus", members=2, network=network, training={"epochs": 1}, **given).fit(
        sounds, texts
    )  # type: ignore[arg-type]


def small_translator(**network: Any) -> Any:
    """Phrases, a vocabulary for each side, heads."""
    pytest.importorskip("sacrebleu")
    pairs = make_phrases(80)
    options = {"embedding": 16, "hidden": 8, "heads": 2, **network}
    model: Any = rc.Translator(network=options, training={"epochs": 1}, vocabulary=120, beam=2, shared=False)
    return model.fit(list(pairs["lumi"]), list(pairs["english"]))


def small_voice() -> Any:
    """Numbers, as if two had said them."""
    few, small = make_voice(24), {"hidden": 8, "layers": 1}
    model: Any = rc.Voice(
        network={"embedding": 16, "encoder": 16, "melody": 16, "hidden": 16, "layers": 2}, hearing=small, iterations=2,
        training={"epochs": 1}, listening={"epochs": 1},
    )  # fmt: skip
    return model.fit(list(few["audio"]), list(few["words"]), groups=["a" if k % 3 else "b" for k in range(24)])


MODELS: Mapping[str, Callable[[], Any]] = {
    "forecast": small_forecaster, "combined": combined_forecaster, "zero shot": pretrained_forecaster,
    "classes": small_classifier, "labels": small_labeller, "numbers": small_regressor,
    "tags": small_tagger, "classes so far": causal_classifier, "numbers so far": causal_regressor,
    "symbols": small_generator, "choices": small_agent, "moves": lambda: small_agent("PendulumNoVel", layers=2),
    "items": small_recommender, "units": small_transcriber,
    "units so far": lambda: small_transcriber(streaming=True), "tokens": small_translator, "voice": small_voice,
}  # fmt: skip


def onnx_difference(model: Exported, *, int8: bool = False) -> float:
    """The largest difference of both ONNX models from what the model said, of the largest number or 1."""
    worst = 0.0
    for graph, cases in ((model.whole, model.cases), (model.step, model.step_cases)):
        if graph is None:
            continue
        session = opened(graph, int8=int8)
        state = {s.name: np.zeros((1, s.width), dtype_of(s)) for s in graph.states}
        for case in cases:
            found = run(session, fed(graph, case) | state)
            state = {name: found[f"{name}_next"] for name in state}
            worst = max([worst, *(difference(found[name][0], truth) for name, truth in case.outputs.items())])
    return worst


def opened(graph: Graph, *, int8: bool = False) -> onnxruntime.InferenceSession:
    """A session of the ONNX model of a graph."""
    return onnxruntime.InferenceSession(
        whole_model(graph, int8=int8).SerializeToString(), providers=["CPUExecutionProvider"]
    )


def run(session: onnxruntime.InferenceSession, inputs: Mapping[str, npt.NDArray]) -> dict[str, Any]:
    """What a session gives, by name."""
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, dict(inputs)), strict=True))


def difference(found: npt.NDArray, truth: npt.NDArray) -> float:
    """The largest, of the largest number or 1."""
    assert found.shape == truth.shape
    return float(np.abs(found - truth).max() / max(1.0, np.abs(truth).max()))


def checked_c(folder: Path) -> list[str]:
    """The lines of `make check`, compiled with every warning an error and both sanitizers."""
    if shutil.which("cc") is None or shutil.which("make") is None:
        pytest.skip("needs a C compiler and make")
    made = subprocess.run(["make", "-s", "-C", str(folder), "check", STRICT], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout.splitlines()


def padded(cases: list[Case], name: str) -> tuple[npt.NDArray, npt.NDArray]:
    """The tokens of several cases as one batch [B, T], and their lengths."""
    lengths = np.array([len(case.inputs[name]) for case in cases])
    batch = np.zeros((len(cases), lengths.max()), np.int64)
    for row, case in enumerate(cases):
        batch[row, : lengths[row]] = case.inputs[name]
    return batch, lengths
