"""A fitted model of labelled sequences on later examples: how often it is wrong, and whether it still holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.understanding import Roles
from recurra.evaluation.shared.watching import Promise
from recurra.language import _, listing
from recurra.objectives.objective import Objective
from recurra.report import ReportContent
from recurra.tasks.labelled.holdout import HoldoutResult
from recurra.tasks.provenance import command_of, fact_rows, now
from recurra.tasks.watching import Watched, in_periods, watch_notes, watched_windows

Floats = npt.NDArray[np.floating]

_POINTS, _MOST = 60, 5000


def losses_of(objective: Objective, outputs: Floats, truth: Any) -> Floats:
    """How wrong each prediction is [N], NaN where no truth is known: 0 or 1 of classes and labels, else its size."""
    wrong = np.asarray(objective.how_wrong(outputs, truth), dtype=np.float64)
    return wrong if objective.ordered or not objective.closed else np.where(np.isnan(wrong), np.nan, wrong > 0)


def metric_of(objective: Objective) -> str:
    """What these losses are called."""
    if not objective.closed:
        return "error"
    return "wrong tags" if objective.per_step else "wrong"


def promise_of(held: HoldoutResult) -> Promise | None:
    """What the test part promises of later examples; None where none of its labels is known."""
    losses = losses_of(held.model.objective, held.outputs, held.truth)
    losses = losses[np.isfinite(losses)]
    if not len(losses):
        return None
    if len(losses) > _MOST:
        losses = losses[np.linspace(0, len(losses) - 1, _MOST).astype(np.int64)]
    return Promise(losses, metric=metric_of(held.model.objective))


def watched(
    promise: Promise | None,
    held: HoldoutResult,
    frame: pd.DataFrame,
    rows: npt.NDArray[np.int64],
    roles: Roles,
    predictions: pd.DataFrame,
    facts: list[Any],
    *,
    alpha: float,
) -> Watched:
    """Watch by later examples that were evaluated (`held`), which are the `rows` of `frame`, in the order of time.

    Without a time column the order is that of the file.
    """
    losses = losses_of(held.model.objective, held.outputs, held.truth)
    times: Any = rows + 1
    order = np.arange(len(rows))
    if roles.time is not None and roles.series is None and roles.time in frame:
        column = frame[roles.time].iloc[rows]
        stamps = pd.to_datetime(column, errors="coerce") if column.dtype.kind not in "iuf" else column
        if stamps.notna().all():
            times, order = stamps.to_numpy(), np.argsort(stamps.to_numpy(), kind="stable")
    windows = pd.DataFrame({"time": pd.Series(times[order]), "error": losses[order], "covered": np.nan})
    windows = windows[windows["error"].notna()].reset_index(drop=True)
    found, sentence, since, windows = watched_windows(promise, windows, alpha=alpha, noun="example")
    assert promise is not None
    notes = [*held.evaluation.notes, *watch_notes(found, alpha)]
    blocks = np.arange(len(windows)) * min(_POINTS, len(windows)) // max(len(windows), 1)
    shown = windows.groupby(blocks).agg(
        time=("time", "first"), error=("error", "mean"), covered=("covered", "mean"), evidence=("evidence", "last")
    )

    def content(title: str = "", arguments: Any = None) -> ReportContent:
        return ReportContent(
            title=title or _("Watched: {target}", target=listing(roles.label)),
            panels=("watched",),
            data={
                "watched": shown,
                "promised_error": float(promise.error.mean()),
                "promised_cover": float("nan"),
                "metric": promise.metric,
                "needed": found.needed,
                "since": since,
            },
            verdict=sentence,
            better=found.status == "holds",
            created=now(),
            command="" if arguments is None else command_of(arguments),
            facts=fact_rows(facts),
            notes=notes,
        )

    table = in_periods(promise, windows, noun="examples")
    return Watched(facts, found.status, sentence, since, windows, table, predictions, None, notes, content)
