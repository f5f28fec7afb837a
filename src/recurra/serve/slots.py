"""Sessions as rows of one stream of a model: what several of them step at a time is one call of the kernel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.language import _
from recurra.serve.rows import number, plain, records
from recurra.tasks.estimator import Estimator
from recurra.tasks.forecast.contract import FileForecaster
from recurra.tasks.forecast.streaming import ForecastStreams
from recurra.tasks.labelled.streaming import LabelledStreams

State = dict[str, npt.NDArray[Any]]


class Slots(ABC):
    """`count` rows, each of which may be a session's. Not for several threads at a time."""

    def __init__(self, count: int) -> None:
        self.count = count

    @abstractmethod
    def begin(self, slot: int, series: str | None) -> None:
        """Let a slot begin anew. Raises InputError for a series where there are none."""

    @abstractmethod
    def together(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        """A row of each slot, and what is said after it. Raises InputError for rows that cannot be read; nothing has
        happened then.
        """  # fmt: skip

    @property
    @abstractmethod
    def streams(self) -> Any:
        """The stream."""

    def step(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        """As `together`, but a row that cannot be read is refused alone: in its place stands the error."""
        try:
            return self.together(slots, rows)
        except _UNREADABLE as error:
            if len(slots) == 1:
                return [error]
        found: list[Any] = []
        for slot, row in zip(slots, rows, strict=True):
            found += self.step([slot], [row])
        return found

    def state(self, slot: int) -> State:
        """Of one slot."""
        return self.streams.row_state(slot)

    def put(self, slot: int, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """What `state` gave; raises ModelFileError for anything else."""
        self.streams.put_row_state(slot, state)

    def coverage(self) -> dict[float, float]:
        """Of forecasts: the share of truths within the intervals of each level, of all sessions."""
        return {}


# What a row, or a state that somebody made up, may raise beside an InputError.
_UNREADABLE = (InputError, ValueError, TypeError, IndexError, KeyError, OverflowError)


def slots_of(estimator: Estimator, count: int, levels: Sequence[float]) -> Slots:
    """The slots of an estimator. Raises InputError with the reason where it cannot go on step by step."""
    if isinstance(estimator, FileForecaster):
        return ForecastSlots(estimator, count, levels)
    return LabelledSlots(estimator, count)


class ForecastSlots(Slots):
    """A row is a value, or a mapping of columns to values; with "time" and "ahead" it says when it is and what is known
    of the steps to come.
    """  # fmt: skip

    def __init__(self, estimator: FileForecaster, count: int, levels: Sequence[float]) -> None:
        super().__init__(count)
        self._streams: ForecastStreams = estimator.streams(count)
        self._known, self.levels = set(estimator.model_.panel.series), tuple(levels)
        self._target = estimator.model_.panel.schema.target

    @property
    def streams(self) -> ForecastStreams:
        return self._streams

    def begin(self, slot: int, series: str | None) -> None:
        if series is not None and series not in self._known:
            some = ", ".join(map(repr, sorted(self._known)[:5]))
            raise InputError(
                _("series is {series!r}, which the model does not know: expected one such as {some}, or none",
                  series=series, some=some)
            )  # fmt: skip
        self._streams.begin_as(slot, series)

    def together(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        given = [dict(row) if isinstance(row, Mapping) else {self._target: row} for row in rows]
        alone = len(given) > 1 and any("time" in row or "ahead" in row for row in given)
        if alone:  # each has a time of its own
            raise InputError("rows with times come one by one")
        time, ahead = given[0].pop("time", None), given[0].pop("ahead", None)
        names = dict.fromkeys(name for row in given for name in row)
        columns = {name: [number(row.get(name)) for row in given] for name in names}
        told = None if ahead is None else {name: [[number(v) for v in values]] for name, values in dict(ahead).items()}
        found = self._streams.step_rows(np.asarray(slots), columns, time=time, ahead=told)
        frame = _without_name(found.frame(self.levels))
        horizon = self._streams.horizon
        said = records(frame)
        if len(said) != horizon * len(slots):  # steps that a clock skips, or shows twice
            each = [self._streams.forecast(np.array([slot])).frame(self.levels) for slot in slots]
            return [{"forecast": records(_without_name(frame))} for frame in each]
        return [{"forecast": said[k * horizon : (k + 1) * horizon]} for k in range(len(slots))]

    def coverage(self) -> dict[float, float]:
        frame = self._streams.coverage()
        frame = frame[frame["count"] > 0]
        found: dict[float, float] = {}
        for level in frame["level"].unique().tolist():
            part = frame[frame["level"] == level]
            found[float(level)] = float(np.average(part["coverage"], weights=part["count"]))
        return found


def _without_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Forecasts without the name of the series, which is a slot's."""
    return frame.drop(columns=frame.columns[0])


class LabelledSlots(Slots):
    """A row is a token or some text, or the numbers of a moment; with {"x": ..., "time": ...} it says when it was."""

    def __init__(self, estimator: Any, count: int) -> None:
        super().__init__(count)
        self._streams: LabelledStreams = estimator.streams(count)
        objective = estimator.model_.objective
        names = getattr(objective.labels, "names", None)
        self._names = [str(name) for name in names] if names is not None else []
        self._decode = objective.decode
        self._decoded = objective.decoded

    @property
    def streams(self) -> LabelledStreams:
        return self._streams

    def begin(self, slot: int, series: str | None) -> None:
        if series is not None:
            text = _("series is {series!r}, but the model reads sequences without a name: leave it out", series=series)
            raise InputError(text)
        self._streams.reset([slot])

    def together(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        timed = [isinstance(row, Mapping) and "time" in row for row in rows]
        times = [row["time"] for row in rows] if all(timed) and timed else None
        x = [row["x"] if isinstance(row, Mapping) and "x" in row else row for row in rows]
        x = [[number(v) for v in each] if isinstance(each, list) else number(each) for each in x]
        outputs = self._streams.step_outputs(np.asarray(slots), x, times)
        decoded, said = self._decoded(outputs), self._decode(outputs)
        found = []
        for k in range(len(slots)):
            values = np.atleast_1d(decoded[k])
            named = dict(zip(self._names, values, strict=True)) if len(self._names) == len(values) else list(values)
            found.append({"predicted": plain(said[k]), "outputs": plain(named)})
        return found
