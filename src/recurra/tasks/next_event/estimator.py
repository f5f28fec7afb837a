"""NextEvent: what comes next in a history of events, ranked, evaluated on all items, explained, streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra import cells
from recurra.data.events.games import GameColumns
from recurra.data.events.log import EventLog, merged
from recurra.data.events.reader import EventReader
from recurra.data.events.reading import EventColumns, identifiers, log_of, read_events, refuse_short
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import require_columns
from recurra.deploy.model_file import Contents
from recurra.errors import InputError
from recurra.evaluation.ranking.ranks import best, forget_seen
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _
from recurra.nn.next_event import LEVELS, NextEventOptions
from recurra.tasks.next_event.contract import FileContract
from recurra.tasks.next_event.evaluating import EventTest, evaluate_model
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.next_event.facts import model_facts
from recurra.tasks.next_event.model import GAP, NextEventModel, Recipe, fit_model, refit, repeats_share
from recurra.tasks.next_event.model_file import KIND, FittedState, Usage, from_contents, to_contents
from recurra.tasks.next_event.splitting import Cut, questions, split_log
from recurra.tasks.next_event.stream import EventStream
from recurra.tasks.parameters import check_options, chosen_options
from recurra.training import Run, TrainingOptions
from recurra.training.progress import check_verbose
from recurra.training.run import pick_device

Events = pd.DataFrame | EventLog | Sequence[Sequence[Any]]

_LARGEST_SEED = 2**32 - 1
_RARE = 0.01  # of the events that repeat an item, below which seen items are not proposed
_FEW = 100  # items
_SAMPLED = 20_000  # items above which some are drawn in training
_COLUMNS = ("user", "item", "time", "features", "ignore", "repeats")


class NextEvent(FileContract):
    """Learns from histories of events what comes next: which item, when, and numbers that come with it.

    A causal recurrence reads the items of a history and what comes with them; every item gets a score, and where
    held-out events say so, neighbours and n-grams add theirs.

    cell      the recurrence: see `recurra.cells`
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

    KIND = KIND
    asks = ("top",)
    model_: NextEventModel
    verdict_: str | None
    columns_: EventColumns | None
    games_: GameColumns | None = None  # of records of games: see `tasks.play.moves`
    holdout_: EventTest

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
        self.split = split
        self.least = least
        self.numbers = numbers
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # Learning

    def fit(self, events: Events, *, items: pd.DataFrame | None = None, run: Run | None = None, **columns: Any) -> Self:
        """Learn from a table of events, or from lists of items, one for each history.

        `columns` name the columns of a table: user, item, time, features (context), ignore; detected where they are
        not. `items` is a table of features of items, with the same item column: items without an event can then be
        proposed. Raises `InputError` for events that cannot be used, with the row.
        """
        self._check()
        log = self._log(events, columns)
        run = self._run(run, trainings=2)
        self._learn(log, self._catalogue(items), Cut(self.split), run, "training")
        self.verdict_ = None
        if hasattr(self, "holdout_"):
            del self.holdout_
        return self

    def study(
        self,
        events: Events,
        *,
        test: Events | None = None,
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
        self._check()
        log = self._log(events, columns)
        described = self._catalogue(items)
        later = None if test is None else self._later_log(test)
        return self._study(log, described, later, share, run)

    def evaluate(self, events: Events) -> Evaluation:
        """Evaluate the fitted model on events, against the baselines that were fitted with it.

        Of a log that reaches back into the time of the training only the later events are asked for.
        """
        model = self._fitted()
        log = self._later_log(events)
        asked, note = self._asked(log)
        self.holdout_ = evaluate_model(model, log, asked, units=self._units(log))
        if note:
            evaluation = self.holdout_.evaluation
            self.holdout_ = replace(self.holdout_, evaluation=replace(evaluation, notes=(note, *evaluation.notes)))
        return self.holdout_.evaluation

    # Using

    def predict(self, events: Events) -> npt.NDArray[np.object_]:
        """The likeliest next item after each history, in the order of the histories."""
        log = self._later_log(events)
        codes, _shares = self._ranked(log, 1)
        return np.array([self.items_[code] for code in codes[:, 0]], dtype=object)

    def recommend(self, events: Events, top: int = 20) -> pd.DataFrame:
        """The first `top` items after each history: user, rank (from 1), item, share; and the next numbers.

        `share` is the probability among all items.
        """
        log = self._later_log(events)
        return self._recommended(log, top)

    def next_numbers(self, events: Events) -> pd.DataFrame:
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

    def explain(self, events: Events, *, top: int = 1) -> pd.DataFrame:
        """Which past events spoke for the first `top` proposals: user, proposal, event (from 1), item, attribution.

        An attribution is how much the logarithm of the proposal's share falls without that event. Of long histories
        the latest 30 events are looked at.
        """
        return explain_last(self._fitted(), self._later_log(events), top)

    def stream(
        self, events: Events | None = None, *, users: Sequence[Any] | None = None, threads: int | None = None
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
        return model_facts(self._fitted(), auto=self.seen == "auto")

    # Files

    def save(self, path: str | Path) -> None:
        """Write the model file, one `.safetensors`; `recurra.load` reads it."""
        from recurra import __version__

        usage = Usage(self.columns_, Cut(self.split), int(self.least), tuple(self.numbers), self.games_)
        state = FittedState(self._fitted(), usage, self.verdict_)
        self._write(path, to_contents(state, kind=self.KIND, made_by=__version__))

    @classmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator that wrote the `contents` of the file at `path`."""
        kept = from_contents(contents, path)
        recipe, usage = kept.model.recipe, kept.usage
        made = cls(
            cell=recipe.cell,
            members=recipe.members,
            network=recipe.network,
            training=recipe.training,
            seen="keep" if recipe.keep_seen else "exclude",
            split=usage.cut.by,
            least=usage.least,
            numbers=usage.wanted,
            seed=recipe.seed,
        )
        made.model_, made.columns_, made.verdict_ = kept.model, usage.columns, kept.verdict
        made.games_ = usage.games
        return made

    # The steps of it

    def _study(
        self,
        log: EventLog,
        described: pd.DataFrame | None,
        later: EventLog | None,
        share: float,
        run: Run | None,
    ) -> Evaluation:
        run = self._run(run, trainings=3 if later is None else 2)
        cut = Cut(self.split, share)
        if later is not None:
            self._learn(log, described, Cut(self.split), run, "training")
            whole = merged(log, later) if np.isin(later.users, log.users).any() else later
            known = np.isin(whole.users, later.users)[whole.owners]
            fresh = np.ones(len(whole), dtype=bool)
            if whole is not later:
                counts = dict(zip(log.users.tolist(), log.lengths.tolist(), strict=True))
                before = np.array([counts.get(user, 0) for user in whole.users.tolist()], dtype=np.int64)
                fresh = np.arange(len(whole)) - np.repeat(whole.offsets[:-1], whole.lengths) >= before[whole.owners]
            asked = questions(whole, known & fresh, int(self.least))
            if not len(asked):
                raise InputError(_("the test events hold no event with another one before it: nothing can be asked"))
            self.holdout_ = evaluate_model(self.model_, whole, asked, run=run, units=self._units(whole))
        else:
            learnt, asked, self.how_ = split_log(log, cut, int(self.least))
            self._learn(learnt, described, Cut(self.split), run, "study")
            self.holdout_ = evaluate_model(self.model_, log, asked, run=run, units=self._units(log))
            if not self.model_.interrupted:
                reader = EventReader.learn(log, described)
                kept = refit(self.model_, log, reader, wanted=tuple(self.numbers), run=run, name="training")
                if not kept.interrupted:
                    self.model_ = kept
        self.verdict_ = self.holdout_.evaluation.verdict.sentence
        return self.holdout_.evaluation

    def _units(self, log: EventLog) -> npt.NDArray[np.int64] | None:
        """What histories belong to that are drawn together in the bootstrap; None: each by itself."""
        return None

    def _learn(self, log: EventLog, described: pd.DataFrame | None, cut: Cut, run: Run, name: str) -> None:
        refuse_short(log, self.columns_ or EventColumns("item", "history"), "events")
        reader = EventReader.learn(log, described)
        self.model_ = fit_model(
            log, reader, self._recipe(log, reader), cut, wanted=tuple(self.numbers), run=run, name=name
        )

    def _recipe(self, log: EventLog, reader: EventReader) -> Recipe:
        keep = self.seen == "keep" or (self.seen == "auto" and repeats_share(log) >= _RARE)
        return Recipe(
            cell=self.cell,
            members=int(self.members),
            network=chosen_options(self.network, default_network(reader)),
            training=chosen_options(self.training, default_training(log, reader)),
            keep_seen=keep,
            seed=int(self.seed),
        )

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

    def _asked(self, log: EventLog) -> tuple[npt.NDArray[np.int64], str]:
        """The questions of a later log, and what is to be said of them."""
        until = self._fitted().until
        every = np.ones(len(log), dtype=bool)
        note = ""
        if until is not None and log.times is not None and (log.times <= until).any():
            after = log.times > until
            if len(questions(log, after, int(self.least))):
                every = after
            else:
                note = _(
                    "No event is later than the training data: the model may have been trained on these very events."
                )
        asked = questions(log, every, int(self.least))
        if not len(asked):
            raise InputError(_("no history has two events: there is nothing to evaluate"))
        return asked, note

    def _log(self, events: Events, columns: Mapping[str, Any]) -> EventLog:
        """Events that are learnt from; `columns_` is how they were read."""
        wrong = next((name for name in columns if name not in _COLUMNS), None)
        if wrong is not None:
            raise InputError(
                _("{wrong} is no kind of column: expected some of {known}", wrong=wrong, known=", ".join(_COLUMNS))
            )
        given = {name: value for name, value in columns.items() if value is not None}
        if not isinstance(events, EventLog):
            events = in_pandas(events)
        log, self.columns_, self.log_facts_ = log_of(events, given)
        if not len(log):
            raise InputError(_("events holds no event"))
        for name in self.numbers:
            if name not in log.context or log.context[name].dtype.kind != "f":
                raise InputError(
                    _(
                        "numbers names {name!r}: expected numeric columns that come with an event, of {known}",
                        name=name,
                        known=", ".join(log.context) or _("which there is none"),
                    )
                )
        return log

    def _later_log(self, events: Events) -> EventLog:
        """Events read as those that were learnt from."""
        if isinstance(events, EventLog):
            return events
        events = in_pandas(events)
        if isinstance(events, pd.DataFrame):
            columns = self.columns_
            if columns is None:
                raise InputError(_("this model was fitted to lists of items: give a list of items for each history"))
            return read_events(events, columns, source="events")[0]
        log = log_of(events, {})[0]
        if not len(log):
            raise InputError(_("events holds no event"))
        return log

    def _catalogue(self, items: pd.DataFrame | None, source: str = "items") -> pd.DataFrame | None:
        """Features of items by item."""
        if items is None:
            return None
        name = None if self.columns_ is None else self.columns_.item
        assert name is not None
        items = pd.DataFrame(in_pandas(items))
        require_columns([name], [str(column) for column in items.columns], source, "")
        keys = identifiers(items[name], name, source)
        known = items.drop(columns=name).set_index(pd.Index(keys))
        if known.index.has_duplicates:
            twice = known.index[known.index.duplicated()][0]
            raise InputError(
                _("{source} describes the item {item!r} twice: give a row for each", source=source, item=twice)
            )
        return known

    def _check(self) -> None:
        cells.get(self.cell)
        for name, value, least in (("members", self.members, 1), ("seed", self.seed, 0), ("least", self.least, 1)):
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole or not least <= value <= _LARGEST_SEED:
                raise InputError(
                    _(
                        "{name} is {value!r}: expected a whole number of at least {least}",
                        name=name,
                        value=value,
                        least=least,
                    )
                )
        choices = (("seen", self.seen, ("auto", "keep", "exclude")), ("split", self.split, ("time", "histories")))
        for name, value, known in choices:
            if value not in known:
                raise InputError(
                    _("{name} is {value!r}: expected one of {known}", name=name, value=value, known=", ".join(known))
                )
        check_verbose(self.verbose)
        pick_device(self.device)
        check_options("network", self.network, NextEventOptions)
        check_options("training", self.training, TrainingOptions)
        chosen_options(self.network, NextEventOptions()).check()


def default_network(reader: EventReader) -> NextEventOptions:
    """Few items are seen often and need little noise; of very many some are drawn in training."""
    items = len(reader.items)
    if items <= _FEW:
        return NextEventOptions(dropout=0.1)
    cold = reader.item_features.shape[1] > 0
    return NextEventOptions(item_dropout=0.1 if cold else 0.0, negatives=2048 if items > _SAMPLED else 0)


def default_training(log: EventLog, reader: EventReader) -> TrainingOptions:
    """Passes and batches by the number of histories; few items take larger steps."""
    histories = int((log.lengths > 1).sum())
    batch = int(np.clip(2 ** round(np.log2(max(histories, 1) / 500)), 16, 64))
    epochs = float(np.clip(800_000 / max(len(log), 1), 2, 30))
    rate = 5e-3 if len(reader.items) <= _FEW else 3e-3
    return TrainingOptions(epochs=epochs, batch_size=batch, learning_rate=rate)
