"""The contract of estimators with files (`tasks.estimator`) for logs of events."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from recurra.data.events.log import EventLog
from recurra.data.events.reading import EventColumns, read_events, refuse_short, understand_events
from recurra.data.examples.files import read_examples_file
from recurra.data.files.source import stem
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.options import option
from recurra.report import ReportContent
from recurra.tasks.estimator import Done, Evaluated, Insight, Later, Prepared, Preview, Scores, nobody
from recurra.tasks.fitted import INTERRUPTED, UNFINISHED, check_share
from recurra.tasks.next_event.evaluating import EventTest, count_questions
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.next_event.looking import insight_of
from recurra.tasks.next_event.model import NextEventModel
from recurra.tasks.next_event.report import ReportedRanking, evaluation_frame
from recurra.tasks.next_event.splitting import Cut, questions, split_log
from recurra.tasks.opened import Opened
from recurra.tasks.printed import scores_of
from recurra.training import Run

AT_ONCE = 2_000  # histories whose proposals are in memory together
_SHOWN = 20
_SEVERAL = ("features", "ignore")


@dataclass(frozen=True, eq=False)
class LogStudy:
    """A file as it is learnt from."""

    log: EventLog
    columns: EventColumns
    described: pd.DataFrame | None
    later: EventLog | None
    share: float


class FileContract(ReportedRanking):
    """Abstract: learns logs of events, and files of them."""

    model_: NextEventModel
    columns_: EventColumns | None
    holdout_: EventTest
    log_: EventLog
    source_: str = ""

    split: Any
    least: Any
    numbers: Any

    @abstractmethod
    def _study(
        self, log: EventLog, described: pd.DataFrame | None, later: EventLog | None, share: float, run: Run | None
    ) -> Evaluation: ...

    @abstractmethod
    def _catalogue(self, items: pd.DataFrame | None, source: str = "items") -> pd.DataFrame | None: ...

    @abstractmethod
    def _recommended(self, log: EventLog, top: int) -> pd.DataFrame: ...

    @abstractmethod
    def _check(self) -> None: ...

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file of events."""
        demo = file.startswith("demo:")
        frame, facts = read_examples_file(file, **reading)
        name = file.removeprefix("demo:") if demo else stem(Path(file))
        return Opened(frame, facts, name, Path(file).name, None, reading)

    def prepare(
        self,
        opened: Opened,
        *,
        test: str | Path | None = None,
        share: float = 0.2,
        items: str | Path | None = None,
        repeats: Literal["keep", "drop"] = "drop",
        **columns: Any,
    ) -> Prepared:
        """The log of a file by its columns; `test` and `items` are files of their own."""
        self._check()
        check_share(share)
        given = {name: value for name, value in columns.items() if value is not None}
        for name in _SEVERAL:
            if isinstance(given.get(name), str):
                given[name] = [given[name]]
        for name in ("user", "item", "time"):
            if isinstance(given.get(name), list | tuple):
                if len(given[name]) > 1:
                    raise InputError(_("{option} names several columns: expected one", option=option(name)))
                given[name] = given[name][0]
        known = understand_events(opened.frame, source=opened.source, repeats=repeats, **given)
        self._refuse_numbers(opened, known)
        log, facts = read_events(opened.frame, known, source=opened.source)
        refuse_short(log, known, opened.source)
        self.columns_ = known
        described = later = None
        if items is not None:
            table, _found = read_examples_file(items)
            described = self._catalogue(table, Path(items).name)
        if test is not None:
            table, _found = read_examples_file(test, **opened.reading)
            later = read_events(table, known, source=Path(test).name)[0]
            asked = len(questions(later, np.ones(len(later), dtype=bool), int(self.least)))
            facts.append(Fact(_("test part"), f"{Path(test).name}, {count_questions(asked)}", option("test")))
        else:
            facts.append(
                Fact(_("test part"), split_log(log, Cut(self.split, share), int(self.least))[2], option("split"))
            )
        study = LogStudy(log, known, described, later, share)
        way = {
            "test": None if test is None else str(test),
            "share": share,
            "items": None if items is None else str(items),
        }
        return Prepared(study, [*opened.facts, *facts], _digest(log, later, described), way)

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Evaluation:
        """Train and evaluate."""
        study: LogStudy = prepared.data
        self.columns_ = study.columns
        evaluation = self._study(study.log, study.described, study.later, study.share, run)
        self.understood_ = prepared.facts
        self.notes_ = []
        if self.holdout_.model.interrupted:
            self.notes_.append(_(INTERRUPTED))
        elif self.model_ is self.holdout_.model and study.later is None:
            self.notes_.append(_(UNFINISHED))
        return evaluation

    def remarks(self) -> list[str]:
        """That training was interrupted."""
        return self.notes_

    def scores(self) -> Scores:
        """On the test part."""
        questions_said = count_questions(len(self.holdout_.asked))
        return scores_of(self.holdout_.evaluation, _("On the test part ({questions})", questions=questions_said))

    def results(self, **shown: Any) -> pd.DataFrame:
        """A row for each question of the test part."""
        return evaluation_frame(self.holdout_, self.columns_)

    def file_content(self, *, arguments: Sequence[str] | None = None, **shown: Any) -> ReportContent:
        """The page on a study of a file."""
        return self.content(facts=[*self.understood_, *self.facts()], notes=self.notes_, arguments=arguments)

    def later(self, opened: Opened) -> Later:
        """The histories of a later file."""
        if self.columns_ is None:
            raise InputError(
                _("this model was fitted to lists of items, not to a file: use recurra.load(...).recommend in Python")
            )
        require_columns([self.columns_.item], [str(name) for name in opened.frame.columns], opened.source, "")
        columns = self.columns_
        missing = [name for name in columns.context if name not in opened.frame]
        frame = opened.frame.assign(**dict.fromkeys(missing, np.nan)) if missing else opened.frame
        log, facts = read_events(frame, columns, source=opened.source)
        if missing:
            facts.append(Fact(_("missing"), _("{columns}: read as unknown", columns=", ".join(missing))))
        return Later(log, [*opened.facts, *facts], opened.name, opened.source, len(log.users))

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """The first items after each history."""
        log = _log_of(later)
        top = int(shown.get("top") or _SHOWN)
        user = self.columns_.user if self.columns_ is not None and self.columns_.user is not None else "history"
        for first in range(0, len(log.users), AT_ONCE):
            last = min(first + AT_ONCE, len(log.users))
            part = log.keep((log.owners >= first) & (log.owners < last))
            yield self._recommended(part, top).rename(columns={"user": user})
            done(last)

    def preview(self) -> RankedPreview:
        """The first histories with their first items."""
        return RankedPreview()

    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """By what came next in the file."""
        log = _log_of(later)
        evaluation = self.evaluate(log)  # type: ignore[attr-defined]
        said = count_questions(len(self.holdout_.asked))
        return Evaluated(
            later.facts,
            scores_of(evaluation, _("On {source} ({questions})", source=later.source, questions=said)),
            evaluation_frame(self.holdout_, self.columns_),
            partial(self.content, facts=later.facts),
        )

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """Of some histories of the file."""
        if step is not None:
            raise InputError(
                _(
                    "{option} is about a model that tags or forecasts steps, and this one does not",
                    option=option("step", step),
                )
            )
        log = _log_of(later)
        assert later is not None
        return insight_of(self.model_, log, facts=later.facts, done=done, explain=explain_last)

    def _refuse_numbers(self, opened: Opened, columns: EventColumns) -> None:
        for name in self.numbers:
            if name not in columns.context or not pd.api.types.is_numeric_dtype(opened.frame[name].dtype):
                raise InputError(
                    _(
                        "numbers names {name!r}: expected numeric columns that come with an event, of {known}",
                        name=name,
                        known=", ".join(columns.context) or _("which there is none"),
                    )
                )


