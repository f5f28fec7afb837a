"""What later data say of a fitted model, whatever its task: whether its promise still holds, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.evaluation.shared.watching import Promise, Watching, watch
from recurra.formatting import count, percent, significant
from recurra.language import _
from recurra.options import option

Floats = npt.NDArray[np.floating]

_PERIODS = 8
_OBVIOUS = 3.0  # times the largest error of the backtest, from which on a break is seen before the test can tell
_MOST = 1e6  # of the evidence that is told


@dataclass(frozen=True, eq=False)
class Watched:
    """A model on later data: whether it still holds, error and coverage over time, and what was anomalous.

    status     "holds", "broken" or "few"
    sentence   what that means
    since      when it ceased to hold, or None
    windows    a row per window: `time`, `error`, `covered` (NaN: none), `evidence`
    table      the same in a few periods, as it is printed
    rows       a row for each value that was compared
    anomalies  those of `rows` that are anomalous, the farthest first, or None where none were looked for
    content    of the page, called with title and arguments
    """

    facts: list[Any]
    status: str
    sentence: str
    since: Any
    windows: pd.DataFrame
    table: pd.DataFrame
    rows: pd.DataFrame
    anomalies: pd.DataFrame | None
    notes: Sequence[str]
    content: Callable[..., Any]

    @property
    def holds(self) -> bool:
        """Whether it may be used further, for all that is known."""
        return self.status != "broken"


def watched_windows(
    promise: Promise | None, windows: pd.DataFrame, *, alpha: float, noun: str
) -> tuple[Watching, str, Any, pd.DataFrame]:
    """The test on `windows` (time, error, covered): what it says, the sentence, since when, and the windows with E.

    `noun` names a window. Raises InputError where nothing was promised.
    """
    promise = checked_promise(promise, alpha)
    covered = windows["covered"].to_numpy(dtype=np.float64)
    missed = 1.0 - covered if promise.missed.size else None
    found = watch(promise, windows["error"].to_numpy(dtype=np.float64), missed, alpha=alpha)
    since = None if found.since is None else windows["time"].iloc[found.since]
    part = windows if found.since is None else windows.iloc[found.since :]
    sentence = sentence_of(promise, found.status, part, since, noun)
    return found, sentence, since, windows.assign(evidence=found.evidence)


def checked_promise(promise: Promise | None, alpha: float) -> Promise:
    """The promise; raises InputError where there is none, or `alpha` is no share."""
    if not 0 < alpha < 1:
        raise InputError(_("alpha is {alpha!r}: expected a share of false alarms between 0 and 1", alpha=alpha))
    if promise is None:
        raise InputError(
            _(
                "the model promises nothing: it was fitted without being evaluated, or by an earlier version; train it "
                "with study(), or on the command line"
            )
        )
    return promise


def sentence_of(promise: Promise, status: str, part: pd.DataFrame, since: Any, noun: str) -> str:
    """What a status means; `part` are the windows (or, where the promise is broken, those `since` then)."""
    figures = _(
        "{metric} {error} ({promised} promised)",
        metric=promise.metric,
        error=significant(float(part["error"].mean())),
        promised=significant(float(promise.error.mean())),
    )
    if promise.missed.size:
        figures += _(
            ", {covered} of the truth in the {level} % intervals ({promised} promised)",
            covered=percent(float(part["covered"].mean())),
            level=f"{promise.level:g}",
            promised=percent(promise.covered),
        )
    seen = count(int(part["error"].notna().sum()), noun)
    if status == "broken":
        return _(
            "No longer holds since {since}: {figures}, {windows}. Retrain.",
            since=_time(since),
            figures=figures,
            windows=seen,
        )
    if status == "few" and (times := float(part["error"].mean()) / max(float(promise.error.max()), 1e-300)) > _OBVIOUS:
        return _(
            "Too few rows for the test, but it looks broken: the error is {times} times the largest of the backtest; "
            "{figures}, {windows}.",
            times=significant(times, 2),
            figures=figures,
            windows=seen,
        )
    if status == "few":
        return _("Too few rows to tell: {figures}, {windows}.", figures=figures, windows=seen)
    return _("Still holds: {figures}, {windows}.", figures=figures, windows=seen)


def _time(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d" if value == value.normalize() else "%Y-%m-%d %H:%M")
    return str(value)


def in_periods(promise: Promise, windows: pd.DataFrame, noun: str = "windows") -> pd.DataFrame:
    """At most eight periods of the windows (or examples), and a first row that says what was promised; texts."""
    parts = np.array_split(np.arange(len(windows)), min(_PERIODS, len(windows))) if len(windows) else []
    lines = [
        {
            "since": _("promised"),
            "windows": str(promise.error.size),
            "error": float(promise.error.mean()),
            "covered": promise.covered,
            "evidence": np.nan,
        }
    ]
    for part in parts:
        rows = windows.iloc[part]
        lines.append(
            {
                "since": _time(rows["time"].iloc[0]),
                "windows": str(len(rows)),
                "error": float(rows["error"].mean()),
                "covered": float(rows["covered"].mean()) if promise.missed.size else np.nan,
                "evidence": float(rows["evidence"].iloc[-1]),
            }
        )
    table = pd.DataFrame(lines)
    shown: dict[str, Any] = {
        "since": table["since"],
        noun: table["windows"],
        promise.metric: table["error"].map(significant),
    }
    if promise.missed.size:
        shown[f"in {promise.level:g} %"] = table["covered"].map(percent)
    shown["evidence"] = [_evidence(value) for value in table["evidence"]]
    return pd.DataFrame(shown)


def _evidence(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"> {_MOST:,.0f}" if value > _MOST else significant(value)


def watch_notes(found: Watching, alpha: float) -> list[str]:
    """How the test is to be read."""
    return [
        _(
            "The test may be checked after every row: it calls a model that still holds broken with "
            "a probability of at most {alpha}. The evidence starts at 1, and {needed} is needed.",
            alpha=percent(alpha),
            needed=significant(found.needed),
        )
    ]


def checked_rate(rate: float) -> float:
    """The share of false alarms among anomalies; raises InputError for what is none."""
    if not 0 < rate < 0.5:
        raise InputError(
            _("{option}: expected a share of false alarms between 0 and 0.5, as 0.01", option=option("rate", rate))
        )
    return rate
