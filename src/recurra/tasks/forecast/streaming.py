"""A forecaster at work: a row comes, and the whole forecast after it with it, its intervals moved by what happened.

What is forecast is what `predict` says of the whole history. No network carries a state from one origin to the next,
since the trained one reads each window in that window's own level and scale, which every further row changes; nor do
the statistical methods, which are estimated anew at each origin. What makes a step's time and memory constant is that
all of them read a bounded number of rows (`rows_read`): these are kept, and read again at every step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel
from recurra.data.schema.series_names import join_name, series_columns
from recurra.errors import InputError
from recurra.evaluation.forecast.adaptive import RATE, AdaptiveIntervals
from recurra.evaluation.forecast.columns import NETWORK, PRETRAINED, TUNED
from recurra.language import _, listing
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.combining import READ
from recurra.tasks.forecast.frames import forecast_frame, interval_bounds
from recurra.tasks.forecast.levels import checked_levels
from recurra.tasks.forecast.model import ForecastModel, never_below
from recurra.tasks.forecast.short import LEAST_KNOWN
from recurra.tasks.forecast.stream_rows import StreamRows, as_numbers, positions_of
from recurra.tasks.forecast.stream_watching import ForecastWatch
from recurra.tasks.streaming import EstimatorStream, checked_count

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Ahead:
    """Forecasts from the end of k series: `points` [k, H], `quantiles` [k, H, Q] adapted, and `fixed` as `predict` has.

    A series of which nothing has been seen yet has NaN.
    """

    panel: Panel
    points: Floats
    quantiles: Floats
    fixed: Floats

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the k series."""
        return self.panel.series

    def interval(self, level: float, *, adapted: bool = True) -> tuple[Floats, Floats]:
        """The lower and upper bounds [k, H] of the central interval of `level` per cent."""
        (level,) = checked_levels([level])
        bounds = interval_bounds(self.quantiles if adapted else self.fixed, [level])
        low, high = (bounds[f"{side}_{level:g}"].reshape(self.points.shape) for side in ("lo", "hi"))
        return low, high

    def frame(self, levels: Sequence[float] = (80, 95)) -> pd.DataFrame:
        """As `Forecaster.predict` gives it: a row per series and step ahead, with the adapted intervals."""
        return forecast_frame(self.panel, self.points, interval_bounds(self.quantiles, checked_levels(levels)))


