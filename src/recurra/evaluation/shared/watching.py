"""Does what was promised still hold? A test that may be looked at after every window, for ever.

Each window of later data gives a loss X in 0..1 (a scaled error, the share of truths outside an interval). The promise
is that, whatever came before, its expectation is at most m. Wealth is bet against it:

    f_t = 1 + l (X_t - m)                        l = c / m for each share c of a grid
    E_t = mean over l of sum_j w_j f_j ... f_t   w_j = 1 / (j (j + 1)), the bet begins with window j

If the promise holds, no bet gains on average, and E passes 1 / a at any time with a probability of at most a (Ville).
Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting"; bets that begin at every
window are those of Shin, Ramdas and Rinaldo (2023), "E-detectors", with weights that sum to 1.

m is not known: it is estimated from the windows of the test part, and stands at the upper end of a confidence interval
for their mean, or a tolerance above it. Half of the false alarms that are allowed are spent there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from recurra.checking import require, require_floats

Floats = npt.NDArray[np.floating]

SHARES = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
WORSE = 0.1  # a mean loss that is higher by less is not worth a new training
WIDEST = 4.0  # mean losses: a loss of a window beyond counts as this
MOST_SCORES = 2000


@dataclass(frozen=True, eq=False)
class Promise:
    """What was measured of a model before it was used.

    error    [n] mean losses of windows that do not share their truths (or of single examples)
    missed   [n] the share of truths outside the interval of `level` per cent, or nothing
    scores   [m] sorted: how far truths lay from the forecast, in standard deviations of what was forecast, or nothing
    metric   what `error` is called
    """

    error: Floats
    missed: Floats = field(default_factory=lambda: np.zeros(0))
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    metric: str = "error"
    level: float = 80.0

    def check(self) -> None:
        """Refuse losses that no measurement gives."""
        require_floats("error", self.error, (self.error.size,))
        require_floats("missed", self.missed, (self.missed.size,))
        require_floats("scores", self.scores, (self.scores.size,))
        fits = bool((self.error >= 0).all() and (self.missed >= 0).all() and (self.missed <= 1).all())
        require(self.error.size > 0 and fits and 0 < self.level < 100, "a promise of losses that there are not")
        require(self.missed.size in (0, self.error.size), "a promise of windows of two kinds")

    @property
    def unit(self) -> float:
        """The largest loss that counts in full; losses of windows are taken in it."""
        mean = float(self.error.mean())
        return WIDEST * mean if mean > 0 else 1.0

    @property
    def covered(self) -> float:
        """The share of truths inside the interval; NaN where none were looked at."""
        return 1.0 - float(self.missed.mean()) if self.missed.size else float("nan")


def upper_bound(losses: Floats, alpha: float, least: float) -> float:
    """The largest mean that losses [n] in 0..1 leave possible with a confidence of 1 - alpha, or `least` if more.

    By Student's t, for neighbours that are alike with fewer degrees of freedom; 1 for a single window.
    """
    n = len(losses)
    if n < 2:
        return 1.0
    mean, sd = float(losses.mean()), float(losses.std(ddof=1))
    alike = float(np.corrcoef(losses[:-1], losses[1:])[0, 1]) if n >= 8 and sd > 0 else 0.0
    alike = float(np.clip(np.nan_to_num(alike), 0.0, 0.6))
    worth = max(2.0, n * (1.0 - alike) / (1.0 + alike))
    sd = max(sd, 0.5 / n)  # windows that happen to be alike do not say that all are
    return float(min(1.0, max(least, mean + stdtrit(worth - 1.0, 1.0 - alpha) * sd / np.sqrt(worth))))


class Bets:
    """Wealth bet against n promises, each that the mean of losses in 0..1 is at most `bound` [n]; E in `value` [n].

    `state` holds its arrays, changed in place: what is needed to go on is 3 numbers for each of `SHARES`.
    """

    def __init__(self, bound: Floats) -> None:
        bound = np.asarray(bound, dtype=np.float64)
        shape = (len(bound), len(SHARES))
        self.stake = SHARES / np.maximum(bound, 1e-6)[:, None]
        self.bound = bound
        self.state = {
            "wealth": np.zeros(shape),
            "run": np.zeros(shape),  # logarithm of the best bet so far, and the window with which it began
            "begin": np.zeros(shape, dtype=np.int64),
            "count": np.zeros(len(bound), dtype=np.int64),
            "highest": np.zeros(len(bound)),
        }

    @property
    def value(self) -> Floats:
        """E [n]: 1 at the beginning."""
        return self.state["wealth"].mean(axis=1) + 1.0 / (self.state["count"] + 1.0)

    def add(self, losses: Floats) -> Floats:
        """The next window, NaN where there is none of a promise; E after it [n]."""
        state, there = self.state, np.isfinite(losses)
        loss = np.clip(np.where(there, losses, 0.0), 0.0, 1.0)
        factor = np.where(there[:, None], 1.0 + self.stake * (loss - self.bound)[:, None], 1.0)
        state["count"] += there
        count = np.maximum(state["count"], 1)
        start = np.where(there, 1.0 / (count * (count + 1.0)), 0.0)
        state["wealth"][...] = np.minimum((state["wealth"] + start[:, None]) * factor, 1e300)
        fresh = (state["run"] <= 0) & there[:, None]
        state["begin"][...] = np.where(fresh, state["count"][:, None], state["begin"])
        state["run"][...] = np.where(fresh, 0.0, state["run"]) + np.log(np.maximum(factor, 1e-300))
        state["highest"][...] = np.maximum(state["highest"], self.value)
        return self.value

    def begins(self) -> npt.NDArray[np.int64]:
        """With which of the windows [n], from 1, the bet began that has gained most."""
        return np.take_along_axis(self.state["begin"], self.state["run"].argmax(axis=1)[:, None], axis=1)[:, 0]


@dataclass(frozen=True, eq=False)
class Watching:
    """What later windows say of a promise.

    status    "holds", "broken" or "few": too few windows to say, whatever they had held
    evidence  [T] E after each window;  needed  the E at which the promise is given up
    since     the number of the window, from 0, with which it ceased to hold, or None
    alarm     the number of the window at which that was seen, or None
    """

    status: str
    evidence: Floats
    needed: float
    since: int | None
    alarm: int | None


def watch(promise: Promise, error: Floats, missed: Floats | None = None, *, alpha: float = 0.05) -> Watching:
    """Bet against a promise with the windows `error` [T] and `missed` [T], in their order (NaN: none).

    With a probability of at least 1 - alpha, a promise that holds is never called broken.

    >>> rng = np.random.default_rng(0)
    >>> promise = Promise(rng.uniform(0.5, 1.5, 30))
    >>> watch(promise, rng.uniform(0.5, 1.5, 100)).status, watch(promise, rng.uniform(1.5, 2.5, 40)).status
    ('holds', 'broken')
    """
    test = RunningTest(promise, alpha)
    missed = np.full(len(error), np.nan) if missed is None else missed
    evidence = np.array([test.add(*each) for each in zip(error, missed, strict=True)])
    return Watching(test.status, evidence, test.needed, test.since, test.alarm)


class RunningTest:
    """The test of `watch`, one window at a time: constant in time and memory.

    needed  the evidence at which the promise is given up
    since   the number of the window, from 0, with which it ceased to hold, or None
    alarm   the number of the window at which that was seen, or None
    """

    def __init__(self, promise: Promise, alpha: float) -> None:
        self._unit, self._bets = promise.unit, bets_of(promise, alpha)
        self.needed = 2.0 / alpha
        self.evidence = 1.0
        self.since: int | None = None
        self.alarm: int | None = None
        self._least: float | None = None
        # how many windows came; how many errors were known; of each bet the number of the window it began with
        self.state = {
            "windows": np.zeros(1, dtype=np.int64),
            "seen": np.zeros(1, dtype=np.int64),
            "found": np.full(2, -1, dtype=np.int64),
            "begun": np.zeros((len(self._bets.bound), len(SHARES)), dtype=np.int64),
        }
        self.state |= {f"bets.{name}": array for name, array in self._bets.state.items()}

    def add(self, error: float, missed: float = float("nan")) -> float:
        """The next window, NaN where something is not known; the evidence after it."""
        state, bets = self.state, self._bets
        k = int(state["windows"][0])
        before = bets.state["begin"].copy()
        self.evidence = float(bets.add(np.array([error / self._unit, missed])[: len(bets.bound)]).mean())
        state["begun"][bets.state["begin"] != before] = k
        state["windows"] += 1
        state["seen"] += bool(np.isfinite(error))
        if self.alarm is None and self.evidence >= self.needed:
            strongest = int(bets.value.argmax())
            state["found"][:] = k, state["begun"][strongest, bets.state["run"][strongest].argmax()]
            self.alarm, self.since = map(int, state["found"])
        return self.evidence

    @property
    def status(self) -> str:
        """ "holds", "broken" or "few"."""
        if self.alarm is not None:
            return "broken"
        if self._least is None:
            self._least = _least_windows(self._bets, self.needed)
        return "holds" if self.state["seen"][0] >= self._least else "few"

    def restored(self) -> None:
        """To be called after `state` was written to."""
        self.evidence = float(self._bets.value.mean()) if self.state["windows"][0] else 1.0
        alarm, since = map(int, self.state["found"])
        self.alarm, self.since = (None, None) if alarm < 0 else (alarm, since)


def bets_of(promise: Promise, alpha: float) -> Bets:
    """The bets against a promise: against its errors and, where there are some, against its intervals."""
    parts = 2 if promise.missed.size else 1
    losses = np.minimum(promise.error / promise.unit, 1.0)
    bounds = [upper_bound(losses, alpha / 2 / parts, (1.0 + WORSE) * float(losses.mean()))]
    if parts == 2:
        nominal = 1.0 - promise.level / 100.0
        least = max(nominal, float(promise.missed.mean())) * (1.0 + WORSE)
        bounds.append(upper_bound(promise.missed, alpha / 2 / parts, least))
    return Bets(np.array(bounds))


def could_tell(promise: Promise, windows: int, alpha: float) -> bool:
    """Whether so many windows could ever say that a promise is broken."""
    return windows >= _least_windows(bets_of(promise, alpha), 2.0 / alpha)


def _least_windows(bets: Bets, needed: float) -> float:
    """How many windows, as bad as can be, would tell."""
    worst = Bets(bets.bound)
    count = (k for k in range(1, 501) if worst.add(np.ones(len(bets.bound))).mean() >= needed)
    return next(count, float("inf"))
