"""NextMove: from records of games, what an actor will do next.

Records become histories (`data/events/games.py`), one for each actor in each episode, and are learnt as `NextEvent`
learns any history; the test part is whole episodes. Among what it is compared with are the Markov chains of the actor
itself, which count what it did before in the same episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.events.games import (
    ACTION,
    EPISODE,
    HISTORY,
    RIVALS,
    GameColumns,
    episode_of,
    game_columns,
    histories_of,
)
from recurra.data.events.log import EventLog
from recurra.data.events.reading import EventColumns
from recurra.data.files.arrow import in_pandas
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.language import _, counted, listing
from recurra.options import option
from recurra.tasks.next_event.estimator import NextEvent
from recurra.tasks.next_event.events import Events, Usage
from recurra.tasks.next_event.splitting import questions
from recurra.tasks.opened import Opened
from recurra.tasks.studied import Gathered, Parts, single_column

Ints = npt.NDArray[np.int64]

_KINDS = ("action", "actor", "episode", "step", "features")  # of columns


class NextMove(NextEvent):
    """Learns from records of games what an actor will do next; the state goes on through all of an episode.

    The arguments are those of `NextEvent`; `least`: actions of the actor that must have come before in the episode. A
    table of games has columns action (one, or one for each actor), actor, episode, step and features.

    >>> import pandas as pd
    >>> games = pd.DataFrame({"game": np.repeat(range(12), 20), "a": ["rock", "paper"] * 120, "b": ["paper"] * 240})
    >>> model = NextMove(training={"epochs": 1}, verbose=False)
    >>> verdict = model.study(games, action=["a", "b"], episode="game").verdict
    >>> model.predict(games[games["game"] == 3]).tolist()
    ['rock', 'paper']
    """

    KIND = "next move"
    refit = False
    _games: GameColumns | None = None

    # Records as histories

    def _log(self, events: Any, columns: Mapping[str, Any]) -> EventLog:
        frame, _facts = self._understood(in_pandas(events), columns, "events")
        return super()._log(frame, _named(frame))

    def _later_log(self, events: Any, source: str = "events") -> EventLog:
        if isinstance(events, pd.DataFrame) and HISTORY not in events:
            if self.roles_ is None or self.roles_.games is None:
                raise InputError(_("this model was not fitted to records of games"))
            events = histories_of(in_pandas(events), self.roles_.games, source=source)[0]
        return super()._later_log(events, source)

    def _gathered(self, opened: Opened, roles: Usage | None, **columns: Any) -> Gathered:
        if roles is not None and roles.games is not None:
            frame, facts = histories_of(opened.frame, roles.games, source=opened.source)
            return super()._gathered(replace(opened, frame=frame), roles)
        test = columns.pop("test", None)
        given = {name: value for name, value in columns.items() if value is not None}
        frame, facts = self._understood(opened.frame, given, opened.source)
        found = super()._gathered(replace(opened, frame=frame), roles, test=test, **_named(frame))
        return replace(found, facts=[*facts, *found.facts])

    def _usage(self, columns: EventColumns | None) -> Usage:
        return replace(super()._usage(columns), games=self._games)

    def _understood(
        self, frame: pd.DataFrame, columns: Mapping[str, Any], source: str
    ) -> tuple[pd.DataFrame, list[Fact]]:
        wrong = next((name for name in columns if name not in _KINDS), None)
        if wrong is not None:
            raise InputError(
                _("{wrong} is no kind of column: expected some of {known}", wrong=wrong, known=listing(_KINDS))
            )
        self._games = game_columns(
            frame,
            action=_list(columns.get("action")),
            context=_list(columns.get("features")),
            source=source,
            **{name: single_column(columns.get(name), name) for name in ("actor", "episode", "step")},
        )
        return histories_of(frame, self._games, source=source)

    # Whole episodes are tested on

    def _split(self, data: Events, share: float) -> Parts:
        tested = held_out_episodes(self._units(data.log), share, int(self.seed))[data.log.owners]
        told = _(
            "whole episodes at random, {episodes}",
            episodes=counted(len(np.unique(self._units(data.log)[data.log.owners[tested]])), "episode"),
        )
        asked = questions(data.log, tested, int(self.least))
        return Parts(np.flatnonzero(~tested), asked, [Fact(_("test part"), told, option("share"))])

    def _units(self, log: EventLog) -> Ints:
        """Actors of one episode are drawn together: what one does hangs on what the other does."""
        return pd.factorize(np.array([episode_of(str(user)) for user in log.users], dtype=object))[0]

    def _repeats(self, log: EventLog) -> bool:
        return True  # what was done once may be done again


def held_out_episodes(episodes: Ints, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Whether a history [U], of the episode of this number, is in the test part: a share of them at random.

    Raises InputError for a single episode.
    """
    total = len(np.unique(episodes))
    if total < 2:
        raise InputError(
            _(
                "there is a single episode, which cannot also be the test part: name the column of episodes with "
                "{episode}, or give others with {test}",
                episode=option("episode"),
                test=option("test"),
            )
        )
    count = min(max(1, round(share * total)), total - 1)
    return np.isin(episodes, np.random.default_rng(seed).permutation(total)[:count])


def _named(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns of histories, as `NextEvent` takes them."""
    others = [name for name in frame.columns if name not in (HISTORY, EPISODE, ACTION, "row", RIVALS)]
    context = [*([RIVALS] if RIVALS in frame else []), *others]
    return {"user": HISTORY, "item": ACTION, "features": context, "ignore": [EPISODE, "row"], "repeats": "keep"}


def _list(given: Any) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)
