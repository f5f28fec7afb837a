"""A stream of labelled sequences that watches itself: the truth comes later, and is told."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.shared.watching import Promise
from recurra.language import _
from recurra.objectives.objective import Objective
from recurra.options import option
from recurra.tasks.labelled.watching import losses_of
from recurra.tasks.stream_watching import StreamWatch

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


class LabelledWatch(StreamWatch):
    """What `LabelledStreams.watch` gives: whether the model is wrong more often than its test part promised.

    every  of a tagger, after how many told steps a sequence counts as one, where it never ends; None: when it is reset
    """

    noun = "example"

    def __init__(
        self, promise: Promise | None, objective: Objective, batch: int, *, alpha: float, every: int | None
    ) -> None:
        super().__init__(promise, alpha)
        if every is not None and (not objective.per_step or isinstance(every, bool) or every < 1):
            raise InputError(
                _("{option}: expected a number of steps, of a model that tags every one", option=option("every", every))
            )
        self._objective, self._every = objective, every
        self._said: list[deque[Floats]] = [deque() for _row in range(batch)]  # whose truth has not come
        self.state |= {"row.wrong": np.zeros(batch), "row.known": np.zeros(batch, dtype=np.int64)}

    def tell(self, truth: Any, rows: Any = None) -> None:
        """The truth, as it was given to `fit`: for each of `rows` (row numbers; None: all) one.

        Of a model that tags every step: the tag of the oldest step whose truth has not been told, or a list of tags of
        as many steps. Of others: the label of the sequence as it stands, to be told once. None where it is not known.

        Raises InputError for a label that the model does not know, and where nothing was said that it could be of.
        """
        at = np.arange(len(self._said)) if rows is None else np.atleast_1d(np.asarray(rows, dtype=np.int64))
        given = list(truth) if isinstance(truth, list | tuple | np.ndarray) else [truth]
        if len(given) != len(at) and len(at) == 1 and self._objective.per_step:
            given = [given]
        if len(given) != len(at):
            raise InputError(
                _(
                    "truth holds {given} values: expected {expected}, one for each row",
                    given=len(given),
                    expected=len(at),
                )
            )
        if self._objective.per_step:
            self._tell_steps(at, given)
        else:
            self._tell_whole(at, given)

    def end(self, rows: Any = None) -> None:
        """Sequences of a tagger, some or all, are at their end; `reset` of the stream says so, too."""
        at = np.arange(len(self._said)) if rows is None else np.atleast_1d(np.asarray(rows, dtype=np.int64))
        for row in at:
            self._said[row].clear()
            self._close(int(row))

    def note(self, at: Ints, outputs: Floats) -> None:
        """What the stream has just said of some rows, outputs [k, K]."""
        for row, said in zip(at, outputs, strict=True):
            if not self._objective.per_step:
                self._said[row].clear()
            self._said[row].append(np.array(said))

    def _tell_steps(self, at: Ints, given: list[Any]) -> None:
        tags = [list(each) if isinstance(each, list | tuple | np.ndarray) else [each] for each in given]
        if not all(tags):
            raise InputError(_("truth holds no tag for a row: expected one at least"))
        self._have_said(at, [len(each) for each in tags])
        truth: Any = self._objective.encode(self._objective.labels, tags, [len(each) for each in tags])
        outputs = np.stack([self._said[row][k] for row, each in zip(at, tags, strict=True) for k in range(len(each))])
        known = np.array(
            [int((truth.values[a:b] >= 0).sum()) for a, b in zip(truth.offsets, truth.offsets[1:], strict=False)]
        )
        share = np.asarray(self._objective.how_wrong(outputs, truth), dtype=np.float64)
        for row, each, wrong, count in zip(at, tags, share, known, strict=True):
            for _step in each:
                self._said[row].popleft()
            if count:
                self.state["row.wrong"][row] += wrong * count
                self.state["row.known"][row] += count
            if self._every is not None and self.state["row.known"][row] >= self._every:
                self._close(int(row))

    def _tell_whole(self, at: Ints, given: list[Any]) -> None:
        self._have_said(at, [1] * len(at))
        truth = self._objective.encode(self._objective.labels, given)
        losses = losses_of(self._objective, np.stack([self._said[row][-1] for row in at]), truth)
        for row, loss in zip(at, losses, strict=True):
            self._said[row].clear()
            if np.isfinite(loss):
                self._add(self._count + 1, float(loss))

    def _have_said(self, at: Ints, counts: list[int]) -> None:
        for row, count in zip(at, counts, strict=True):
            if len(self._said[row]) < count:
                raise InputError(
                    _(
                        "row {row} has {waiting} steps whose truth has not been told, and {count} are told: step first",
                        row=int(row),
                        waiting=len(self._said[row]),
                        count=count,
                    )
                )

    def _close(self, row: int) -> None:
        known = int(self.state["row.known"][row])
        if known:
            self._add(self._count + 1, float(self.state["row.wrong"][row]) / known)
        self.state["row.wrong"][row] = self.state["row.known"][row] = 0
