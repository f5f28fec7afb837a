"""Do the streams of estimators say what `predict` says? Random models, lengths and subsets.

    python benchmarks/estimator_streams.py --models 1000

Half are forecasters (a random network, and combinations of the pretrained one and baselines, over one to three series
with gaps and, of some, covariates), half are taggers, classifiers and regressors of letters and numeric series. No
network is trained: random weights are as good a question. Rows step in random subsets; some begin anew; some states go
through a file. What is said after the last step of a row is compared with `predict` on all that it has seen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from recurra import Forecaster, SequenceClassifier, SequenceRegressor, SequenceTagger
from recurra.data import understand
from recurra.data.encoders.reader import Reader
from recurra.data.examples.examples import as_examples
from recurra.data.panel.scaling import fit_scaling
from recurra.data.panel.windows import naive_count
from recurra.ensemble.members import Member
from recurra.evaluation.forecast.columns import NETWORK, PRETRAINED
from recurra.evaluation.forecast.combination import Combination
from recurra.evaluation.shared.calibration import Blend
from recurra.nn.forecast import ForecastNetwork, NetworkOptions
from recurra.nn.quantiles import QUANTILES
from recurra.nn.sequence import SequenceNetwork, SequenceOptions
from recurra.tasks.forecast.calibration import Calibration
from recurra.tasks.forecast.model import ForecastModel, Recipe, WindowMember
from recurra.tasks.forecast.plan import window_shapes
from recurra.tasks.forecast.problem import inputs_of
from recurra.tasks.labelled.model import Recipe as LabelledRecipe
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.network import part_of
from recurra.training import TrainingOptions

CELLS = ("lstm", "gru", "rnn")
CLOSE = 2e-5  # of the largest output, or of 1
CHEAP = ("naive", "seasonal naive", "drift", "mean", "seasonal profile")


def labelled_difference(seed: int) -> float:
    """The largest difference, in units of the largest output or 1, over the rows of a random model."""
    draw = np.random.default_rng([seed, 0])
    model, sequences = random_labelled(seed)
    rows = len(sequences)
    stream, at, said = model.streams(rows), np.zeros(rows, np.int64), {}
    with tempfile.TemporaryDirectory() as folder:
        while (left := np.flatnonzero(at < [len(each) for each in sequences])).size:
            some = draw.permutation(left)[: draw.integers(1, len(left) + 1)]
            steps = [sequences[k][at[k]] for k in some]
            found = stream.step_proba(steps if isinstance(steps[0], str) else np.stack(steps), rows=some)
            at[some] += 1
            said |= dict(zip(some.tolist(), found, strict=True))
            if draw.random() < 0.05:
                stream.reset([some[0]])
                at[some[0]] = 0
            if draw.random() < 0.05:
                stream.save(Path(folder) / "state.safetensors")
                stream = model.streams(rows)
                stream.load(Path(folder) / "state.safetensors")
    expected = model.predict(sequences) if isinstance(model, SequenceRegressor) else model.predict_proba(sequences)
    if isinstance(model, SequenceTagger):
        expected = [each[-1] for each in expected]
    return _off(np.stack([np.atleast_1d(said[k]) for k in range(rows)]), np.stack([np.atleast_1d(e) for e in expected]))


def random_labelled(seed: int) -> tuple[Any, list[Any]]:
    """A tagger, classifier or regressor with random weights, and sequences of random lengths for it."""
    draw = np.random.default_rng([seed, 1])
    torch.manual_seed(seed)
    rows, letters = int(draw.integers(1, 9)), bool(draw.random() < 0.5)
    lengths = draw.integers(1, 20, rows + 6)
    kind = (SequenceTagger, SequenceClassifier, SequenceRegressor)[int(draw.integers(3))]
    features = int(draw.integers(1, 4))
    if letters:
        sequences: list[Any] = ["".join(draw.choice(list("ABCDE"), n)) for n in lengths]
    else:
        sequences = [
            np.where(draw.random((n, features)) < 0.1, np.nan, draw.normal(size=(n, features))) for n in lengths
        ]
    from recurra.inputs import Series, Symbols

    examples = as_examples({"x": sequences}, inputs={"x": Symbols() if letters else Series()})
    labels = [draw.choice(list("xyz")) for _ in lengths]
    y: Any = {
        SequenceTagger: [list(draw.choice(list("xyz"), n)) for n in lengths],
        SequenceClassifier: ["x", "y", *labels[2:]],
        SequenceRegressor: draw.normal(size=len(lengths)),
    }[kind]
    estimator = kind()
    objective_kind = estimator.objective_of(y)
    codec = objective_kind.read(y)
    reader = Reader.learn(examples)
    steps = lengths if objective_kind.per_step else None
    objective = objective_kind.learn(codec, objective_kind.encode(codec, y, steps), **estimator._settings())
    poolings = ("last", "mean", "max", "attention", "mean+max", "last+attention")
    options = SequenceOptions(
        hidden=int(draw.integers(1, 20)),
        layers=int(draw.integers(1, 4)),
        embedding=int(draw.integers(1, 10)),
        convolution=(1,) if draw.random() < 0.2 else (),
        channels=4,
        pooling=str(draw.choice(poolings)),
        bidirectional=False,
        layer_norm=bool(draw.random() < 0.2),
    )
    cell = str(draw.choice(CELLS))
    parts = {"x": part_of(reader.encoders["x"], False)}
    members = tuple(
        Member(
            SequenceNetwork(parts, objective.outputs, cell, {"x": options}, per_step=objective.per_step).eval(), None
        )
        for _ in range(int(draw.integers(1, 3)))
    )
    recipe = LabelledRecipe(cell, len(members), {"x": options}, TrainingOptions(), (), seed)
    blend = Blend(float(draw.uniform(0.5, 1.5)))
    estimator.model_ = SequenceModel(recipe, reader, objective, members, None, blend)
    estimator.labels_ = codec
    estimator._fitted_attributes()
    if not letters:
        return estimator, sequences[:rows]
    read = examples.columns["x"]
    assert isinstance(read, np.ndarray)
    return estimator, list(read)[:rows]


def forecast_difference(seed: int) -> float:
    """The largest difference of points and quantiles, over the series of a random forecaster."""
    draw = np.random.default_rng([seed, 2])
    model, table, first = random_forecaster(seed)
    names, covariate = list(model.model_.panel.series), "x" in table
    stream, times = model.streams(), pd.to_datetime(np.unique(table["ds"]))
    at = np.full(len(names), first)
    rows = {name: table[table["unique_id"] == name].set_index("ds") for name in names}
    worst = 0.0
    for _ in range(int(draw.integers(3, 25))):
        some = draw.permutation(len(names))[: draw.integers(1, len(names) + 1)]
        here = [rows[names[k]].loc[times[at[k]]] for k in some]
        columns = {name: [row[name] for row in here] for name in ("y", *(("x",) if covariate else ()))}
        found = stream.step_rows(some, columns)
        at[some] += 1
        last = [rows[names[k]].iloc[: at[k]] for k in some]
        # `predict` ends a series at its last value; a stream is at its last row
        if draw.random() < 0.3 and all(np.isfinite(part["y"].iloc[-1]) for part in last):
            expected = model.predict(pd.concat([part.reset_index() for part in last]), levels=[80])
            ours = np.concatenate([found.points.ravel(), *(b.ravel() for b in _bounds(found))])
            order = np.argsort([names[k] for k in some], kind="stable")
            frame = found.frame([80]).sort_values(["unique_id", "ds"])
            expected = expected.sort_values(["unique_id", "ds"])
            assert len(order) == len(some)
            assert len(frame) == len(expected)
            assert np.isfinite(ours).all()
            worst = max(worst, _off(frame["forecast"].to_numpy(), expected["forecast"].to_numpy()))
            fixed = pd.DataFrame({"lo": _bounds(found)[0].ravel(), "hi": _bounds(found)[1].ravel()})
            fixed["unique_id"] = np.repeat([names[k] for k in some], found.points.shape[1])
            fixed = fixed.sort_values("unique_id", kind="stable")
            worst = max(worst, _off(fixed[["lo", "hi"]].to_numpy(), expected[["lo_80", "hi_80"]].to_numpy()))
    return worst


def random_forecaster(seed: int) -> tuple[Forecaster, pd.DataFrame, int]:
    """A forecaster with random weights that knows the first rows of a table, the table, and how many it knows."""
    draw = np.random.default_rng([seed, 3])
    torch.manual_seed(seed)
    season, horizon, count = int(draw.choice([1, 4, 7])), int(draw.integers(1, 9)), int(draw.integers(1, 4))
    total, first = 140, int(draw.integers(60, 100))
    times = pd.date_range("2024-01-01", periods=total, freq="D")
    parts = []
    for k in range(count):
        y = draw.normal(size=total).cumsum() + 3 * np.sin(2 * np.pi * np.arange(total) / max(season, 2)) + 50 * k
        y[draw.random(total) < 0.05] = np.nan
        y[[0, first - 1]] = 50.0 * k
        part = pd.DataFrame({"unique_id": f"s{k}", "ds": times, "y": y})
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    if draw.random() < 0.4:
        table["x"] = draw.normal(size=len(table))
    known = table[table["ds"] < times[first]]
    roles = {"past": ["x"]} if "x" in table else {}
    panel, _ = understand(known, target="y", time="ds", series="unique_id", freq="D", **roles)
    seasons = (season,) if season > 1 else ()
    options = NetworkOptions(hidden=int(draw.integers(2, 16)), context=4)
    members_count = int(draw.integers(1, 3))
    recipe = Recipe(horizon, str(draw.choice(CELLS)), members_count, seasons, None, options, TrainingOptions(), seed)
    shapes = window_shapes(panel, horizon, seasons, None, members_count)
    scaling = fit_scaling(panel, shapes[0].block if shapes[0].block in seasons else 1)
    members = tuple(
        WindowMember(_random_network(inputs_of(panel, s, scaling), recipe, s.seasons), None, shape=s) for s in shapes
    )
    calibration = Calibration(float(draw.random()), 0, draw.uniform(0.5, 2.0, len(QUANTILES) // 2))
    combination = None
    if draw.random() < 0.7:
        names = [NETWORK, *(name for name in CHEAP if season > 1 or "season" not in name)]
        names += [PRETRAINED] if draw.random() < 0.1 else []
        weights = draw.dirichlet(np.ones(len(names)), len(panel) + 1)
        combination = Combination(tuple(names), weights, draw.uniform(0.5, 2.0, len(QUANTILES) // 2))
    forecaster = Forecaster(horizon)
    forecaster.model_ = ForecastModel(recipe, scaling, panel, members, calibration, np.ones(len(panel)), combination)
    return forecaster, table, first


def _random_network(inputs: Any, recipe: Recipe, seasons: tuple[int, ...]) -> ForecastNetwork:
    network = ForecastNetwork(inputs, recipe.cell, recipe.network, torch.ones(naive_count(seasons))).eval()
    with torch.no_grad():
        for parameter in network.output.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network


def _bounds(found: Any) -> tuple[np.ndarray, np.ndarray]:
    return found.interval(80, adapted=False)


def _off(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def main() -> None:
    """Print the largest differences, and which seeds go too far."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    began = time.process_time()
    worst, beyond = {"forecast": 0.0, "labelled": 0.0}, []
    for seed in range(given.first, given.first + given.models):
        kind = ("forecast", "labelled")[seed % 2]
        found = (forecast_difference if kind == "forecast" else labelled_difference)(seed)
        worst[kind] = max(worst[kind], found)
        if not found <= CLOSE:
            beyond.append((seed, found))
    seconds = round(time.process_time() - began, 1)
    print(json.dumps({"models": given.models, "largest difference": worst, "beyond": beyond, "cpu seconds": seconds}))
    if beyond:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
