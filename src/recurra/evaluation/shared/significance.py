"""Whether one forecast is better than another, or merely was: tests on the differences of their losses.

The unit of evidence is a window: the loss of one forecast, averaged over its steps. Steps of one window share their
shocks and are never counted apart. What is random depends on what there is:

- *Windows* (at least six that do not overlap): the losses of all series are averaged window by window, counted from
  each series' end, and tested over time by Diebold and Mariano with the correction of Harvey, Leybourne and Newbold.
  Shocks common to the series cannot deceive it (Driscoll, Kraay 1998). Windows closer than the horizon share rows:
  the autocovariances up to that overlap are counted, and only windows that do not overlap count as degrees of
  freedom. Losses may persist beyond the overlap (a winter in which one model is good), so the test is taken a second
  time with Bartlett weights over sqrt(n) windows and the critical values that go with them (Kiefer, Vogelsang 2005);
  the larger p counts.
- *Series* (at least six): the mean of each series is one unit of a t-test, whatever happens within the series. It
  takes the series as independent of each other; a shock common to all of them in a single window cannot be told from
  a true difference.
- Both: the larger p counts: a claim has to hold over time and across series (the cautious end of two-way clustering,
  Cameron, Gelbach, Miller 2011).
- Neither: there is no test. With fewer than six units even a forecast that is better every time would not reach 5 %
  in a two-sided sign test.

By simulation, at a nominal 5 %: 2 to 4 % false alarms for independent windows, 5 to 7 % for overlapping ones, 10 %
for 50 windows whose losses have an autocorrelation of 0.6 (a plain t-test: 34 %), 5 % over series.

Sources: Diebold, Mariano (1995), "Comparing predictive accuracy", J. Business & Economic Statistics 13; Harvey,
Leybourne, Newbold (1997), "Testing the equality of prediction mean squared errors", Int. J. Forecasting 13; Kiefer,
Vogelsang (2005), "A new asymptotic theory for heteroskedasticity-autocorrelation robust tests", Econometric Theory
21; Coroneo, Iacone (2020), "Comparing predictive accuracy in small samples using fixed-smoothing asymptotics", J.
Applied Econometrics 35.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from recurra.errors import InputError
from recurra.evaluation.shared.means import mean_of_known
from recurra.language import _

Floats = npt.NDArray[np.floating]

LEAST_UNITS = 6


@dataclass(frozen=True)
class Comparison:
    """A test of mean loss differences: `statistic` (negative: the first forecast is better) on `units` units.

    `p_value` is two-sided, `p_better` one-sided for "the first is better". Without a test all three are NaN.
    `over` says what was taken as random: "windows", "series" or "nothing".
    """

    statistic: float
    p_value: float
    p_better: float
    units: int
    over: str


def long_run_variance(differences: npt.ArrayLike, lag: int, *, bartlett: bool = False) -> float:
    """gamma_0 + 2 (w_1 gamma_1 + ... + w_lag gamma_lag) of a sequence [n]; w_k = 1, or 1 - k / (lag + 1) if `bartlett`.

    >>> long_run_variance([1.0, -1.0, 1.0, -1.0], lag=1)
    -0.5
    """
    d = np.asarray(differences, dtype=np.float64)
    centred = d - d.mean()
    n = len(d)
    gamma = np.array([centred[k:] @ centred[: n - k] / n for k in range(min(lag, n - 1) + 1)])
    k = np.arange(1, len(gamma))
    weight = 1.0 - k / (lag + 1.0) if bartlett else np.ones(len(k))
    return float(gamma[0] + 2.0 * (weight * gamma[1:]).sum())


def diebold_mariano(differences: npt.ArrayLike, lag: int = 0) -> Comparison:
    """Diebold-Mariano test with the small-sample correction of Harvey, Leybourne and Newbold.

    `differences` [n] are losses of the first forecast minus those of the second, in order of time; `lag` is the last
    autocovariance that counts: horizon - 1 for h-step forecasts made at every step. Compared with Student's t of n - 1
    degrees of freedom. Where the estimated variance is not positive, Bartlett weights replace the equal ones.
    With lag 0 it is the t-test. Raises InputError for fewer than two differences or lag >= n.

    >>> diebold_mariano([-1.0, -2.0, -3.0]).statistic
    -3.4641016151377544
    """
    d = np.asarray(differences, dtype=np.float64)
    n = len(d)
    if n < 2 or not 0 <= lag < n:
        raise InputError(
            _(
                "{n} loss differences and lag {lag} allow no test: at least two, and a lag below their number",
                n=n,
                lag=lag,
            )
        )
    mean = float(d.mean())
    if np.ptp(d) <= 1e-12 * np.abs(d).max():
        return _certain(mean, n)
    variance = long_run_variance(d, lag)
    if variance <= 0:
        variance = long_run_variance(d, lag, bartlett=True)
    h = lag + 1
    correction = (n + 1 - 2 * h + h * (h - 1) / n) / n
    statistic = mean / np.sqrt(variance / n) * np.sqrt(correction)
    return _from_statistic(float(statistic), n, n - 1)


def fixed_bartlett(differences: npt.ArrayLike, width: int) -> Comparison:
    """Test of a zero mean of differences [n], with Bartlett weights over `width` and fixed-b critical values.

    The two-sided 5 % critical value 1.96 + 2.9694 b + 0.416 b^2 - 0.5324 b^3, b = width / n (Kiefer, Vogelsang 2005),
    scales the statistic back to that of Student's t.
    """
    d = np.asarray(differences, dtype=np.float64)
    n = len(d)
    mean = float(d.mean())
    if np.ptp(d) <= 1e-12 * np.abs(d).max():
        return _certain(mean, n)
    b = width / n
    critical = 1.96 + 2.9694 * b + 0.416 * b**2 - 0.5324 * b**3
    variance = long_run_variance(d, width - 1, bartlett=True)
    return _from_statistic(float(mean / np.sqrt(variance / n) * 1.96 / critical), n, n - 1)


def over_windows(differences: npt.ArrayLike, overlap: int = 0) -> Comparison:
    """The more cautious of `diebold_mariano` and `fixed_bartlett` over windows [n] in order of time.

    `overlap` is the number of following windows that share rows with a window. No test with fewer than six windows that
    do not overlap.
    """
    d = np.asarray(differences, dtype=np.float64)
    n = len(d)
    apart = 1 + (n - 1) // (overlap + 1)
    if n == 0 or apart < LEAST_UNITS:
        return _untested(n)
    exact = _from_statistic(diebold_mariano(d, overlap).statistic, n, apart - 1)
    persistent = fixed_bartlett(d, max(int(np.sqrt(n)), min(2 * (overlap + 1), n)))
    return max(exact, persistent, key=lambda c: c.p_value)


def over_series(differences: npt.ArrayLike) -> Comparison:
    """The t-test over one mean difference of each series [S]; no test with fewer than six series."""
    d = np.asarray(differences, dtype=np.float64)
    if len(d) < LEAST_UNITS:
        return _untested(len(d))
    test = diebold_mariano(d)
    return Comparison(test.statistic, test.p_value, test.p_better, test.units, "series")


def compare(differences: npt.ArrayLike, overlap: int = 0) -> Comparison:
    """Test differences of losses [S, W] of S series in W windows, NaN where a series has no such window.

    Windows are in order of time, the last column being every series' last; see the module for what is tested when.
    """
    d = np.asarray(differences, dtype=np.float64)
    by_window, by_series = mean_of_known(d.T), mean_of_known(d)
    tests = [
        over_windows(by_window[~np.isnan(by_window)], overlap),
        over_series(by_series[~np.isnan(by_series)]),
    ]
    tests = [t for t in tests if t.over != "nothing"]
    if not tests:
        return _untested(int(np.isfinite(d).sum()))
    if len(tests) == 2 and np.sign(tests[0].statistic) != np.sign(tests[1].statistic):
        doubtful = max(tests, key=lambda t: t.p_value)
        return Comparison(doubtful.statistic, 1.0, 0.5, doubtful.units, doubtful.over)
    return max(tests, key=lambda t: t.p_value)


def _from_statistic(statistic: float, n: int, freedom: int) -> Comparison:
    tail = float(stdtr(freedom, -abs(statistic)))  # of scipy.special: scipy.stats takes a second to import
    return Comparison(statistic, 2.0 * tail, tail if statistic < 0 else 1.0 - tail, n, "windows")


def _certain(mean: float, n: int) -> Comparison:
    """The difference is the same every time: no doubt is left, or no difference at all."""
    if mean == 0.0:
        return Comparison(0.0, 1.0, 0.5, n, "windows")
    return Comparison(float(np.copysign(np.inf, mean)), 0.0, 0.0 if mean < 0 else 1.0, n, "windows")


def _untested(units: int) -> Comparison:
    return Comparison(float("nan"), float("nan"), float("nan"), units, "nothing")
