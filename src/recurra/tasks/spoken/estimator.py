"""What estimators of recordings and their texts share: how a study and a file are parted, and what may be asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from recurra.data.examples.inputs import Audio
from recurra.data.examples.splits import split_rows
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.opened import Opened
from recurra.tasks.spoken.utterances import SpeechRoles, Utterances, length_facts, stated_parts
from recurra.tasks.studied import Gathered, Parts, StudiedEstimator
from recurra.training import Run

Ints = npt.NDArray[np.int64]


class SpokenEstimator(StudiedEstimator):
    """The base of estimators that learn recordings X and their texts y."""

    ROLES: ClassVar[tuple[type, ...]] = (SpeechRoles,)
    UNIT: ClassVar[str] = "recording"
    # What stays together in one part, in words where there are several.
    TOGETHER: ClassVar[str] = mark("{part} of {number} speakers, with all of their recordings")
    SHARE: ClassVar[float] = 0.2  # that is the test part of a study, unless given
    seed: int

    @abstractmethod
    def _utterances(self, X: Any, y: Any, groups: Any, *, kind: Audio | None = None) -> Utterances:
        """Recordings and texts as they are given in Python."""

    @abstractmethod
    def _together(self, data: Utterances) -> npt.ArrayLike | None:
        """The groups [N] that stay in one part; None where there are none."""

    @abstractmethod
    def _opened_utterances(self, opened: Opened, roles: SpeechRoles, kind: Audio | None) -> Utterances:
        """The recordings of a file to learn from, and their texts."""

    @abstractmethod
    def _open_test(self, file: str, opened: Opened, roles: SpeechRoles) -> Opened:
        """A file of test examples, with the columns of the one that is `opened`."""

    def _check_opened(self, model: Any) -> None:
        model.check_whole()

    def _doubts(self, data: Utterances) -> list[Fact]:
        """What else is to be said of the recordings of a file."""
        return []

    def fit(self, X: Any, y: Any, *, groups: Any = None, run: Run | None = None) -> Self:
        """Learn recordings X (paths, samples or features [T, C]) and their texts y; `groups` [N] say who speaks.

        Raises InputError for what cannot be heard or read, with its row.
        """
        data = self._utterances(X, y, groups)
        data.refuse_unknown("y")
        run = self._run(run, trainings=1)
        return self._fit_ends(self._with_baselines(self._trained(data, run=run, name="training"), data), data)

    def study(
        self,
        X: Any,
        y: Any,
        *,
        test: tuple[Any, Any] | None = None,
        share: float | None = None,
        groups: Any = None,
        test_groups: Any = None,
        run: Run | None = None,
    ) -> Evaluation:
        """Train on a part and evaluate on the rest against the baselines: on whole speakers, or texts.

        `share` is that of the test part (`SHARE` unless given). With `test`, further recordings and their texts (whose
        speakers are `test_groups`), these are the test part.
        """
        data = self._utterances(X, y, groups)
        data.refuse_unknown("y")
        if test is not None:
            later = self._utterances(*test, test_groups, kind=data.recordings.kind)
            later.refuse_unknown("test")
            return self._study(data, later, np.arange(len(later)), None, run)
        parts = self._split(data, self.SHARE if share is None else share)
        return self._study(data.take(parts.train), data.take(parts.test), parts.test, None, run)

    def _texts(self, columns: Mapping[str, Any] | None) -> set[str]:
        if columns is None:
            return set() if self.roles_ is None else {self.roles_.text}
        given = columns.get("text")
        return set() if given is None else {given} if isinstance(given, str) else set(given)

    def _gathered_parts(
        self, opened: Opened, roles: SpeechRoles, facts: list[Fact], kind: Audio | None, split: Any, test: Any
    ) -> Gathered:
        """The recordings of a file to learn from, with the test part that `test` is or a column says."""
        data = self._opened_utterances(opened, roles, kind)
        data.refuse_unknown(opened.source)
        every = np.arange(len(data))
        facts = [*facts, *length_facts(data), *self._doubts(data)]
        if test is not None:
            file = self._open_test(str(test), opened, roles)
            later = self._opened_utterances(file, roles, data.recordings.kind)
            later.refuse_unknown(file.source)
            told = _("{file}, {size}", file=file.source, size=counted(len(later), "recording"))
            facts.append(Fact("test part", told, option("test")))
            return Gathered(data, every, roles, facts, Gathered(later, np.arange(len(later))))
        parts = stated_parts(opened.frame, split, opened.source)
        if parts is None:
            return Gathered(data, every, roles, facts)
        name, stated = parts
        learnt = np.sort(np.concatenate([stated.train, stated.validation]))
        told = _("{recordings}, as column {name!r} says", recordings=counted(len(stated.test), "recording"), name=name)
        facts.append(Fact("test part", told, option("split")))
        return Gathered(data.take(learnt), learnt, roles, facts, Gathered(data.take(stated.test), stated.test))

    def _split(self, data: Utterances, share: float) -> Parts:
        groups = self._together(data)
        parts = split_rows(len(data), share=share, groups=groups, seed=int(self.seed))
        if groups is None:
            told = _("{percent} of the recordings, at random", percent=f"{100 * share:.3g} %")
        else:
            every = np.asarray(groups)
            part, number = len(np.unique(every[parts.test])), len(np.unique(every))
            told = _(self.TOGETHER, part=f"{part:,}", number=f"{number:,}")
        return Parts(parts.train, parts.test, [Fact("test part", told, option("share"))])
