"""NextEvent: what comes next in a history of events, ranked, evaluated on all items, explained, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.events.log import EventLog
from recurra.data.events.reader import EventReader
from recurra.data.events.reading import (
    EventColumns,
    learn_events,
    log_of,
    read_events,
    refuse_short,
    understand_events,
)
from recurra.data.examples.files import read_examples_file
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns
from recurra.errors import InputError
from recurra.evaluation.ranking.ranks import best, forget_seen
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, listing
from recurra.nn.next_event import LEVELS, NextEventNetwork, NextEventOptions
from recurra.options import option
from recurra.report import ReportContent
from recurra.tasks.estimator import Done, Insight, Later, Prepared, nobody
from recurra.tasks.fitted import check_share
from recurra.tasks.next_event.checks import check_model
from recurra.tasks.next_event.evaluating import evaluate_model
from recurra.tasks.next_event.events import Events, Usage, asked_of, catalogue_of, later_events
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.next_event.exported import exported
from recurra.tasks.next_event.facts import model_facts, unknown_facts
from recurra.tasks.next_event.looking import insight_of
from recurra.tasks.next_event.model import GAP, NextEventModel, Recipe, fit_model, make_network, refit, repeats_share
from recurra.tasks.next_event.preview import RankedPreview
from recurra.tasks.next_event.report import evaluation_frame, own_panels, panel_data
from recurra.tasks.next_event.settings import check_arguments, default_network, default_training, refuse_numbers
from recurra.tasks.next_event.splitting import Cut, split_log
from recurra.tasks.next_event.stream import EventStream
from recurra.tasks.opened import Opened
from recurra.tasks.parameters import chosen_options
from recurra.tasks.studied import FileStudy, Gathered, Parts, StudiedEstimator, Tested, single_column
from recurra.training import Run, TrainingOptions

Given = pd.DataFrame | EventLog | Sequence[Sequence[Any]]

_RARE = 0.01  # of the events that repeat an item, below which seen items are not proposed
_AT_ONCE = 2_000  # histories whose proposals are in memory together
_SHOWN = 20
_COLUMNS = ("user", "item", "time", "features", "ignore", "repeats", "empty", "day_first")


class NextEvent(StudiedEstimator):
    """Learns from histories of events what comes next: which item, when, and numbers that come with it.

    A causal recurrence reads the items of a history and what comes with them; every item gets a score, and where
    held-out events say so, neighbours and n-grams add theirs.

    cell      the recurrence: see `recurra.cells`; or "transformer", which sees the last 128 events, to compare with
    members   networks whose scores are averaged
    network   `NextEventOptions`, or a mapping of some: hidden, layers, embedding, dropout, ...
    training  `TrainingOptions`, or a mapping of some
    seen      "keep": items of the past may be proposed again; "exclude": they are not; "auto": as the histories have it
    split     the test part of `study`: "time": the events after a moment; "histories": whole histories that begin later
    least     events that must have come before an event that is asked for
    numbers   numeric columns that are predicted of the next event; the time until it always is, where there are times

    >>> import recurra as rc
    >>> histories = [["bread", "butter", "jam"], ["bread", "butter"], ["tea", "milk"]] * 20
    >>> model = rc.NextEvent(training={"epochs": 2}, verbose=False).fit(histories)
    >>> model.predict([["bread"], ["tea"]]).tolist()
    ['butter', 'milk']
    """

    KIND = "next event"
    EXPORT = staticmethod(exported)
    MODEL = NextEventModel
    ROLES = (Usage,)
    ROLES_PART = "usage"
    PANELS: ClassVar = ("cards", "methods", "explained")
    UNIT = "question"
    PACKAGES = ("torch", "numpy", "pandas", "pyarrow")
    asks = ("top",)
    refit = True
    model_: NextEventModel

    def __init__(
        self,
        *,
        cell: str = "gru",
        members: int = 1,
        network: NextEventOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        seen: Literal["auto", "keep", "exclude"] = "auto",
        split: Literal["time", "histories"] = "time",
        least: int = 1,
        numbers: Sequence[str] = (),
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.seen = seen
        self.split: Literal["time", "histories"] = split
        self.least = least
        self.numbers = numbers
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # Learning

    def fit(self, events: Given, *, items: pd.DataFrame | None = None, run: Run | None = None, **columns: Any) -> Self:
        """Learn from a table of events, or from lists of items, one for each history.

        `columns` name the columns of a table: user, item, time, features (context), ignore; detected where they are
        not. `items` is a table of features of items, with the same item column: items without an event can then be
        proposed. Raises `InputError` for events that cannot be used, with the row.
        """
        data = self._events(events, items, columns)
        return self._fit_ends(self._trained(data, run=self._run(run, trainings=1), name="training"), data)

    def study(
        self,
        events: Given,
        *,
        test: Given | None = None,
        share: float = 0.2,
        items: pd.DataFrame | None = None,
        run: Run | None = None,
        **columns: Any,
    ) -> Evaluation:
        """Learn from the earlier events and be evaluated on the later ones, against the baselines, ranking all items.

        The later ones are a `share` of the events: those after a moment, whose history before it is known, or with
        split="histories" whole histories. Then a model is trained on everything, and kept. With `test`, further events,
        these are the test part, and the evaluated model is kept. Raises `InputError` for events that cannot be used.
        """
        check_share(share)
        data = self._events(events, items, columns)
        judges = None if test is None else self._judges(data.log, self._later_log(test))
        gathered = Gathered(data, data.rows, test=judges)
        return self._study_of(FileStudy(gathered, self._split(data, share) if test is None else None), run)

    def evaluate(self, events: Given) -> Evaluation:
        """Evaluate the fitted model on events, against the baselines that were fitted with it.

        Of a log that reaches back into the time of the training only the later events are asked for.
        """
        data = Events(self._later_log(events))
        self.holdout_ = self._evaluated(self._fitted(), data, data.rows)
        return self.holdout_.evaluation

    # Using

    def predict(self, events: Given) -> npt.NDArray[np.object_]:
        """The likeliest next item after each history, in the order of the histories."""
        log = self._later_log(events)
        codes, _shares = self._ranked(log, 1)
        return np.array([self.items_[code] for code in codes[:, 0]], dtype=object)

    def recommend(self, events: Given, top: int = 20) -> pd.DataFrame:
        """The first `top` items after each history: user, rank (from 1), item, share; and the next numbers.

        `share` is the probability among all items.
        """
        log = self._later_log(events)
        return self._recommended(log, top)

    def next_numbers(self, events: Given) -> pd.DataFrame:
        """user, number, and its quantiles "10 %", "50 %", "90 %" for the event after each history; gaps in seconds."""
        model, log = self._fitted(), self._later_log(events)
        found = model.next_numbers(model.reader.encode(log), log.offsets[1:])
        frames = [
            pd.DataFrame({"user": log.users, "number": name}).assign(
                **{f"{round(100 * level)} %": values[:, k] for k, level in enumerate(LEVELS)}
            )
            for name, values in found.items()
        ]
        columns = ["user", "number", *(f"{round(100 * level)} %" for level in LEVELS)]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    def explain(self, events: Given, *, top: int = 1) -> pd.DataFrame:
        """Which past events spoke for the first `top` proposals: user, proposal, event (from 1), item, attribution.

        An attribution is how much the logarithm of the proposal's share falls without that event. Of long histories
        the latest 30 events are looked at.
        """
        return explain_last(self._fitted(), self._later_log(events), top)

    def stream(
        self, events: Given | None = None, *, users: Sequence[Any] | None = None, threads: int | None = None
    ) -> EventStream:
        """Users whose states go on after training, one step per event: those of `events`, and further `users`."""
        model = self._fitted()
        log = None if events is None else self._later_log(events)
        names = [] if log is None else list(map(str, log.users))
        names += [str(user) for user in users or () if str(user) not in set(names)]
        stream = EventStream(model, names, threads)
        return stream if log is None else stream.begin(log)

    @property
    def items_(self) -> tuple[Any, ...]:
        """All items that can be proposed; those known by their features alone are the last."""
        return self._fitted().reader.items

    def facts(self) -> list[Fact]:
        """What the fitted estimator decided by itself, and how to decide otherwise."""
        return model_facts(self._fitted())

    # Of a study

    def prepare(self, opened: Opened, *, share: float = 0.2, **columns: Any) -> Prepared:
        """The log of a file by its columns; `test` and `items` are files of their own."""
        return super().prepare(opened, share=share, **columns)

    def _gathered(  # pyright: ignore[reportIncompatibleMethodOverride]  # its columns by name
        self,
        opened: Opened,
        roles: Usage | None,
        *,
        test: str | Path | None = None,
        items: str | Path | None = None,
        repeats: Literal["keep", "drop"] = "drop",
        empty: Literal["refuse", "drop"] = "refuse",
        day_first: bool | None = None,
        **columns: Any,
    ) -> Gathered:
        if roles is not None:
            return self._gathered_later(opened, roles)
        check_arguments(self)
        given = {name: value for name, value in columns.items() if value is not None}
        given |= {name: [given[name]] for name in ("features", "ignore") if isinstance(given.get(name), str)}
        given |= {name: single_column(given[name], name) for name in ("user", "item", "time") if name in given}
        known = understand_events(opened.frame, source=opened.source, repeats=repeats, empty=empty, **given)
        log, known, facts = learn_events(opened.frame, known, day_first=day_first, source=opened.source)
        refuse_numbers(tuple(self.numbers), log)
        refuse_short(log, known, opened.source)
        self.roles_ = self._usage(known)
        described = None if items is None else self._catalogue(read_examples_file(items)[0], Path(items).name)
        judges = None
        if test is not None:
            later = self._later_log(read_examples_file(test, **opened.reading)[0], Path(test).name)
            judges = self._judges(log, later)
            told = _("{file}, {size}", file=Path(test).name, size=counted(len(judges.rows), "question"))
            facts.append(Fact(_("test part"), told, option("test")))
        data = Events(log, described)
        return Gathered(data, data.rows, self.roles_, facts, judges)

    def _gathered_later(self, opened: Opened, roles: Usage) -> Gathered:
        columns, frame = roles.columns, opened.frame
        if columns is None:
            raise InputError(
                _("this model was fitted to lists of items, not to a file: use recurra.load(...).recommend in Python")
            )
        require_columns([columns.item], [str(name) for name in frame.columns], opened.source, "")
        missing = [name for name in columns.context if name not in frame]
        frame = frame.assign(**dict.fromkeys(missing, np.nan)) if missing else frame
        log, facts = read_events(frame, columns, source=opened.source)
        data = Events(log)
        return Gathered(data, data.rows, roles, [*facts, *unknown_facts(log, self._fitted().reader, missing)])

    def _judges(self, log: EventLog, later: EventLog) -> Gathered:
        asked = later_events(log, later, int(self.least))
        return Gathered(asked, asked.rows)

    def _split(self, data: Events, share: float) -> Parts:
        return split_log(data.log, Cut(self.split, share), int(self.least))

    def _run(self, run: Run | None, *, trainings: int) -> Run:
        return super()._run(run, trainings=trainings + 1)  # the first one holds its last part out

    def _trained(self, data: Events, *, run: Run, name: str) -> NextEventModel:
        log = data.alone
        refuse_short(log, self._columns or EventColumns("item", "history"), "events")
        reader = EventReader.learn(log, data.items)
        recipe, wanted = self._recipe(log, reader), tuple(self.numbers)
        return fit_model(log, reader, recipe, Cut(self.split), wanted=wanted, run=run, name=name)

    def _refitted(self, model: NextEventModel, data: Events, *, run: Run) -> NextEventModel:
        reader = EventReader.learn(data.log, data.items)
        return refit(model, data.log, reader, wanted=tuple(self.numbers), run=run, name="training")

    def _compared(self, model: Any, data: Any, run: Run) -> Any:
        return model  # the baselines were learnt with it

    def _with_baselines(self, model: Any, data: Any) -> Any:
        return model

    def _evaluated(self, model: NextEventModel, data: Events, rows: Any, *, done: Done = nobody) -> Tested:
        note = ""
        if data.places is None:
            data, note = asked_of(data.log, model.until, int(self.least))
        tested = evaluate_model(model, data, units=self._units(data.log), done=done)
        if note:
            evaluation = tested.evaluation
            tested = replace(tested, evaluation=replace(evaluation, notes=(note, *evaluation.notes)))
        return tested

    def _units(self, log: EventLog) -> npt.NDArray[np.int64] | None:
        """What histories belong to that are drawn together in the bootstrap; None: each by itself."""
        return None

    def _recipe(self, log: EventLog, reader: EventReader) -> Recipe:
        return Recipe(
            cell=self.cell,
            members=int(self.members),
            network=chosen_options(self.network, default_network(reader, self.cell)),
            training=chosen_options(self.training, default_training(log, reader, self.cell)),
            keep_seen=self._repeats(log) if self.seen == "auto" else self.seen == "keep",
            seed=int(self.seed),
        )

    def _repeats(self, log: EventLog) -> bool:
        """Whether items of the past come again in these histories."""
        return repeats_share(log) >= _RARE

    # Its pages and files

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return evaluation_frame(tested, self._user)

    def _predicted(self, data: Events, rows: Any, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        log, top = data.log, int(shown.get("top") or _SHOWN)
        for first in range(0, len(log.users), _AT_ONCE):
            last = min(first + _AT_ONCE, len(log.users))
            part = log.keep((log.owners >= first) & (log.owners < last))
            yield self._recommended(part, top).rename(columns={"user": self._user})
            done(int(log.offsets[last]))

    def preview(self) -> RankedPreview:
        """The first histories with their first items."""
        return RankedPreview()

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """Of some histories of the file."""
        if step is not None:
            raise InputError(
                _(
                    "{option} is about a model that tags or forecasts steps, and this one does not",
                    option=option("step", step),
                )
            )
        found = self._later(later)
        assert later is not None
        return insight_of(self.model_, found.data.log, facts=later.facts, done=done)

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show; `head` may hold `title`, `facts`, `notes` and `arguments`."""
        about = _(
            "Every method ranks all items after each history; the scores say how high the item that came "
            "next is ranked."
        )
        return super().content(**{"about": about, **head})

    def _title(self) -> str:
        return _("What comes next")

    def _panels(self, tested: Tested | None) -> list[Any]:
        return [*self.PANELS, *(() if tested is None else own_panels(tested)), "training", "memory"]

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        return panel_data(tested)

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> NextEventNetwork:
        return make_network(parts["reader"], parts["numbers"], parts["recipe"])

    def _settings_of(self, model: NextEventModel) -> dict[str, Any]:
        recipe, usage = model.recipe, self.roles_
        require(usage is not None, "it does not say how a log is read")
        assert usage is not None
        return {
            "cell": recipe.cell,
            "members": recipe.members,
            "network": recipe.network,
            "training": recipe.training,
            "seen": "keep" if recipe.keep_seen else "exclude",
            "split": usage.cut.by,
            "least": usage.least,
            "numbers": usage.wanted,
            "seed": recipe.seed,
        }

    def _check_opened(self, model: NextEventModel) -> None:
        check_model(model)

    # The steps of it

    def _recommended(self, log: EventLog, top: int) -> pd.DataFrame:
        codes, shares = self._ranked(log, top)
        count = codes.shape[1]
        frame = pd.DataFrame(
            {
                "user": np.repeat(log.users, count),
                "rank": np.tile(np.arange(1, count + 1), len(log.users)),
                "item": np.array(self.items_, dtype=object)[codes.ravel()],
                "share": shares.ravel(),
            }
        )
        model = self._fitted()
        for name, values in model.next_numbers(model.reader.encode(log), log.offsets[1:]).items():
            called = "seconds_until" if name == GAP else f"next_{name}"
            frame[called] = np.repeat(values[:, LEVELS.index(0.5)], count)
        return frame

    def _ranked(self, log: EventLog, top: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The first items [U, top] after each history, as numbers from 0, and their shares."""
        if top < 1:
            raise InputError(_("top is {top}: expected a whole number of at least 1", top=top))
        model = self._fitted()
        encoded = model.reader.encode(log)
        ends = encoded.offsets[1:]
        asked = model.asked(encoded, encoded.offsets[:-1], ends)
        scorer = model.scorer(encoded, ends)
        found, shares = [], []
        for places in asked.chunks():
            part = asked.part(places)
            scores = np.array(scorer(part, places), dtype=np.float64)
            if not model.recipe.keep_seen:
                seen = scores.copy()
                forget_seen(scores, part)
                nothing_new = ~np.isfinite(scores).any(axis=1)  # who has seen every item is proposed those again
                scores[nothing_new] = seen[nothing_new]
            scores -= scores.max(axis=1, keepdims=True)
            chances = np.exp(scores)
            chances /= chances.sum(axis=1, keepdims=True)
            chosen = best(scores, min(top, scores.shape[1]))
            found.append(chosen)
            shares.append(np.take_along_axis(chances, chosen, axis=1))
        return np.concatenate(found), np.concatenate(shares)

    @property
    def _columns(self) -> EventColumns | None:
        return None if self.roles_ is None else self.roles_.columns

    @property
    def _user(self) -> str:
        """What the column of users is called in files."""
        columns = self._columns
        return columns.user if columns is not None and columns.user is not None else "history"

    def _usage(self, columns: EventColumns | None) -> Usage:
        return Usage(columns, Cut(self.split), int(self.least), tuple(self.numbers))

    def _events(self, events: Given, items: pd.DataFrame | None, columns: Mapping[str, Any]) -> Events:
        check_arguments(self)
        return Events(self._log(events, columns), self._catalogue(items))

    def _log(self, events: Given, columns: Mapping[str, Any]) -> EventLog:
        """Events that are learnt from; `roles_` is how they were read."""
        wrong = next((name for name in columns if name not in _COLUMNS), None)
        if wrong is not None:
            raise InputError(
                _("{wrong} is no kind of column: expected some of {known}", wrong=wrong, known=listing(_COLUMNS))
            )
        given = {name: value for name, value in columns.items() if value is not None}
        if not isinstance(events, EventLog):
            events = in_pandas(events)
        log, known, _facts = log_of(events, given)
        if not len(log):
            raise InputError(_("events holds no event"))
        refuse_numbers(tuple(self.numbers), log)
        self.roles_ = self._usage(known)
        return log

    def _later_log(self, events: Given, source: str = "events") -> EventLog:
        """Events read as those that were learnt from."""
        if isinstance(events, EventLog):
            return events
        events = in_pandas(events)
        if isinstance(events, pd.DataFrame):
            columns = self._columns
            if columns is None:
                raise InputError(_("this model was fitted to lists of items: give a list of items for each history"))
            return read_events(events, columns, source=source)[0]
        log = log_of(events, {})[0]
        if not len(log):
            raise InputError(_("events holds no event"))
        return log

    def _catalogue(self, items: pd.DataFrame | None, source: str = "items") -> pd.DataFrame | None:
        """Features of items by item."""
        assert items is None or self._columns is not None
        return None if items is None else catalogue_of(items, self._columns.item, source)  # pyright: ignore[reportOptionalMemberAccess]
