"""The pretrained forecaster as operations: `nn.pretrained`, from a window of values to quantiles in the same units.

A row begins with the patch of its first known value, wherever that is in the window: it is moved to the front, and what
lies behind its end is missing, as patches beyond the network's own horizon are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from recurra.deploy.graph.algebra import Term, joined, least
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Vector
from recurra.deploy.graph.seasons import lags_of
from recurra.nn.pretrained.features import PLAIN, RECENT, SEASONS, SLOPES, TINY
from recurra.nn.pretrained.forecasting import CUT
from recurra.nn.pretrained.network import Block, Pretrained
from recurra.nn.pretrained.series import NEAR_NOUGHT
from recurra.nn.quantiles import MEDIAN, QUANTILES

_HUGE = 1e300
_EPSILON = float(np.finfo(np.float32).eps)  # of nn.RMSNorm
_WIDE = len(QUANTILES)


def zero_shot_of(
    builder: Builder, network: Pretrained, target: Vector, observed: Vector, season: int | None, horizon: int, name: str
) -> tuple[Vector, Vector]:
    """The quantiles [H * Q] of `zero_shot`, float64, and whether any value is known: where none is, they are 0.

    `target` and `observed` are the last values, zeros where missing, and flags.
    """
    b, context = builder, network.shape.context
    value, seen = (_behind(Term(b, each), context) for each in (target, observed))
    form = _Form(b, network, season, horizon, name, seen)
    moved, known = form.aligned(value), form.aligned(seen)
    out = form.forecast(moved, known, "")
    logs = moved.apply("log").apply("zeroed") * known
    found = form.forecast(logs, known, "logs_")
    highest, lowest = (logs.where(known, -_HUGE).largest(), logs.where(known, _HUGE).smallest())
    mean = (out + found.at_most(highest * 2.0 - lowest + 1.0).apply("exp")) * 0.5
    highest, lowest = (moved.where(known, -_HUGE).largest(), moved.where(known, _HUGE).smallest())
    out = mean.where(_median(moved, known) * NEAR_NOUGHT < lowest, out)
    out = out.at_least(0.0).where(lowest >= 0.0, out)
    out = highest.wide(out.v.width).where(highest <= lowest, out)
    there = known.largest()
    return out.where(there, 0.0).v, there.v


def _behind(x: Term, width: int) -> Term:
    """The last `width` numbers, zeros before them where there are fewer."""
    have = x.v.width
    if have >= width:
        return x[have - width : have]
    zeros = Term(x.b, x.b.fixed(np.zeros(width - have), double=True))
    return joined([zeros, x])


def _median(x: Term, known: Term) -> Term:
    """Of the known numbers."""
    count = known.sum()
    ordered = Term(x.b, x.b.sort(x.where(known, _HUGE).v))
    low, high = ((count * 0.5 - each).apply("floor") for each in (0.5, 0.0))
    return (ordered.pick(low) + ordered.pick(high)) * 0.5


@dataclass(frozen=True)
class _Patches:
    """A window in the units of its patches: `nn.pretrained.features.Described`, and where it is forecast from."""

    inputs: Term  # on the axis of the patches
    unit: Term  # [P]
    last: Term
    mean: Term
    end: Term  # the index of the last known value
    start: Term  # of the first
    filled: Term  # [L]
    sums: Term  # [L + 1]


class _Form:
    """One window, to be forecast in its values and in logarithms."""

    def __init__(
        self, b: Builder, network: Pretrained, season: int | None, horizon: int, name: str, seen: Term
    ) -> None:
        shape = network.shape
        self.b, self.network, self.shape, self.season, self.horizon = b, network, shape, season, horizon
        self.rounds = -(-horizon // shape.horizon)
        self.length = shape.context + (self.rounds - 1) * shape.horizon
        self.name, self.patches = name, self.length // shape.patch
        self.axis = b.axis(f"{name}patches", self.patches)
        self.ahead = b.axis(f"{name}every", self.rounds * shape.horizon)
        context, patch = shape.context, shape.patch
        left = (seen * self.fixed(context - np.arange(context), double=True)).largest()  # from the first known value on
        self.count = (-(-(left / patch)).apply("floor")).at_least(1.0)  # patches of the row
        self.shift = float(context) - self.count * float(patch)

    def fixed(self, values: object, *, double: bool = False) -> Term:
        return Term(self.b, self.b.fixed(values, double=double))

    def aligned(self, x: Term) -> Term:
        """x from the first patch of its row on, zeros behind its end."""
        place = self.fixed(np.arange(self.shape.context), double=True) + self.shift
        return x.pick(place) * (place < float(self.shape.context))

    def forecast(self, u: Term, known: Term, name: str) -> Term:
        """u [W] and what of it is known, in float64 -> quantiles [H * Q]."""
        size = (u * known).apply("abs").largest()
        size = size.where(size > 0.0, 1.0)
        x, count = u / size, known.sum().clip(1.0, _HUGE)
        mean = (x * known).sum() / count
        away = (x - mean) * known
        scale = ((away * away).sum() / count).apply("sqrt")
        scale = scale.where(scale > mean.apply("abs") * 1e-9 + 1e-30, 1.0)
        scaled = (away / scale).clip(-CUT, CUT).cast(double=False)
        zero = (-mean / scale).clip(-1e6, 1e6).cast(double=False)
        lags, scores = lags_of(scaled.cast(double=True), known, self.count * float(self.shape.patch), self.season)
        lags, scores = ([each.cast(double=False) for each in every] for every in (lags, scores))
        more = self.length - self.shape.context
        of = self._described(scaled.followed(more), known.cast(double=False).followed(more), zero, lags, scores)
        unit, plain = self._plain(of, lags)
        quantiles = self._decoded(self._states(of, name), plain).cast(double=True)
        quantiles = quantiles * unit.cast(double=True).on(self.ahead)
        found = quantiles.on("", quantiles.v.width * self.rounds * self.shape.horizon)[: self.horizon * _WIDE]
        return ((found + of.last.cast(double=True)) * scale + mean) * size

    def _ends(self, x: Term) -> Term:
        """[L] -> [P], the last number of each patch."""
        patch = self.shape.patch
        return x.on(self.axis, patch)[patch - 1].on("", self.patches)

    def _described(self, value: Term, known: Term, zero: Term, lags: list[Term], scores: list[Term]) -> _Patches:
        index, patch, patches = self.fixed(np.arange(self.length)), self.shape.patch, self.patches
        latest = Term(self.b, self.b.running(index.where(known, -1.0).v, "max"))
        start = float(self.length) - (known * (float(self.length) - index)).largest()
        forward = value.pick(latest)
        filled = self._filled(value, known, forward, lags[0], index)
        sums, counts = value.running_sum(), known.running_sum()
        n = counts.clip(1.0, 1e30)
        mean, second = self._ends(sums / n), self._ends((value * value).running_sum() / n)
        last, count, end = self._ends(forward), self._ends(counts), self._ends(latest)
        spread = (second - mean * mean).clip(0.0, 1e30).apply("sqrt") + TINY
        there = [index - lag for lag in lags]
        lagged = [filled.pick(each) for each in there]
        had = [(lag > 0.0) & (each >= start) for lag, each in zip(lags, there, strict=True)]
        before = forward.later(1), (latest + 1.0).later(1) > 0.0  # place -1 counts as 0
        change, lately = self._changes(value, known, [before, *zip(lagged, had, strict=True)])
        past = least(change).at_least(spread * 0.02)
        unit = (past * least(lately).at_least(past * 0.25).at_most(past * 4.0)).apply("sqrt")

        def cut(x: Term) -> Term:
            return x.on(self.axis, patch)

        def each(x: Term) -> Term:
            return x.on(self.axis)

        here, values = cut(known), cut(value)
        coarse, fine = (values - each(mean)) / each(spread), (values - each(last)) / each(unit)
        seasonal = [(values - cut(lagged[k])) / each(unit) * cut(had[k]) for k in (0, 1)]
        channels = [x.apply("asinh") * here for x in (coarse, fine, *seasonal)]
        earlier = count.later(1) > 0.0
        earlier_mean, earlier_spread = (x.later(1).where(earlier, x) for x in (mean, spread))
        ends = self.fixed(np.arange(patch - 1, self.length, patch))
        least_change = least(change) + TINY
        scalars = [
            (unit / spread).apply("log"),
            ((mean - earlier_mean) / spread).apply("asinh"),
            (earlier_spread / spread).apply("log").clip(-5.0, 5.0),
            ((last - mean) / spread).apply("asinh"),
            ((last - zero) / spread).apply("asinh"),
            *(((change[0] + TINY) / (change[k] + TINY)).apply("log") for k in (1, 2)),
            ((least(lately) + TINY) / least_change).apply("log"),
            *(score.wide(patches) for score in scores),
            *(((lag + 1.0).apply("log") / 5.0).wide(patches) for lag in lags),
            (count + 1.0).apply("log") / 5.0,
            (ends - end + 1.0).apply("log") / 3.0,
            (count - count.later(1)) / float(patch),
        ]
        some = count > 0.0
        scalars = [each(x.clip(-8.0, 8.0) * some) for x in scalars]
        at = self._here()
        last, mean, end = (x.pick(at) for x in (last, mean, end))
        sums = joined([self.fixed([0.0]), filled.running_sum()])
        return _Patches(joined([*channels, here, *scalars]), unit, last, mean, end, start, filled, sums)

    def _here(self) -> Term:
        """The last patch of a row."""
        return (self.count - 1.0).cast(double=False)

    def _filled(self, value: Term, known: Term, forward: Term, lag: Term, index: Term) -> Term:
        """Missing values from the same place in an earlier season, else the last known one."""
        filled = forward
        for season in (3, 2, 1):
            there = index - lag * float(season)
            good = (lag > 0.0) & (there >= 0.0) & known.pick(there)
            filled = value.pick(there).where(good, filled)
        return value.where(known, filled)

    def _changes(self, value: Term, known: Term, earlier: list[tuple[Term, Term]]) -> tuple[list[Term], list[Term]]:
        """Mean absolute changes [P] up to each patch, in all of the past and lately."""
        back = max(RECENT // self.shape.patch, 1)
        pairs = []
        for other, has in earlier:
            hit = has & known
            moves = (value - other).apply("abs") * hit
            pairs.append((self._ends(moves.running_sum()), self._ends(hit.running_sum())))
        first = pairs[0][0] / pairs[0][1].clip(1.0, 1e30)
        change, lately = [], []
        for total, hits in pairs:
            change.append((total / hits.clip(1.0, 1e30)).where(hits > 0.0, first))
            moved, count = total - total.later(back), hits - hits.later(back)
            lately.append((moved / count.clip(1.0, 1e30)).where(count > 4.0, change[-1]))
        return change, lately

    def _states(self, of: _Patches, name: str) -> Term:
        """The states [R * D] from which each round is forecast."""
        b, network, width = self.b, self.network, self.shape.width
        e = of.inputs.linear(network.embed.weight, network.embed.bias).silu()
        e = e.linear(network.embed_back.weight, network.embed_back.bias)
        for k, block in enumerate(network.blocks):
            assert isinstance(block, Block)
            inner = _normed(e, block.before_recurrence)
            y, _ = add_layer(b, inner.v, block.recurrence, False, 0, f"{self.name}{name}block{k}_")
            e = e + Term(b, y)
            both = _normed(e, block.before_gated).linear(block.gated.weight)
            half = both.v.width // 2
            e = e + (both[:half].silu() * both[half:]).linear(block.back.weight)
        every = _normed(e, network.norm).on("", self.patches * width)
        step = self.shape.horizon // self.shape.patch
        places = np.arange(self.rounds)[:, None] * step * width + np.arange(width)
        return every.pick(self._here() * float(width) + self.fixed(places))

    def _plain(self, of: _Patches, lags: list[Term]) -> tuple[Term, Term]:
        """The unit [A] of each step ahead, and on their axis the plain forecasts relative to the last value in it."""
        count = self.rounds * self.shape.horizon
        gap = (self._here() + 1.0) * float(self.shape.patch) - 1.0 - of.end
        steps = self.fixed(np.arange(1.0, count + 1)) + gap
        flat = of.last.wide(count)
        seasons = [self._seasonal(of, lag, steps, flat, SEASONS if k == 0 else 2) for k, lag in enumerate(lags)]
        (first, mean, moved, growth), (second, _unused, moved_too, _growth) = seasons
        recent = self._mean_of(of.sums, of.end, (of.end - of.start + 1.0).clip(1.0, RECENT // 4))
        slopes = []
        for back in SLOPES:
            begin = (of.end - float(back)).at_least(of.start).at_most(of.end).clip(0.0, 1e30)
            slope = (of.last - of.filled.pick(begin)) / (of.end - begin).clip(1.0, 1e30)
            slopes.append(flat + slope * steps)
        parts = [flat, first, mean, second, moved, moved_too, of.mean.wide(count), recent.wide(count), *slopes,
                 moved + growth]  # fmt: skip
        assert len(parts) == PLAIN
        number = np.arange(count) // self.shape.horizon * (self.shape.horizon // self.shape.patch)
        unit = of.unit.pick(self._here() + self.fixed(number))
        relative = [((part - of.last) / unit).clip(-1e4, 1e4) for part in parts]
        return unit, joined([each.on(self.ahead) for each in relative])

    def _seasonal(
        self, of: _Patches, given: Term, steps: Term, flat: Term, seasons: int
    ) -> tuple[Term, Term, Term, Term]:
        """The season before, the mean of the last ones, the same at the present level, and their growth."""
        has, lag = given > 0.0, given.clip(1.0, 1e30)
        turned = steps - 1.0
        first = of.end - lag + 1.0 + (turned - lag * (turned / lag).apply("floor"))
        now = self._mean_of(of.sums, of.end, lag)
        nothing = flat * 0.0
        values, moved, seen, growth, one = nothing, nothing, nothing[:1], nothing, flat
        for season in range(seasons):
            past = lag * float(season)
            good = has & (of.end - lag * float(season + 1) + 1.0 >= of.start)
            value = of.filled.pick(first - past)
            level = self._mean_of(of.sums, of.end - past, lag)
            if season == 0:
                one = value.where(good, flat)
            values, seen = values + value * good, seen + good
            moved = moved + (value - level + now) * good
            if season == 1:
                growth = ((steps + lag - 1.0) / lag).apply("floor") * ((now - level) * good)
        some, count = seen > 0.0, seen.clip(1.0, 1e30)
        return one, (values / count).where(some, flat), (moved / count).where(some, flat), growth

    def _mean_of(self, sums: Term, end: Term, width: Term) -> Term:
        """The mean of the `width` values that end at `end`."""
        stop = (end + 1.0).clip(1.0, 1e30)
        begin = (stop - width).clip(0.0, 1e30)
        return (sums.pick(stop) - sums.pick(begin)) / (stop - begin).clip(1.0, 1e30)

    def _decoded(self, states: Term, plain: Term) -> Term:
        """Quantiles on the axis of the steps ahead, relative to the last value, in their units."""
        network, horizon, step = self.network, self.shape.horizon, self.shape.step_width
        width = self.shape.width
        each = [states[k * width : (k + 1) * width] for k in range(self.rounds)]
        each = [part.linear(network.steps.weight, network.steps.bias) for part in each]
        where = self.fixed(np.tile(np.linspace(-1, 1, horizon), self.rounds)).on(self.ahead)
        features = joined([plain.apply("asinh"), where]).linear(network.plain.weight, network.plain.bias)
        f = (joined(each).on(self.ahead, step) + features).silu()
        f = f + f.linear(network.mix.weight, network.mix.bias).silu()
        raw = f.linear(network.out.weight, network.out.bias)
        weights, scale, rest = raw[:PLAIN], raw[PLAIN], raw[PLAIN + 1 :]
        shares = Term(self.b, self.b.softmax(weights.v))
        centre = (shares * plain).sum() + rest[MEDIAN]
        root = (rest * rest + 4.0).apply("sqrt")
        steps = (rest + root) * 0.5 * scale.clip(-6.0, 6.0).apply("exp")
        below = np.triu(np.ones((MEDIAN, MEDIAN)))
        above = np.tril(np.ones((_WIDE - MEDIAN - 1, _WIDE - MEDIAN - 1)))
        return joined([
            centre - steps[:MEDIAN].linear(below, exact=True), centre,
            centre + steps[MEDIAN + 1 :].linear(above, exact=True),
        ])  # fmt: skip


def _normed(x: Term, norm: nn.RMSNorm) -> Term:
    """x / sqrt(mean of squares + epsilon) * gain."""
    square = (x * x).sum() / float(x.v.width)
    return Term(x.b, x.b.scale((x / (square + _EPSILON).apply("sqrt")).v, norm.weight))
