"""The lags at which a window repeats itself, as operations: `nn.pretrained.seasons`, in float64."""

from __future__ import annotations

import numpy as np

from recurra.deploy.graph.algebra import Term
from recurra.nn.pretrained.seasons import AS_GOOD, BONUS, CALENDAR, DOUBT, LEAST, NEAR, ROUNDING, SMOOTH

_FAR = 1e30


def lags_of(x: Term, known: Term, count: Term, season: int | None) -> tuple[list[Term], list[Term]]:
    """Both lags, 0 where there is none, and their scores in float64, one number each.

    x [W] standardised and `known` [W] in float64, the window from its first patch on, `count` of it long; `season` is
    the first lag where it is known, 1 for none.
    """
    lags, scores = _detected(x, known, count)
    if season is None:
        return lags, scores
    given = lags[0] * 0.0 + float(season if season > 1 else 0)
    if season == 1:
        return [given, given], scores
    longer = [each.where(each > given, 0.0) for each in lags]
    return [given, longer[0].at_least(longer[1])], scores


def _detected(x: Term, known: Term, count: Term) -> tuple[list[Term], list[Term]]:
    window = x.v.width
    longest = 2 * window // 5
    own = (count * 0.4 + 1e-9).apply("floor")  # of this row
    reach = longest + longest // 2 + 2
    d, pairs = _structure(_flat(x, known), known, min(reach, window - 1) + 1)
    lags = np.arange(2, longest + 1)

    def constant(values: object) -> Term:
        return Term(x.b, x.b.fixed(np.asarray(values, np.float64), double=True))

    lag = constant(lags)
    at, before, after = d[2 : longest + 1], d.pick(constant(lags - lags // 2)), d.pick(constant(lags + lags // 2))
    after = before.where(pairs.pick(constant(lags + lags // 2)) < 3.0, after)
    score = 1.0 - (at * 2.0 + ROUNDING) / (before + after + ROUNDING)
    dip = at <= d[1:longest].at_most(d[3 : longest + 2])
    dip &= at <= d[1:2] * constant(np.maximum(0.5 * (lags / 4.0) ** 2, 1.0))
    start = float(window) - (known * constant(window - np.arange(window))).largest()
    dip &= lag * 5.0 <= (count - start) * 2.0
    all_known = pairs[0:1].clip(1.0, 1e300)
    doubt = constant([DOUBT[m not in CALENDAR] for m in lags.tolist()])
    bonus = constant([BONUS * (m in CALENDAR) for m in lags.tolist()])
    score = score - doubt * (lag / all_known).clip(0.0, 1.0)
    there = dip & (pairs[2 : longest + 1] >= 4.0) & (lag <= own)
    score = (score + bonus).where(there, -1.0)
    best = score.largest()
    good = (score >= best * 0.75) & (score > LEAST)
    found = good.largest()
    first = Term(x.b, x.b.argmax(good.v))
    first_lag, first_score = lag.pick(first), score.pick(first)
    better = (at + ROUNDING < (at.pick(first) + ROUNDING) * 0.85) & (lag >= first_lag * 1.5)
    longer = score.where(better, -1.0)
    second, second_score = Term(x.b, x.b.argmax(longer.v)), longer.largest()
    also = found & (second_score > LEAST)
    one = _near(first_lag, d, own, longest) * found
    two = _near(lag.pick(second), d, own, longest) * also
    week = one * 7.0
    two = week.where((two <= 0.0) & (one >= 24.0) & (week < all_known - one), two)
    return [one, two], [(first_score * found).clip(0.0, 1.0), (second_score * also).clip(0.0, 1.0)]


def _near(lag: Term, d: Term, own: Term, longest: int) -> Term:
    """The best calendar length near a lag, where the structure function is about as low there."""
    values = np.array([n for n in CALENDAR if n <= longest] or [2], np.float64)
    lengths = Term(lag.b, lag.b.fixed(values, double=True))
    away = (lengths - lag).apply("abs")
    near = (away <= (lag * NEAR).at_least(0.5)) & (lengths <= own.at_least(2.0))
    at = d.pick(lengths).where(near, _FAR)
    which = Term(lag.b, lag.b.argmax((-at).v))
    return lengths.pick(which).where(at.smallest() <= d.pick(lag) * AS_GOOD, lag)


def _flat(x: Term, known: Term) -> Term:
    """Without its straight line, in units of its own spread, extremes cut."""
    width = x.v.width
    count = known.sum().clip(1.0, 1e300)
    time = Term(x.b, x.b.fixed(np.linspace(-1, 1, width), double=True)) * known
    time = (time - time.sum() / count) * known
    value = (x - (x * known).sum() / count) * known
    slope = (time * value).sum() / (time * time).sum().clip(1e-9, 1e300)
    value = value - time * slope
    spread = ((value * value).sum() / count).apply("sqrt").clip(SMOOTH, 1e300)
    return (value / spread).clip(-3.0, 3.0) * known


def _structure(x: Term, known: Term, lags: int) -> tuple[Term, Term]:
    """D of each lag, and how many pairs stand behind it."""
    b, squares = x.b, x * x

    def correlated(one: Term, other: Term) -> Term:
        return Term(b, b.correlate(one.v, other.v, lags))

    pairs = (correlated(known, known) + 0.5).apply("floor")
    sums = correlated(squares, known) + correlated(known, squares) - correlated(x, x) * 2.0
    return sums.clip(0.0, 1e300) / pairs.clip(1.0, 1e300), pairs
