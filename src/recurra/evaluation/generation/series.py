"""Generated series evaluated on later real ones: told apart, learnt from, their correlations and spread, and copies.

Discriminative and predictive scores as in Yoon et al. (2019), "Time-series generative adversarial networks": a
recurrent classifier that is trained afterwards, and one that forecasts real rows after learning generated ones alone.
All windows are [N, T, D], in units in which the columns are comparable; pairs of real and generated ones follow in
time, and the last 40 % are the test part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.shared.bootstrap import Score, interval, ratio, resample
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.evaluation.shared.verdict import decide
from recurra.language import _, mark

Floats = npt.NDArray[np.floating]

LEADING = mark("discriminative score")
REPLAYED = mark("training data replayed")  # a reference: whoever wants no real rows cannot use it
_STEPS, _BATCH, _TEST = 250, 64, 0.4
_FAR = 8.0  # usual changes
_TOGETHER = 4  # neighbouring windows overlap: so many are drawn together
_COPIED, _CLOSE = 0.5, 0.8  # of the distance that real later windows keep to those learnt
_TOLD, _BARELY = 0.25, 0.1  # discriminative scores that name a use


def evaluate_series(
    real: Floats,
    learnt: Floats | None,
    methods: Mapping[str, Floats],
    *,
    seed: int = 0,
    notes: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
) -> Evaluation:
    """Evaluate what `methods` generated, the model first, beside later `real` windows.

    `learnt` are those learnt from, where they are known. Replayed training data and other `references` are
    scored and not compared with.
    """
    count = len(real)
    unit = np.arange(count - _cut(count)) // _TOGETHER
    held = float("nan") if learnt is None else nearest(real, learnt)
    rows: dict[str, dict[str, float]] = {}
    scores: dict[str, Score] = {}
    for name, made in methods.items():
        right = told_apart(real, made, seed=seed)
        sums = np.stack([np.bincount(unit, right), np.bincount(unit, np.full(len(unit), 2.0))], axis=1)
        scores[name] = Score(sums, lambda s: np.abs(ratio(s[..., 0], s[..., 1]) - 0.5))
        rows[name] = {
            LEADING: scores[name].value,
            "predictive score": predictive(made, real, seed=seed),
            "autocorrelation error": float(np.abs(autocorrelation(made) - autocorrelation(real)).mean()),
            "cross-correlation error": float(np.abs(crosscorrelation(made) - crosscorrelation(real)).mean()),
            "spread": float(np.median(_spread(made) / _spread(real))),
            "nearest": float("nan") if learnt is None or held == 0 else nearest(made, learnt) / held,
        }
    draws = resample(scores, seed=seed)
    rivals = {name: score for name, score in scores.items() if name not in (REPLAYED, *references)}
    model = next(iter(methods))
    ends = [(name, LEADING, *interval(draws[name])) for name in methods]
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    return Evaluation(
        table,
        pd.DataFrame(ends, columns=["method", "score", "low", "high"]),
        LEADING,
        decide(rivals, draws, model=model, name=LEADING, unit="test passage"),
        pd.DataFrame(columns=["output", "count"]),
        pd.DataFrame(columns=["truth", "predicted", "count"]),
        pd.DataFrame(columns=["bin", "confidence", "right", "count"]),
        notes=(use_of(table.loc[model]), *notes),
    )


def use_of(row: Mapping[str, float] | Any) -> str:
    """What generated series may be used for, in one sentence."""
    near = row["nearest"]
    if np.isnan(near):
        return _("Whether they are copies is not known here: the rows that were learnt are not in a model file.")
    if near < _COPIED:
        return _(
            "They lie at {near:.2f} of the distance that real later windows keep to those learnt from: copies, not to "
            "be shared in place of the real ones.",
            near=near,
        )
    if row[LEADING] > _TOLD:
        return _("They are easily told apart from real ones: use them to try out software, not to learn from.")
    if near < _CLOSE:
        return _("They lie closer to what was learnt than real later data do: look at the nearest before sharing.")
    if row[LEADING] <= _BARELY:
        return _("They are hardly told apart and no copies: they may stand in for the real ones in trials of methods.")
    return _("They are told apart at times, and are no copies: use them in trials of methods, and check on real data.")


def told_apart(real: Floats, made: Floats, *, seed: int) -> Floats:
    """How many of each test pair (real, generated) a recurrent classifier names rightly: 0, 1 or 2 [M]."""
    import torch

    cut = _cut(len(real))
    size = np.maximum(np.diff(real[:cut], axis=1).std(axis=(0, 1)), 1e-9)
    seen = [torch.from_numpy(_with_changes(part, size)) for part in (real, made)]
    x = torch.cat([part[:cut] for part in seen])
    y = torch.cat([torch.ones(cut), torch.zeros(cut)])
    network, head = _trained(x, y, torch.nn.functional.binary_cross_entropy_with_logits, 1, seed)
    with torch.no_grad():
        logits = [head(network(part[cut:])[1][-1])[:, 0].numpy() for part in seen]
    return (logits[0] > 0).astype(float) + (logits[1] <= 0)


def _with_changes(windows: Floats, size: Floats) -> npt.NDArray[np.float32]:
    """Rows and their changes, whose size is that of a row: a classifier of rows alone is blind to small steps."""
    changes = np.diff(windows, axis=1, prepend=windows[:, :1]) / size
    return np.concatenate([windows, np.clip(changes, -_FAR, _FAR)], axis=2).astype(np.float32)


def predictive(made: Floats, real: Floats, *, seed: int) -> float:
    """Mean absolute error of the next row of real windows, by a network that learnt generated ones alone."""
    import torch

    x, y = (torch.from_numpy(part.astype(np.float32)) for part in (made[:, :-1], made[:, -1] - made[:, -2]))
    network, head = _trained(x, y, torch.nn.functional.l1_loss, made.shape[2], seed)
    with torch.no_grad():
        found = head(network(torch.from_numpy(real[:, :-1].astype(np.float32)))[1][-1]).numpy() + real[:, -2]
    return float(np.abs(found - real[:, -1]).mean())


def _trained(x: Any, y: Any, loss: Any, outputs: int, seed: int) -> tuple[Any, Any]:
    """A GRU and its output layer, trained on windows x [N, T, D] and what belongs to each."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        hidden = int(np.clip(x.shape[2], 16, 32))
        network, head = torch.nn.GRU(x.shape[2], hidden, batch_first=True), torch.nn.Linear(hidden, outputs)
        parameters = [*network.parameters(), *head.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=3e-3)
        for _step in range(_STEPS):
            rows = torch.randint(len(x), (_BATCH,))
            z = head(network(x[rows])[1][-1])
            error = loss(z[:, 0] if y.ndim == 1 else z, y[rows])
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
    return network, head


