"""NextMove: from records of games, what an actor will do next.

Records become histories (`data/events/games.py`), one for each actor in each episode, and are learnt as `NextEvent`
learns any history; the test part is whole episodes. Among what it is compared with are the Markov chains of the actor
itself, which count what it did before in the same episode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from recurra.data.events.games import ACTION, EPISODE, HISTORY, RIVALS, GameColumns, game_columns, histories_of
from recurra.data.events.log import EventLog
from recurra.data.examples.files import read_examples_file
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, counted
from recurra.nn.next_event import NextEventOptions
from recurra.options import option
from recurra.tasks.estimator import Later, Prepared
from recurra.tasks.fitted import check_share
from recurra.tasks.next_event.estimator import NextEvent
from recurra.tasks.opened import Opened
from recurra.training import Run, TrainingOptions


class NextMove(NextEvent):
    """Learns from records of games what an actor will do next; the state goes on through all of an episode.

    The arguments are those of `NextEvent`; `least`: actions of the actor that must have come before in the episode.

    >>> import pandas as pd
    >>> games = pd.DataFrame({"game": np.repeat(range(12), 20), "a": ["rock", "paper"] * 120, "b": ["paper"] * 240})
    >>> model = NextMove(training={"epochs": 1}, verbose=False)
    >>> verdict = model.study(games, action=["a", "b"], episode="game").verdict
    >>> model.predict(games[games["game"] == 3]).tolist()
    ['rock', 'paper']
    """

    KIND = "next move"
    games_: GameColumns | None = None

    def __init__(
        self,
        *,
        cell: str = "gru",
        members: int = 1,
        network: NextEventOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        seen: Literal["auto", "keep", "exclude"] = "keep",
        split: Literal["time", "histories"] = "histories",
        least: int = 1,
        numbers: Sequence[str] = (),
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(**given)

    # From tables

    def fit(self, events: pd.DataFrame, *, run: Run | None = None, **columns: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]  # tables alone
        """Learn from a table of games by its columns: action (one, or one for each actor), actor, episode, step."""
        frame, _facts = self._understood(in_pandas(events), columns, "events")
        return super().fit(frame, run=run, **_named(frame))

    def study(  # pyright: ignore[reportIncompatibleMethodOverride]  # tables alone
        self,
        events: pd.DataFrame,
        *,
        test: pd.DataFrame | None = None,
        share: float = 0.2,
        run: Run | None = None,
        **columns: Any,
    ) -> Evaluation:
        """Learn from a part of the episodes and be evaluated on a `share` of them, or on those of `test`."""
        check_share(share)
        frame, _facts = self._understood(in_pandas(events), columns, "events")
        if test is not None:
            learnt, tested = frame, self._later_frame(in_pandas(test), "test")
        else:
            learnt, tested, _told = split_episodes(frame, share, int(self.seed))
        return super().study(learnt, test=tested, run=run, **_named(frame))

    def _understood(
        self, frame: pd.DataFrame, columns: Mapping[str, Any], source: str
    ) -> tuple[pd.DataFrame, list[Fact]]:
        given = {
            name: _list(columns[name])
            for name in ("action", "actor", "episode", "step", "features")
            if columns.get(name)
        }
        wrong = next((name for name in columns if name not in ("action", "actor", "episode", "step", "features")), None)
        if wrong is not None:
            raise InputError(
                _(
                    "{wrong} is no kind of column: expected some of {known}",
                    wrong=wrong,
                    known="action, actor, episode, step, features",
                )
            )
        known = game_columns(
            frame,
            action=given.get("action", ()),
            context=given.get("features", ()),
            source=source,
            **{name: _only(name, given[name]) for name in ("actor", "episode", "step") if name in given},
        )
        self.games_ = known
        return histories_of(frame, known, source=source)

    def _later_frame(self, frame: pd.DataFrame, source: str) -> pd.DataFrame:
        if self.games_ is None:
            raise InputError(_("this model was not fitted to records of games"))
        return histories_of(frame, self.games_, source=source)[0]

    def _later_log(self, events: Any) -> EventLog:
        if isinstance(events, pd.DataFrame) and HISTORY not in events:
            events = self._later_frame(in_pandas(events), "events")
        return super()._later_log(events)

    # From files

    def prepare(  # pyright: ignore[reportIncompatibleMethodOverride]  # columns of games
        self,
        opened: Opened,
        *,
        test: str | Path | None = None,
        share: float = 0.2,
        **columns: Any,
    ) -> Prepared:
        """The histories of a file of games; whole episodes are the test part."""
        check_share(share)
        given = {name: value for name, value in columns.items() if value is not None}
        frame, facts = self._understood(opened.frame, given, opened.source)
        if test is None:
            learnt, tested, told = split_episodes(frame, share, int(self.seed))
            facts.append(Fact("test part", told, option("share")))
        else:
            table, _found = read_examples_file(test, **opened.reading)
            learnt, tested = frame, self._later_frame(table, Path(test).name)
        way = {"test": None if test is None else str(test), "share": share}
        prepared = super().prepare(replace(opened, frame=learnt, facts=[*opened.facts, *facts]), **_named(frame))
        study = replace(prepared.data, later=super()._later_log(tested), share=share)
        shown = [fact for fact in prepared.facts if fact.flag != option("split")]
        return Prepared(study, shown, f"{prepared.digest}{_digest(tested)}", way)

    def later(self, opened: Opened) -> Later:
        """The histories of a later file of games."""
        return super().later(replace(opened, frame=self._later_frame(opened.frame, opened.source)))

    # What is particular in the evaluation and in files

    def _units(self, log: EventLog) -> np.ndarray:
        """Actors of one episode are drawn together: what one does hangs on what the other does."""
        episodes = [str(user).rsplit(" / ", 1)[0] for user in log.users]
        return pd.factorize(np.array(episodes, dtype=object))[0]


def split_episodes(frame: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """What is learnt from, what is the test part, and in words how it was chosen: a share of the episodes, at random.

    Raises InputError for a single episode.
    """
    episodes = pd.unique(frame[EPISODE])
    if len(episodes) < 2:
        raise InputError(
            _(
                "there is a single episode, which cannot also be the test part: name the column of episodes with "
                "{episode}, or give others with {test}",
                episode=option("episode"),
                test=option("test"),
            )
        )
    count = min(max(1, round(share * len(episodes))), len(episodes) - 1)
    chosen = episodes[np.random.default_rng(seed).permutation(len(episodes))[:count]]
    tested = frame[EPISODE].isin(chosen)
    told = _("whole episodes at random, {episodes}", episodes=counted(count, "episode"))
    return frame[~tested].reset_index(drop=True), frame[tested].reset_index(drop=True), told


def _named(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns of histories, as `NextEvent` takes them."""
    others = [name for name in frame.columns if name not in (HISTORY, EPISODE, ACTION, "row", RIVALS)]
    context = [*([RIVALS] if RIVALS in frame else []), *others]
    return {"user": HISTORY, "item": ACTION, "features": context, "ignore": [EPISODE, "row"], "repeats": "keep"}


def _digest(frame: pd.DataFrame) -> str:
    return f"{int(pd.util.hash_pandas_object(frame, index=False).sum()) & (2**63 - 1):x}"


def _list(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _only(name: str, given: Sequence[str]) -> str:
    if len(given) != 1:
        raise InputError(_("{option} names several columns: expected one", option=option(name)))
    return given[0]
