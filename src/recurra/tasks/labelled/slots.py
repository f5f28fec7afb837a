"""Sessions of a server that read sequences: what is predicted after each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra.errors import InputError
from recurra.language import _
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.streaming import LabelledStreams
from recurra.tasks.plain import number, plain
from recurra.tasks.slots import Slots


class LabelledSlots(Slots):
    """A row is a token or some text, or the numbers of a moment; with {"x": ..., "time": ...} it says when it was."""

    def __init__(self, streams: LabelledStreams, objective: Objective) -> None:
        super().__init__(streams.batch)
        self._streams = streams
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
