"""How much each of several forecasts counts in their mean, by what they did from held-out origins.

    minimise  N L(a) / L_best + STRENGTH KL(a || prior)    over a >= 0, sum a = 1

L is the mean over series of sum_t w_t |y_t - sum_k a_k f_kt|. w_t counts scaled error and error in percent half each
(1 / scale and 2 / (|y_t| + |f_t|), each over its own mean), scaled error alone where a series is not positive. N is how
many windows the held-out ones are worth when their truths overlap and series share moments (`moments`). The prior falls
with a power of the loss of each forecast alone: with few windows the result is close to a mean of the good ones, with
many to the best combination. One with more than HOPELESS times the loss of the best has no weight: it could only bend
the level of the others to a few windows. Weights of a series are found in the same way from its own windows, with the
overall weights as the prior, and are used where they do better than the overall ones in windows that they have not
seen.

Sources: Bates and Granger (1969), "The combination of forecasts"; Diebold and Pauly (1990), "The use of prior
information in forecast combination"; Montero-Manso et al. (2020), "FFORMA"; entropic descent is that of Beck and
Teboulle (2003). Quantiles are averaged level by level: Lichtendahl, Grushka-Cockayne, Winkler (2013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats
from recurra.evaluation.forecast.columns import BASELINES, NETWORKS
from recurra.evaluation.forecast.moments import independent_windows, windows_apart

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

STRENGTH = 2.0  # windows that the prior is worth, about
OWN_STRENGTH = 8.0  # the same of the overall weights, for those of a series
HOPELESS = 2.5  # times the loss of the best forecast
LEAST_WEIGHT = 0.05  # smaller ones are not worth computing the forecast
_POWER = 12.0  # of the loss, in the prior
_NEWCOMER = 3.0  # what the mean of the others stands for, beside a forecast that joins at last
_STEPS, _OWN_STEPS = 400, 100
_MOST_PLACES = 20_000  # windows times steps that are enough


@dataclass(frozen=True, eq=False)
class Combination:
    """Weights [S + 1, M] of the forecasts `names` for each series, the last row for one never seen; `stretch` [Q // 2].

    `stretch` moves the quantiles of the mean away from its median (`conformal`). `sparse` [S + 1] says which series are
    mostly zero: they are forecast in the mean, and their quantiles are left as they are; None: not decided by series.
    """

    names: tuple[str, ...]
    weights: Floats
    stretch: Floats
    sparse: npt.NDArray[np.bool_] | None = None

    def check(self) -> None:
        """Refuse parts out of a file that do not belong together."""
        names, weights = self.names, self.weights
        require(set(names) <= {*NETWORKS, *BASELINES} and len(set(names)) == len(names), f"forecasts {names}")
        require(weights.ndim == 2, f"weights of {weights.ndim} dimensions")
        require_floats("weights", weights, (len(weights), len(names)))
        sums = bool((weights >= 0).all()) and bool(np.allclose(weights.sum(axis=1), 1.0, atol=1e-6))
        require(sums, "the weights of a series do not sum to 1")
        require_floats("stretch", self.stretch, self.stretch.shape)
        if self.sparse is not None:
            fits = self.sparse.shape == (len(weights),) and self.sparse.dtype == bool
            require(fits, f"sparse is of shape {self.sparse.shape}")
        require(self.stretch.ndim == 1 and bool((self.stretch >= 0).all()), "stretch is negative")

    @property
    def used(self) -> tuple[str, ...]:
        """The forecasts that count anywhere."""
        return tuple(name for name, column in zip(self.names, self.weights.T, strict=True) if column.any())

    @property
    def overall(self) -> dict[str, float]:
        """The weights for a series never seen, the largest first."""
        pairs = zip(self.names, self.weights[-1].tolist(), strict=True)
        return dict(sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: -pair[1]))

    def apply(self, quantiles: Mapping[str, Floats], numbers: Ints) -> Floats:
        """The weighted mean of quantiles [n, H, Q] of each of `used`, by the weights of the series `numbers` [n].

        A forecast that is NaN does not count, and the others count for it; NaN where there is none.
        """
        return weighted_mean(
            [quantiles[name] for name in self.used],
            self.weights[numbers][:, [self.names.index(name) for name in self.used]],
        )


def weighted_mean(parts: Sequence[Floats], weights: Floats) -> Floats:
    """Mean of `parts` M x [n, ...] by `weights` [n, M], over those that are no NaN."""
    total, count = np.zeros_like(parts[0]), np.zeros_like(parts[0])
    for part, weight in zip(parts, weights.T, strict=True):
        w = weight.reshape(-1, *[1] * (part.ndim - 1))
        known = ~np.isnan(part)
        total += np.where(known, part, 0.0) * w
        count += known * w
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


@dataclass(frozen=True, eq=False)
class Tried:
    """Point forecasts `points` M x [n, H] from held-out origins, NaN where there is none, beside the `truth` [n, H].

    `series` [n] are numbers below S, `scale` [S] the unit of scaled errors (NaN: none), `moments` [n] where the origins
    lie in a time that is common to all series.
    """

    points: Mapping[str, Floats]
    truth: Floats
    series: Ints
    moments: Ints
    scale: Floats


def fit_weights(tried: Tried, expected: Mapping[str, float] | None = None) -> tuple[tuple[str, ...], Floats]:
    """Names [M] and weights [S + 1, M] as `Combination` has them; the prior where there is no truth.

    `expected` are shares of the prior before any loss is known, relative to each other; 1 unless given.

    Forecasts that are missing from some origins (a network has learnt from those) join at last: each is weighed
    against the mean of the others, where it has forecasts.
    """
    names, expected = tuple(tried.points), expected or {}
    if len(names) == 1:
        return names, np.ones((len(tried.scale) + 1, 1))
    usable = np.isfinite(tried.truth)
    complete = [name for name in names if not np.isnan(tried.points[name][usable]).any()]
    rest = [name for name in names if name not in complete]
    count = len(tried.scale) + 1
    if not usable.any() or not complete:
        share = np.array([expected.get(name, 1.0) for name in names])
        return names, np.tile(share / share.sum(), (count, 1))
    before = np.array([expected.get(name, 1.0) for name in complete])
    found = dict(zip(complete, _fit(tried, complete, before).T, strict=True))
    for name in rest:
        mixed = weighted_mean([tried.points[k] for k in found], np.stack(list(found.values()), 1)[tried.series])
        there = np.isfinite(tried.points[name]).all(axis=1)
        if not (there & usable.any(axis=1)).any():
            found[name] = np.zeros(count)
            continue
        part = Tried(
            {"": mixed[there], name: tried.points[name][there]},
            tried.truth[there],
            tried.series[there],
            tried.moments[there],
            tried.scale,
        )
        share = _fit(part, ["", name], np.array([_NEWCOMER, expected.get(name, 1.0)]))
        found = {other: column * share[:, 0] for other, column in found.items()}
        found[name] = share[:, 1]
    weights = np.stack([found[name] for name in names], axis=1)
    weights = np.where(weights < LEAST_WEIGHT, 0.0, weights)
    return names, weights / weights.sum(axis=1, keepdims=True)


def _fit(tried: Tried, names: Sequence[str], before: Floats) -> Floats:
    """Weights [S + 1, M] of `names`, of which every one has all forecasts; `before` [M] is the prior without a loss."""
    points = np.stack([tried.points[name] for name in names], axis=-1)
    known = np.isfinite(tried.truth)
    weight = _place_weights(points, tried)
    overall = _overall(points, tried, known, weight, np.ones(len(known), dtype=bool), before)
    result = np.tile(overall, (len(tried.scale) + 1, 1))
    own = _own(points, tried, known, weight, overall, np.ones(len(known), dtype=bool))
    last = np.zeros(len(known), dtype=bool)
    for s in own:
        rows = np.flatnonzero(tried.series == s)
        last[rows[np.argmax(tried.moments[rows])]] = True
    several = [s for s in own if (tried.series == s).sum() > 2]
    if len(several) < 2:
        return result
    # Overall and own weights once more without each series' last window, which then says whether own ones pay.
    earlier = _overall(points, tried, known, weight, ~last, before)
    own_earlier = _own(points, tried, known, weight, earlier, ~last)
    gains = []
    for s in several:
        rows = (tried.series == s) & last
        errors = [
            _loss(points[rows], tried.truth[rows], known[rows], weight[rows], a) for a in (earlier, own_earlier[s])
        ]
        gains.append(errors[0] - errors[1])
    gain, shown = np.array(gains), last & np.isin(tried.series, several)
    windows = independent_windows(tried.series[shown], tried.moments[shown], known.shape[1])
    if gain.mean() > gain.std() / np.sqrt(windows):
        for s in several:
            result[s] = own[s]
    return result


def _overall(
    points: Floats, tried: Tried, known: npt.NDArray[np.bool_], weight: Floats, rows: Ints, before: Floats
) -> Floats:
    """The weights [M] that are best for all series together."""
    share = np.zeros(len(known))
    for s in np.unique(tried.series[rows]):
        mine = rows & (tried.series == s) & known.any(axis=1)
        share[mine] = 1.0 / max(mine.sum(), 1)
    places = weight * known * share[:, None]
    if not places.any():
        return np.full(points.shape[-1], 1.0 / points.shape[-1])
    windows = independent_windows(tried.series[rows], tried.moments[rows], known.shape[1])
    losses = np.array([(places * np.abs(tried.truth - points[..., k]))[known].sum() for k in range(points.shape[-1])])
    prior = _prior(losses, windows, before)
    some = prior > 0
    found = np.zeros(len(prior))
    found[some] = _descend(points[..., some], tried.truth, places, known, prior[some], windows / STRENGTH, _STEPS)
    return found


def _own(
    points: Floats, tried: Tried, known: npt.NDArray[np.bool_], weight: Floats, overall: Floats, rows: Ints
) -> dict[int, Floats]:
    """The weights [M] that are best for each series, drawn to the overall ones."""
    found = {}
    for s in np.unique(tried.series[rows]):
        mine = np.flatnonzero(rows & (tried.series == s) & known.any(axis=1))
        if not len(mine):
            continue
        windows = windows_apart(tried.series[mine], tried.moments[mine], known.shape[1])
        places = weight[mine] * known[mine]
        parts = points[mine], tried.truth[mine], places, known[mine]
        found[int(s)] = _descend(*parts, overall, windows / OWN_STRENGTH, _OWN_STEPS)
    return found


def _place_weights(points: Floats, tried: Tried) -> Floats:
    """What an error of 1 costs at each place [n, H]: half by the scale of its series, half by its size."""
    truth, middle = tried.truth, np.median(points, axis=-1)
    known = np.isfinite(truth)
    lowest = np.full(len(tried.scale), np.inf)
    np.minimum.at(lowest, tried.series, np.where(known, np.minimum(truth, middle), np.inf).min(axis=1))
    scale = tried.scale[tried.series][:, None]
    scaled = np.where(np.isfinite(scale) & (scale > 0), 1.0 / np.where(scale > 0, scale, 1.0), 0.0)
    positive = (lowest > 0)[tried.series][:, None]
    size = np.abs(np.where(known, truth, 1.0)) + np.abs(middle)
    percent = np.where(positive & (size > 0), 2.0 / np.where(size > 0, size, 1.0), 0.0)
    error = np.where(known, np.abs(truth - middle), 0.0)
    scaled, percent = np.broadcast_to(scaled, error.shape), np.broadcast_to(percent, error.shape)
    total = np.zeros_like(error)
    for part in (scaled, percent):
        mean = float((part * error).sum())
        if mean > 0:
            total = total + part / mean
    if not total.any():
        return np.ones_like(error)
    return total / total[total > 0].mean()


def _prior(losses: Floats, windows: float, before: Floats) -> Floats:
    """Weights [M] that fall with a power of the loss, a higher one the more windows; exact forecasts count alone."""
    best = losses.min()
    if best <= 0:
        return np.where(losses <= 0, 1.0, 1e-12) / np.count_nonzero(losses <= 0)
    prior = before * (best / losses) ** (_POWER * windows / (windows + STRENGTH))
    return np.where(losses > HOPELESS * best, 0.0, np.maximum(prior / prior.sum(), 1e-12))


def _descend(
    points: Floats,
    truth: Floats,
    places: Floats,
    known: npt.NDArray[np.bool_],
    prior: Floats,
    windows: float,
    steps: int,
) -> Floats:
    """The best weights [M] by entropic descent with the divergence from `prior` as a proximal term."""
    rows = np.flatnonzero(known & (places > 0))
    rows = rows[:: max(1, -(-len(rows) // _MOST_PLACES))]
    x, y, w = points.reshape(-1, points.shape[-1])[rows], truth.ravel()[rows], places.ravel()[rows]
    best_alone = float(min((w * np.abs(y - column)).sum() for column in x.T)) if len(rows) else 0.0
    if best_alone <= 0:
        return prior
    factor = windows / best_alone
    start = np.log(np.maximum(prior, 1e-12))
    at, best, lowest = start - np.logaddexp.reduce(start), np.exp(start), np.inf
    for k in range(steps):
        a = np.exp(at)
        error = y - x @ a
        value = factor * float((w * np.abs(error)).sum()) + float((a * (at - start)).sum())
        if value < lowest:
            lowest, best = value, a
        slope = -factor * ((w * np.sign(error)) @ x)
        reach = 2.0 / (np.sqrt(k + 1.0) * max(float(np.ptp(slope)), 1e-9))
        at = (at + reach * (start - slope)) / (1.0 + reach)
        at -= np.logaddexp.reduce(at)
    return best / best.sum()


def _loss(points: Floats, truth: Floats, known: npt.NDArray[np.bool_], weight: Floats, a: Floats) -> float:
    error = np.where(known, weight * np.abs(np.where(known, truth, 0.0) - points @ a), 0.0)
    return float(error.sum() / max(known.sum(), 1))