class RankedPreview(Preview):
    """The first items of the first histories, side by side."""

    title = mark("Proposals")

    def __init__(self) -> None:
        self._first = pd.DataFrame()
        self._histories = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        user = frame.columns[0]
        self._histories += int((frame["rank"] == 1).sum()) if "rank" in frame else 0
        if self._first.empty and "rank" in frame and "share" in frame:
            shown = (
                frame[frame["rank"] <= 5]
                .groupby(user, sort=False)["item"]
                .agg(lambda items: ", ".join(map(str, items)))
            )
            self._first = shown.head(8).rename("first proposals").reset_index()

    def table(self) -> pd.DataFrame:
        """user and its first items."""
        return self._first

    def lines(self) -> list[str]:
        """How many histories there are."""
        return [_("Proposals for {histories}", histories=counted(self._histories, "history", "histories"))]


def _log_of(later: Later | None) -> EventLog:
    if later is None:
        raise InputError(_("this model keeps no histories: give the file that holds them"))
    return later.data


def _digest(*parts: EventLog | pd.DataFrame | None) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, EventLog):
            frame = pd.DataFrame({"user": part.users[part.owners], "item": part.items, **part.context})
            if part.times is not None:
                frame["time"] = part.times
        elif part is None:
            continue
        else:
            frame = part.reset_index()
        digest.update(repr(list(frame.columns)).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()
