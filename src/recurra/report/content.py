"""What a report says, as plain frames; nothing here knows of networks, HTML or plots."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from recurra.errors import InputError
from recurra.report.frames import check_columns, empty

FRAMES = {
    "history": ("series", "time", "y"),
    "forecast": ("series", "time", "forecast"),
    "backtest": ("series", "origin", "time", "step", "y", "forecast"),
    "by_step": ("step", "method", "mase"),
    "coverage": ("nominal", "observed"),
    "by_series": ("series", "ours", "best"),
    "flow": ("member", "step", "back", "gradient"),
    "moved": ("series", "step", "feature", "attribution"),
    "moved_usually": ("step", "feature", "strength"),
    "learning": ("run", "member", "step", "train_loss", "validation_loss", "learning_rate"),
}


@dataclass(frozen=True, eq=False)
class ForecastReport:
    """Everything the page and the picture of one forecast show; any frame may be empty, and its part is then left out.

    title, target, horizon [steps], command (what made it), created (when), unit (what a step is called: "week").
    verdict: one sentence; better: whether it says that the forecast beats every baseline.
    facts: (label, value, flag that overrides it), what was understood of the data.
    history: series, time, y. Thinned when drawn, so it may be long.
    forecast: series, time, forecast, and lo_L, hi_L for each L of `levels` [per cent].
    levels: the intervals, such as (80, 95).
    backtest: series, origin [known rows], time, step [1..horizon], y, forecast, lo_L, hi_L, and a column per baseline.
    baselines: names of those columns; best_baseline: the one to beat.
    table: index method; columns such as MASE, sMAPE [per cent], MAE, RMSE, CRPS, "coverage 80 %" [0..1].
        A method that is not in `baselines` is ours.
    by_step: step, method, mase. coverage: nominal, observed [0..1].
    by_series: series, ours, best [MASE of ours and of the best baseline].
    learning: run, member, step, train_loss, validation_loss, learning_rate.
    flow: member, step [of training], back [steps of the recurrence], gradient [norm]; memory: sentences on it.
    moved: series, step [0 the last known row, 1 the first forecast], feature, attribution [units of the target].
    moved_usually: step, feature, strength [share of what moves a forecast].
    settings, versions: name to text. notes: sentences the reader should know.
    time_name: the name of the time axis.

    Times are datetimes (drawn as local time of their zone) or integer steps. Raises InputError for a frame without
    its columns, or a best baseline that is none of the baselines.

    Example:
        >>> import pandas as pd
        >>> days = pd.date_range("2026-01-01", periods=3)
        >>> report = ForecastReport(
        ...     title="Sales", target="units", horizon=1, command="recurra forecast sales.csv", created="2026-01-03",
        ...     verdict="No better than the naive forecast: use the naive one.", better=False,
        ...     history=pd.DataFrame({"series": "a", "time": days[:2], "y": [1.0, 2.0]}),
        ...     forecast=pd.DataFrame({"series": "a", "time": days[2:], "forecast": [2.0]}),
        ...     levels=(),
        ... )
        >>> report.target
        'units'
    """

    title: str
    target: str
    horizon: int
    command: str
    created: str
    verdict: str
    better: bool
    history: pd.DataFrame
    forecast: pd.DataFrame
    levels: tuple[int, ...]
    facts: list[tuple[str, str, str]] = field(default_factory=list)
    backtest: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["backtest"]))
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_step: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["by_step"]))
    coverage: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["coverage"]))
    by_series: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["by_series"]))
    learning: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["learning"]))
    flow: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["flow"]))
    memory: list[str] = field(default_factory=list)
    moved: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["moved"]))
    moved_usually: pd.DataFrame = field(default_factory=lambda: empty(FRAMES["moved_usually"]))
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    time_name: str = "time"
    unit: str = "step"

    def __post_init__(self) -> None:
        bounds = tuple(column for level in self.levels for column in bound_columns(level))
        for name, columns in FRAMES.items():
            frame = getattr(self, name)
            wanted = columns + (bounds if name == "forecast" else self.baselines if name == "backtest" else ())
            check_columns(name, frame, wanted)
        if self.best_baseline and self.best_baseline not in self.baselines:
            raise InputError(
                f"best_baseline is {self.best_baseline!r}, which is none of the baselines: {', '.join(self.baselines)}"
            )

    @property
    def ours(self) -> tuple[str, ...]:
        """The methods of the table that are not baselines, best first as the table has them."""
        return tuple(str(method) for method in self.table.index if method not in self.baselines)


def bound_columns(level: float) -> tuple[str, str]:
    """The columns that hold the interval of a level: 80 gives lo_80 and hi_80."""
    return f"lo_{level:g}", f"hi_{level:g}"