class ForecastStreams(EstimatorStream):
    """Many series, each of which goes on a row at a time: `Forecaster.streams()`.

    names    of the series, in order
    horizon  steps ahead
    rate     how fast intervals move (`evaluation.forecast.adaptive`); 0: they are those of `predict`
    """

    kind = "forecaster"

    def __init__(self, model: ForecastModel, names: Sequence[str], *, rate: float = RATE) -> None:
        if not 0 <= rate <= 1:
            raise InputError(_("rate is {rate!r}: expected a number from 0 (fixed intervals) to 1", rate=rate))
        self._model, self.names, self.batch = model, tuple(names), len(names)
        self.horizon, self.rate = model.recipe.horizon, float(rate)
        self._history = StreamRows(model.panel, names, model.memory, 4 * self.horizon)
        self._intervals = AdaptiveIntervals(self.batch, self.horizon, QUANTILES, self.rate)
        self._watch: ForecastWatch | None = None
        # rows at whose end the watch has a forecast already, with its points and quantiles
        self._known: tuple[Ints, tuple[Floats, Floats]] | None = None

    # What the caller sees

    @property
    def rows_read(self) -> dict[str, int]:
        """What the forecasts are made of, and how many of the last rows are kept for it."""
        used = (NETWORK,) if self._model.combination is None else self._model.combination.used
        windows = {NETWORK: self._model.window, PRETRAINED: READ, TUNED: READ}
        return {name: min(windows.get(name, self._model.memory), self._model.memory) for name in used}

    @property
    def time_columns(self) -> tuple[str, ...]:
        """The columns of times of the data, by which a row may say when it is."""
        return self._history.schema.time

    def times(self, rows: Any = None) -> Any:
        """The times [k] of the next rows."""
        return self._history.grid.times(self._history.positions(self._rows(rows)))

    def step(self, y: Any, *, time: Any = None, ahead: Mapping[str, Any] | None = None) -> Ahead:
        """The next row of every series, and the forecasts after it: as `step_rows` of all."""
        return self.step_rows(None, y, time=time, ahead=ahead)

    def step_rows(self, rows: Any, y: Any, *, time: Any = None, ahead: Mapping[str, Any] | None = None) -> Ahead:
        """The next row of some series, the others stay where they are, and the forecasts after it.

        rows   k row numbers, or a mask; None: all
        y      k values of the target, NaN where one is missing; or a mapping of columns (or a DataFrame) of k values
               each, in which a column that is not named is missing; those of times are read as in the data
        time   the time of the row, where it need not be the next one and no column says it: steps between are missing
        ahead  of columns that are known in advance, what is known of the rows to come: [k, m] each

        Raises InputError for columns that there are not, other numbers of values, and times that are not later; nothing
        has happened then.
        """
        at = self._rows(rows)
        self.observe(at, y, time=time, ahead=ahead)
        return self.forecast(at)

    def observe(self, rows: Any, y: Any, *, time: Any = None, ahead: Mapping[str, Any] | None = None) -> None:
        """As `step_rows`, without a forecast: for rows after which none is needed, which takes microseconds."""
        at = self._rows(rows)
        columns, told = self._columns(y, at), self._told(ahead, at)
        wanted = self._positions(time, columns)
        self._check_series(columns, at)
        self._history.check(columns, told)
        skipped = self._skipped(at, wanted)
        target = self._history.schema.target
        truth = as_numbers(target, columns[target]) if target in columns else np.full(len(at), np.nan)
        for k in range(int(skipped.max(initial=0))):
            late = at[skipped > k]
            self._history.append(late, {})
            self._intervals.observe(np.full(len(late), np.nan), late)
            if self._watch is not None:
                self._watch.told(late, np.full(len(late), np.nan))
        self._history.append(at, columns)
        self._history.tell_ahead(at, told)
        self._known = None
        self._intervals.observe(truth, at)
        if self._watch is not None:
            self._watch.told(at, truth)

    def forecast(self, rows: Any = None) -> Ahead:
        """The forecasts from where the series stand, of which the next rows will be told."""
        at = self._rows(rows)
        counts = self._history.state["count"][at]
        shape = (len(at), self.horizon, len(QUANTILES))
        fixed, points = np.full(shape, np.nan), np.full(shape[:2], np.nan)
        panel = self._history.panel(at)
        there = np.flatnonzero(counts > 0)
        if len(there):
            series, origins = there, panel.lengths[there]
            if self._known is not None and np.array_equal(self._known[0], at):
                points, fixed = (each.copy() for each in self._known[1])
            else:
                points[there], fixed[there] = self._model.forecast(panel, series, origins)
            quantiles = fixed.copy()
            moved = self._intervals.adapted(fixed[there], at[there])
            quantiles[there] = never_below(moved, panel, series, origins)
            if self.rate == 0:
                quantiles = fixed
        else:
            quantiles = fixed
        self._intervals.issue(quantiles, fixed, at)
        return Ahead(panel, points, quantiles, fixed)

    def unsure(self, rows: Any = None) -> npt.NDArray[np.bool_]:
        """Which series have too few rows to tell how wide their intervals must be, and nothing else tells it."""
        at = self._rows(rows)
        if self._model.widths is not None:
            return np.zeros(len(at), dtype=bool)
        return np.isfinite(self._history.state["target"][at]).sum(axis=1) < LEAST_KNOWN

    def watch(self, *, alpha: float = 0.05, rate: float | None = None) -> ForecastWatch:
        """Watch from here on whether the forecasts are as good as the backtest promised: as `Forecaster.watched` does.

        alpha  the probability at most with which a model that holds is ever called broken
        rate   the share of unchanged values at most that are called anomalous; None: none are looked for

        What is returned goes on with every row that comes, and replaces an earlier one. Series that step together are
        evaluated together. Raises InputError where the model was fitted without being evaluated.

        >>> watch = stream.watch(rate=0.001)  # doctest: +SKIP
        >>> stream.step(12.0), watch.sentence, watch.anomalous  # doctest: +SKIP
        """
        self._watch = ForecastWatch(self._model, self._history, self._fixed, alpha=alpha, rate=rate)
        return self._watch

    def _fixed(self, at: Ints) -> tuple[Floats, Floats]:
        """The forecasts [k, H] and quantiles [k, H, Q] of `predict` for rows that have begun."""
        panel = self._history.panel(at)
        found = self._model.forecast(panel, np.arange(len(at)), panel.lengths)
        self._known = at.copy(), found
        return found

    def _moved(self, at: Ints) -> None:
        self._known = None
        if self._watch is not None:
            self._watch.restart(at)

    def coverage(self) -> pd.DataFrame:
        """How often intervals held so far: a row per series, step ahead and level, the fixed ones beside the adapted.

        Columns series, step, level (in percent), coverage and fixed (0 to 1), count (truths that came).
        """
        return self._intervals.coverage(self.names)

    def begin_as(self, row: int, series: str | None) -> None:
        """Let a row be another series: of the model, which begins with what the model remembers of it, or a new one."""
        name = _stranger(f"stream {row}", self._model.panel.series) if series is None else series
        self.names = (*self.names[:row], name, *self.names[row + 1 :])
        self._history.names = self.names
        self.reset([row])

    def reset(self, rows: Any = None) -> None:
        """Begin anew, some series or all: with what the model remembers of them, and the intervals of `predict`."""
        at = self._rows(rows)
        self._history.begin(at)
        self._intervals.reset(at)
        self._moved(at)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.batch} series, horizon={self.horizon}, rate={self.rate:g})"

    # What is read

    def _columns(self, y: Any, at: Ints) -> dict[str, npt.NDArray]:
        given: Any = y if isinstance(y, Mapping | pd.DataFrame) else {self._history.schema.target: y}
        found = {}
        for name in given:
            values = np.atleast_1d(np.asarray(given[name], dtype=object))
            if values.shape != (len(at),):
                raise InputError(
                    _(
                        "{name} has shape {shape}: expected {count}, a value for each of the series that step",
                        name=name,
                        shape=values.shape,
                        count=(len(at),),
                    )
                )
            found[str(name)] = values
        return found

    def _told(self, ahead: Mapping[str, Any] | None, at: Ints) -> dict[str, npt.NDArray]:
        found = {}
        for name in ahead if ahead is not None else ():
            values = np.asarray(ahead[name], dtype=object)  # pyright: ignore[reportOptionalSubscript]
            values = values[None] if values.ndim == 1 and len(at) == 1 else values
            if values.ndim != 2 or len(values) != len(at):
                raise InputError(
                    _(
                        "ahead holds {name} of shape {shape}: expected ({count}, rows to come)",
                        name=name,
                        shape=values.shape,
                        count=len(at),
                    )
                )
            found[str(name)] = values
        return found

    def _positions(self, time: Any, columns: dict[str, npt.NDArray]) -> Ints | None:
        """The grid positions of rows of `time`, or of columns of times, which are taken out; None: the next ones."""
        history = self._history
        schema, grid = history.schema, history.grid
        if time is None:
            there = bool(schema.time) and set(schema.time) <= columns.keys()
            return positions_of(schema, grid, {name: columns.pop(name) for name in schema.time}) if there else None
        given = [time] if np.ndim(time) == 0 else list(time)
        try:
            if len(schema.time) == 1 and all(isinstance(each, str) for each in given):
                return positions_of(schema, grid, {schema.time[0]: np.array(given, dtype=object)})
            return grid.positions(given if grid.freq is None else pd.DatetimeIndex(given))
        except (InputError, ValueError, TypeError) as error:
            raise InputError(_("time is {time!r}: expected a time as in the data", time=time)) from error

    def _check_series(self, columns: dict[str, npt.NDArray], at: Ints) -> None:
        """Take the columns that name a series out, and refuse a row of another series of the model."""
        names = series_columns(self._history.schema.series) if self._history.schema.series else ()
        if not names or not set(names) <= columns.keys():
            return
        said = [join_name(list(map(str, parts))) for parts in zip(*(columns.pop(name) for name in names), strict=True)]
        for row, name in zip(at, said, strict=True):
            if self.names[row] in self._model.panel.series and name != self.names[row]:
                raise InputError(
                    _(
                        "the row is of series {name!r}, the stream of {series!r}: leave {columns} out, or give rows of "
                        "that series",
                        name=name,
                        series=self.names[row],
                        columns=listing(names),
                    )
                )

    def _skipped(self, at: Ints, wanted: Ints | None) -> Ints:
        """How many rows [k] lie between the last one and that of the positions `wanted`."""
        if wanted is None:
            return np.zeros(len(at), dtype=np.int64)
        grid = self._history.grid
        begun = self._history.state["count"][at] > 0
        wanted = np.broadcast_to(wanted, at.shape)
        late = wanted - self._history.positions(at)
        if (late[begun] < 0).any():
            row = int(np.flatnonzero(begun & (late < 0))[0])
            raise InputError(
                _(
                    "time is {time} for series {name!r}, whose next row is that of {next}: expected this one or a "
                    "later one",
                    time=grid.times(wanted[row : row + 1])[0],
                    name=self.names[at[row]],
                    next=self.times([at[row]])[0],
                )
            )
        self._history.state["start"][at[~begun]] = wanted[~begun]
        return np.where(begun, late, 0)

    def _tensors(self) -> dict[str, npt.NDArray[Any]]:
        rows = {f"rows.{name}": array for name, array in self._history.state.items()}
        return rows | {f"intervals.{name}": array for name, array in self._intervals.state.items()}

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(repr((self.names, self._model.recipe)).encode())
        for member in self._model.members:
            for name, tensor in member.network.state_dict().items():
                digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        if self._model.combination is not None:
            digest.update(repr(self._model.combination.names).encode() + self._model.combination.weights.tobytes())
        return digest.hexdigest()


