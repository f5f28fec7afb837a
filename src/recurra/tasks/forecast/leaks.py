"""What would tell a forecaster the future: a known column that is the target in disguise, a series that runs ahead.

A column that is known in advance must not hold the target of the rows that are forecast. It is tried against the target
itself, moved by every lag of which the truth is not known at the origin, and against its means over windows that reach
so far; what explains all but a thousandth of a column (of its changes too) is named. Series are compared by runs of
values: one whose values come again in another, later, is that other one's future; where steps are numbered and have no
times, nothing is later than anything else in another series, and it is only told. So is a series that is the sum of all
others. All of this looks at the series of the file, before sums of groups are added to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Panel
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.formatting import count
from recurra.language import _
from recurra.options import option
from recurra.report.units import step_noun

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Hashes = npt.NDArray[np.uint64]

EXPLAINED = 0.999  # of the variance of a column, and of its changes
_LEAST, _MOST = 40, 5000  # rows that are looked at
_TOLD, _ROUNDED = 8, 1e-5  # steps that show a series to be the sum of the others; of the largest sum
_RUN, _ANCHORS = 16, 6  # values in a row that are alike by chance never; where each series is sought in the others
_OFTEN = 50  # a run that comes more often tells nothing


@dataclass(frozen=True)
class Leak:
    """A column or a series, and the evidence in a sentence; `serious` where it tells the future (else: a repeat)."""

    name: str
    evidence: str
    serious: bool = True
    series: bool = False


def find_leaks(panel: Panel, horizon: int) -> list[Leak]:
    """The known columns and series of `panel` that tell what is to be forecast."""
    return [*_known_columns(panel, horizon), *_series(panel), *_totals(panel)]


def allowed_leaks(given: Sequence[str] | str | None) -> set[str]:
    """The names that `allow_leak` gives."""
    return {given} if isinstance(given, str) else set(given or ())


def refuse_leaks(panel: Panel, horizon: int, allowed: Collection[str]) -> list[Fact]:
    """Facts of leaks that are allowed and of series that repeat one another; raises InputError for the others."""
    found = find_leaks(panel, horizon)
    refused = [leak for leak in found if leak.serious and leak.name not in allowed]
    if refused:
        leak = refused[0]
        more = _(" (and {n} more)", n=len(refused) - 1) if len(refused) > 1 else ""
        way = option("allow_leak", leak.name)
        if leak.series:
            raise InputError(
                _(
                    "{evidence}{more}: what is measured on the one was learnt from the other. Leave one of the two "
                    "out of the file, or keep both with {option}",
                    evidence=leak.evidence,
                    more=more,
                    option=way,
                )
            )
        raise InputError(
            _(
                "{evidence}{more}: a forecast made with it is worthless where the future is not "
                "known. Ignore it with {ignore}, declare it with {past}, or keep it with {option}",
                evidence=leak.evidence,
                more=more,
                ignore=option("ignore", leak.name),
                past=option("past", leak.name),
                option=way,
            )
        )
    return [Fact("check", leak.evidence, option("allow_leak", leak.name) if leak.serious else "") for leak in found]


def _known_columns(panel: Panel, horizon: int) -> Iterator[Leak]:
    names = panel.schema.known
    if not names:
        return
    s = int(np.argmax(panel.lengths))
    y = np.asarray(panel.values(s), dtype=np.float64)[-_MOST:]
    n, first = len(y), int(panel.known_offsets[s]) + int(panel.lengths[s]) - len(y)
    if n < _LEAST or np.nanstd(y) == 0:
        return
    noun = step_noun(panel.grid.freq)
    for j, name in enumerate(names):
        x = np.asarray(panel.known[first : first + n, j], dtype=np.float64)
        if np.isfinite(x).sum() < _LEAST or np.nanstd(x) == 0 or len(np.unique(x[np.isfinite(x)])) < 8:
            continue
        for told, guess in _disguises(y, horizon, noun):
            share = _explained(x, guess)
            if share >= EXPLAINED:
                evidence = _(
                    "{name} is known in advance, and is {what} (R2 {share})",
                    name=name,
                    what=told,
                    share=f"{min(share, 0.9999):.4f}",
                )
                yield Leak(name, evidence)
                break


def _disguises(y: Floats, horizon: int, noun: str) -> Iterator[tuple[str, Floats]]:
    """The target by lags at which it is not known when a forecast is made, and its means over windows and blocks."""
    n = len(y)
    for lag in sorted(range(-horizon, horizon), key=abs):
        moved = np.full(n, np.nan)
        moved[max(lag, 0) : n + min(lag, 0)] = y[max(-lag, 0) : n - max(lag, 0)]
        told = (
            _("the target itself")
            if lag == 0
            else _("the target {steps} later", steps=count(-lag, noun))
            if lag < 0
            else _("the target {steps} before", steps=count(lag, noun))
        )
        yield told, moved
    sums = np.concatenate([[0.0], np.cumsum(np.where(np.isnan(y), np.nanmean(y), y))])
    for width in sorted({2, 3, 7, 12, 24, horizon} - {1}):
        if width * 4 > n:
            continue
        rows = np.arange(n)
        for end in (1, (width + 1) // 2, width):  # up to the row, around it, from it on
            low, high = rows + end - width, rows + end
            mean = np.where((low >= 0) & (high <= n), 0.0, np.nan)
            mean += (sums[np.clip(high, 0, n)] - sums[np.clip(low, 0, n)]) / width
            yield _("a mean of the target over {steps} around it", steps=count(width, noun)), mean
        for phase in range(width):
            block = (rows + phase) // width
            sizes = np.bincount(block)
            means = np.where(sizes == width, np.bincount(block, np.diff(sums)) / width, np.nan)
            yield _("the target's total or mean of each {steps}", steps=count(width, noun)), means[block]


def _explained(x: Floats, guess: Floats) -> float:
    """The share of x [n] that is a straight line of `guess` [n], of the values and of their changes: the lower one."""
    worst = 1.0
    for a, b in ((x, guess), (np.diff(x), np.diff(guess))):
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() < _LEAST or np.std(a[both]) == 0 or np.std(b[both]) == 0:
            return 0.0
        worst = min(worst, float(np.corrcoef(a[both], b[both])[0, 1]) ** 2)
        if worst < EXPLAINED:
            return worst
    return worst


def _series(panel: Panel) -> Iterator[Leak]:
    """Series whose values are those of another one, at the same times or at others."""
    if len(panel) < 2:
        return
    anchors = [_anchors(*_runs(panel.values(s)), int(panel.start[s])) for s in range(len(panel))]
    sought, owner, place, first = _occurrences(panel, np.concatenate([hashes for hashes, _places in anchors]))
    said: set[tuple[int, int]] = set()
    for s, (hashes, places) in enumerate(anchors):
        met: dict[tuple[int, int], int] = {}
        for number, here in zip(np.searchsorted(sought, hashes).tolist(), places.tolist(), strict=True):
            low, high = first[number], first[number + 1]
            if high - low > _OFTEN:
                continue
            for other, at in zip(owner[low:high].tolist(), place[low:high].tolist(), strict=True):
                if other != s:
                    met[(other, at - here)] = met.get((other, at - here), 0) + 1
        for (other, late), times in met.items():
            pair = (min(s, other), max(s, other))
            if times < max(2, len(hashes) // 2) or pair in said:
                continue
            said.add(pair)
            names = (panel.series[s], panel.series[other])
            if late == 0:
                yield Leak(
                    names[1],
                    _("series {b!r} has the values of {a!r}", a=names[0], b=names[1]),
                    serious=False,
                    series=True,
                )
                continue
            early, later = names if late > 0 else names[::-1]
            steps = count(abs(late), step_noun(panel.grid.freq))
            if panel.grid.freq is None:
                told = _(
                    "series {later!r} has the values of {early!r}, {steps} on", later=later, early=early, steps=steps
                )
                yield Leak(early, told, serious=False, series=True)
                continue
            evidence = _(
                "series {later!r} has the values of {early!r} {steps} later, which tell its future",
                later=later,
                early=early,
                steps=steps,
            )
            yield Leak(early, evidence, series=True)


def _totals(panel: Panel) -> Iterator[Leak]:
    """A series that is the sum of all the others, wherever every one of them has a value."""
    first, end = int(panel.start.max()), int((panel.start + panel.lengths).min())
    if len(panel) < 3 or end - first < _TOLD:
        return
    total, known = np.zeros(end - first), np.ones(end - first, dtype=bool)
    for s in range(len(panel)):
        y = _between(panel, s, first, end)
        known &= np.isfinite(y)
        total += np.where(np.isfinite(y), y, 0.0)
    if known.sum() < _TOLD or np.ptp(total[known]) == 0:
        return
    near = _ROUNDED * np.abs(total[known]).max()
    for s in range(len(panel)):
        if np.all(np.abs(total - 2 * _between(panel, s, first, end))[known] <= near):
            told = _(
                "series {name!r} is the sum of the others: in errors over all series they count twice",
                name=panel.series[s],
            )
            yield Leak(panel.series[s], told, serious=False, series=True)


def _between(panel: Panel, s: int, first: int, end: int) -> Floats:
    start = int(panel.start[s])
    return np.asarray(panel.values(s)[first - start : end - start], dtype=np.float64)


def _anchors(hashes: Hashes, begin: Ints, start: int) -> tuple[Hashes, Ints]:
    """Some runs of a series that begins at `start`, evenly spaced: their hashes, and where they begin on the grid."""
    if not len(hashes):
        return hashes, begin
    chosen = np.unique(np.linspace(0, len(hashes) - 1, _ANCHORS).astype(np.int64))
    return hashes[chosen], begin[chosen] + start


def _occurrences(panel: Panel, hashes: Hashes) -> tuple[Hashes, Ints, Ints, Ints]:
    """The different ones of `hashes` [A], and the series and places of all runs that have them, one hash after another.

    The last is where each of them begins there [A + 1]. Runs are made once more, so that those of one series are in
    memory at a time.
    """
    sought = np.unique(hashes)
    numbers, owners, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for s in range(len(panel) if len(sought) else 0):
        found, begin = _runs(panel.values(s))
        near = np.minimum(np.searchsorted(sought, found), len(sought) - 1)
        same = np.flatnonzero(sought[near] == found)
        numbers.append(near[same])
        owners.append(np.full(len(same), s))
        places.append(begin[same] + panel.start[s])
    number, owner, place = map(np.concatenate, (numbers, owners, places))
    order = np.argsort(number, kind="stable")
    first = np.searchsorted(number[order], np.arange(len(sought) + 1))
    return sought, owner[order], place[order], first


def _runs(values: Floats) -> tuple[Hashes, Ints]:
    """A hash of every run of values without a gap and with enough different ones, and where it begins."""
    y = np.asarray(values, dtype=np.float64)
    n = len(y) - _RUN + 1
    if n < 1:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    bits = np.round(y, 9).astype(np.float32).view(np.uint32).astype(np.uint64)
    changed = np.concatenate([[0], np.cumsum(np.diff(y) != 0)])
    known = np.concatenate([[0], np.cumsum(np.isfinite(y))])
    found = np.zeros(n, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for k in range(_RUN):
            found = found * np.uint64(0x9E3779B97F4A7C15) + (bits[k : k + n] + np.uint64(1)) * np.uint64(
                0xBF58476D1CE4E5B9
            )
            found ^= found >> np.uint64(29)
    lively = changed[_RUN - 1 : _RUN - 1 + n] - changed[:n] >= _RUN // 2
    use = lively & (known[_RUN : _RUN + n] - known[:n] == _RUN)
    return found[use], np.flatnonzero(use)
