"""Linear regression of the next steps on the last ones, fitted directly for every step by ridge regression.

    w_t = (y_t, ..., y_{t+L+H-1}),   m_t = mean of the last n of its first L values
    minimise  sum_t |(w_t - m_t)_{L+h} - a_h . (w_t - m_t)_{1..L}|^2 + p s |a_h|^2        for each step h

with s the mean square of an input. The penalty draws a forecast to the level m_t alone: the last value (n = 1), or the
mean of the last season. L, n and p are those that forecast the last fifth of the windows best after learning from the
others. Everything is read from the products of the windows, sum_t w_t w_t', whose diagonals follow from one another, so
that a fit does not depend on the number of rows but for its first row of products.

Sources: Hoerl and Kennard (1970), "Ridge regression"; Zeng et al. (2023), "Are Transformers effective for time series
forecasting?", whose NLinear is n = 1 without a penalty; direct forecasts are those of Marcellino, Stock, Watson (2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.steps import Steps

Floats = npt.NDArray[np.floating]

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
LONGEST = 700  # values that are read
LEAST_WINDOWS = 2  # times as many as values that are read
_TOLD = 5  # one of so many windows is kept to choose by
_MOST_WIDER = 2.0


@dataclass(frozen=True)
class LinearForm:
    """How many values are read, over how many the level is taken, the penalty, and how much wider unseen errors are."""

    length: int
    level: int
    penalty: float
    wider: float = 1.0


def forms_for(steps: Steps, points: int, ahead: int) -> list[tuple[int, int]]:
    """Lengths and levels to choose from; none where there are too few windows."""
    most = min(LONGEST, (points - ahead) // (LEAST_WINDOWS + 1))
    season = steps.season
    longest = max((s for s in steps.seasons if 2 * s <= LONGEST), default=16)
    lengths = {min(most, size) for size in (max(2 * season, 16), max(2 * longest, 64))}
    return [(length, level) for length in sorted(lengths) if length >= 4 for level in sorted({1, min(season, length)})]


def choose(y: Floats, steps: Steps, ahead: int) -> LinearForm:
    """The form that forecasts the last windows of y [n] best. Raises ValueError where there are too few of them."""
    y = y - y.mean()
    forms = forms_for(steps, len(y), ahead)
    if not forms:
        raise ValueError(f"{len(y)} values are too few for {ahead} steps ahead")
    longest = max(length for length, _level in forms)
    size = longest + ahead
    windows = len(y) - size + 1
    kept = max(windows // _TOLD, 1)
    learnt = max(windows - kept - ahead, 1)  # whose targets lie before those of the windows that are kept
    before, after = products(y, 0, learnt, size), products(y, windows - kept, windows, size)
    best, found = np.inf, None
    for length, level in forms:
        part = slice(longest - length, None)
        here, there = (levelled(each[part, part], length, level) for each in (before, after))
        for penalty in PENALTIES:
            weights = _solved(here, length, penalty)
            unseen = _errors(there, weights, kept).sum()
            if unseen < best:
                best, seen = unseen, _errors(here, weights, learnt).sum()
                found = LinearForm(length, level, penalty, float(np.clip(unseen / max(seen, 1e-12), 1.0, _MOST_WIDER)))
    if found is None:
        raise ValueError("no form has finite errors")
    return found


@dataclass(frozen=True, eq=False)
class Linear:
    """A form with its weights [L, H], and the standard deviation of the errors [H]."""

    form: LinearForm
    weights: Floats
    sd: Floats

    def forecast(self, past: Floats) -> Floats:
        """What follows `past` [..., n], of which the last L values count [..., H]."""
        past = past[..., -self.form.length :]
        level = past[..., -self.form.level :].mean(axis=-1, keepdims=True)
        return (past - level) @ self.weights + level


def fit(y: Floats, form: LinearForm, ahead: int) -> Linear:
    """The weights of a form on all windows of y [n]. Raises ValueError where there are too few of them."""
    y = y - y.mean()
    length, windows = form.length, len(y) - form.length - ahead + 1
    if windows < LEAST_WINDOWS * length:
        raise ValueError(f"{len(y)} values are too few for {ahead} steps ahead")
    moments = levelled(products(y, 0, windows, length + ahead), length, form.level)
    weights = _solved(moments, length, form.penalty)
    return Linear(form, weights, form.wider * _errors(moments, weights, windows))


def products(y: Floats, first: int, end: int, size: int) -> Floats:
    """The sum of w w' [size, size] over the windows w of `size` values that begin at first, ..., end - 1."""
    found = np.empty((size, size))
    found[0] = [y[first:end] @ y[first + k : end + k] for k in range(size)]
    leaves, comes = y[first : first + size], y[end : end + size - 1]
    for k in range(size - 1):
        found[k + 1, k + 1 :] = found[k, k:-1] - leaves[k] * leaves[k : size - 1] + comes[k] * comes[k:]
        found[k + 1 :, k] = found[k, k + 1 :]
    return found


def levelled(moments: Floats, length: int, level: int) -> Floats:
    """The same of windows less the mean of the last `level` of their first `length` values."""
    part = moments[length - level : length]
    mean, square = part.mean(axis=0), part[:, length - level : length].mean()
    return moments - mean[:, None] - mean[None, :] + square


def _solved(moments: Floats, length: int, penalty: float) -> Floats:
    """The weights [L, H] that a penalty gives."""
    inputs = moments[:length, :length]
    damping = penalty * max(float(np.trace(inputs)) / length, 1e-12)
    return np.linalg.solve(inputs + damping * np.eye(length), moments[:length, length:])


def _errors(moments: Floats, weights: Floats, windows: int) -> Floats:
    """The root mean squared error of each step [H] of weights [L, H] over so many windows."""
    length = len(weights)
    inputs, crossed, targets = moments[:length, :length], moments[:length, length:], moments[length:, length:]
    squares = np.diag(targets) - 2 * (weights * crossed).sum(axis=0) + (weights * (inputs @ weights)).sum(axis=0)
    return np.sqrt(np.maximum(squares, 0.0) / windows)