class ForecastStream(ForecastStreams):
    """One series that goes on a row at a time: `Forecaster.stream()`.

    Its step takes a value, or a mapping of columns to values; `Ahead` holds k = 1 series.
    """

    @property
    def time(self) -> Any:
        """The time of the next row."""
        return self.times()[0]


def stream_names(model: ForecastModel, n: int | Sequence[Any] | None) -> list[str]:
    """The names of the streams that are asked for: of all series of the model, of those named, or of n new ones."""
    known = model.panel.series
    if n is None:
        return list(known)
    if isinstance(n, Sequence) and not isinstance(n, str):
        names = [str(name) for name in n]
        if not names or len(set(names)) < len(names):
            raise InputError(_("n is {n!r}: expected names of series, each once", n=list(n)))
        return names
    count = checked_count("n", n)
    width = len(str(count - 1))
    return [_stranger(f"stream {k:0{width}d}", known) for k in range(count)]


def one_name(model: ForecastModel, series: Any) -> str:
    """The series of a single stream; raises InputError where it has to be named."""
    known = model.panel.series
    if series is not None:
        return str(series)
    if len(known) > 1:
        raise InputError(
            _(
                "series is None, and the model knows {count} of them (such as {some}): name one, or use streams()",
                count=f"{len(known):,}",
                some=listing(map(repr, known[:3])),
            )
        )
    return next(iter(known))


def _stranger(name: str, known: Sequence[str]) -> str:
    while name in known:
        name += "'"
    return name