def autocorrelation(windows: Floats, lags: int = 5) -> Floats:
    """Of the changes, by column and lag: [lags, D]."""
    x = np.diff(windows, axis=1)
    x = x - x.mean(axis=(0, 1))
    power = np.maximum((x**2).mean(axis=(0, 1)), 1e-12)
    most = min(lags, x.shape[1] - 1)
    return np.stack([(x[:, k:] * x[:, :-k]).mean(axis=(0, 1)) / power for k in range(1, most + 1)])


def crosscorrelation(windows: Floats) -> Floats:
    """Of the changes of every two columns: [D, D]."""
    x = np.diff(windows, axis=1).reshape(-1, windows.shape[2])
    x = x - x.mean(axis=0)
    x = x / np.maximum(x.std(axis=0), 1e-9)
    return x.T @ x / len(x)


def nearest(windows: Floats, learnt: Floats) -> float:
    """The median distance of windows to the nearest that was learnt from, each from its own mean level."""
    from scipy.spatial.distance import cdist

    a, b = ((part - part.mean(axis=1, keepdims=True)).reshape(len(part), -1) for part in (windows, learnt))
    return float(np.median(cdist(a, b).min(axis=1)))


def _spread(windows: Floats) -> Floats:
    return np.maximum(windows.std(axis=1).mean(axis=0), 1e-9)


def _cut(count: int) -> int:
    return int((1 - _TEST) * count)
