"""Records of games as histories: what each actor did in each episode, and what its rivals did at the same step.

A table is long (a row for each actor and step, the actor in a column) or wide (a row for each step, a column of actions
for each actor). A history is one actor in one episode; with its own action comes that of the others, which an actor
knows when it acts the next time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

HISTORY, ACTION, RIVALS, EPISODE = "history", "action", "rivals", "episode"
_APART = " / "
_TOGETHER = " + "


@dataclass(frozen=True)
class GameColumns:
    """Which columns say in which episode, who, what, and in which step; `actor` is None of a wide table.

    `step`, where it is given, orders the rows of an episode; `context` are further columns that come with a step.
    """

    actions: tuple[str, ...]
    episode: str | None = None
    actor: str | None = None
    step: str | None = None
    context: tuple[str, ...] = ()


def game_columns(
    frame: pd.DataFrame,
    *,
    action: Sequence[str],
    actor: str | None = None,
    episode: str | None = None,
    step: str | None = None,
    context: Sequence[str] = (),
    source: str = "the table",
) -> GameColumns:
    """The columns of a table of games. Raises InputError for names that there are not, or that contradict others."""
    names = [str(name) for name in frame.columns]
    for given, flag in ((action, "action"), ([actor], "actor"), ([episode], "episode"), ([step], "step")):
        require_columns([name for name in given if name is not None], names, source, option(flag))
    require_columns(context, names, source, option("features"))
    if not action:
        raise InputError(
            _(
                "no column of {source} is said to hold what was done ({names}): name it with {action}",
                source=source,
                names=listing(names[:8]),
                action=option("action"),
            )
        )
    if len(set(action)) > 1 and actor is not None:
        raise InputError(
            _(
                "{action} names several columns, each of which is an actor, and {actor} another column of actors: give "
                "one column of actions, or leave {actor} out",
                action=option("action"),
                actor=option("actor"),
            )
        )
    return GameColumns(tuple(dict.fromkeys(action)), episode, actor, step, tuple(context))


def histories_of(
    frame: pd.DataFrame, columns: GameColumns, *, source: str = "the table"
) -> tuple[pd.DataFrame, list[Fact]]:
    """A row for each action, in the order of its history: history, episode, action, rivals, and the context.

    A missing action is no event. Raises InputError where an actor acts twice in a step that is named.
    """
    wanted = [columns.episode, columns.actor, columns.step]
    known = [str(name) for name in frame.columns]
    require_columns([*columns.actions, *(name for name in wanted if name is not None)], known, source, "")
    rows = pd.DataFrame({"row": np.arange(len(frame))})
    rows[EPISODE] = "1" if columns.episode is None else _text(frame[columns.episode])
    if columns.step is not None:
        order = pd.to_numeric(frame[columns.step], errors="coerce")
        if order.isna().any():
            place = int(order.isna().to_numpy().argmax())
            raise InputError(
                _(
                    "column {column!r} of {source} holds {value!r} in row {row}: expected numbers that order the steps",
                    column=columns.step,
                    source=source,
                    value=frame[columns.step].iloc[place],
                    row=place + 1,
                )
            )
        rows["step"] = order.to_numpy()
    for name in columns.context:
        rows[name] = frame[name].to_numpy() if name in frame else np.nan
    parts = []
    for name in columns.actions:
        actor = name if columns.actor is None else _text(frame[columns.actor])
        parts.append(rows.assign(**{"actor": actor, ACTION: _text(frame[name], missing=True)}))
    long = pd.concat(parts, ignore_index=True)
    if columns.step is None:  # the n-th action of each actor is that of step n
        long = long.sort_values("row", kind="stable")
        long["step"] = long.groupby([EPISODE, "actor"], sort=False).cumcount()
    elif (twice := long.duplicated([EPISODE, "actor", "step"])).any():
        first = long[twice].iloc[0]
        raise InputError(
            _(
                "{actor} acts twice in step {step:g} of episode {episode} of {source} (row {row}): expected once, or "
                "leave {option} out",
                actor=first["actor"],
                step=first["step"],
                episode=first[EPISODE],
                source=source,
                row=int(first["row"]) + 1,
                option=option("step"),
            )
        )
    long = _with_rivals(long)
    missing = long[ACTION].isna()
    facts = [
        Fact(
            _("games"),
            _(
                "{episodes}, {actors}, {actions}",
                episodes=counted(long[EPISODE].nunique(), "episode"),
                actors=counted(len(long[[EPISODE, "actor"]].drop_duplicates()), "actor"),
                actions=counted(int((~missing).sum()), "action"),
            ),
        )
    ]
    if missing.any():
        facts.append(
            Fact(_("missing"), _("{actions} without a word: left out", actions=counted(int(missing.sum()), "action")))
        )
    long = long[~missing].sort_values([EPISODE, "actor", "step"], kind="stable", key=_as_met)
    long[HISTORY] = long[EPISODE] + _APART + long["actor"].str.replace(_APART, "/")
    kept = [HISTORY, EPISODE, ACTION, *([RIVALS] if RIVALS in long else []), *columns.context, "row"]
    return long[kept].reset_index(drop=True), facts


def episode_of(history: str) -> str:
    """The episode of a history of `histories_of`, by its name."""
    return history.rpartition(_APART)[0]


def _with_rivals(long: pd.DataFrame) -> pd.DataFrame:
    """With what the others did in the same step, where there are any: a word for all of them together."""
    keys = long[EPISODE] + _APART + long["step"].astype(str)
    codes = pd.factorize(keys)[0]
    counts = np.bincount(codes)
    if counts.max(initial=0) < 2:
        return long
    if counts.max() == 2:  # the other one of each pair
        order = np.argsort(codes, kind="stable")
        first = np.flatnonzero(np.diff(codes[order]) == 0)
        a, b = order[first], order[first + 1]
        found = np.full(len(long), None, dtype=object)
        words = long[ACTION].to_numpy(dtype=object)
        found[a], found[b] = words[b], words[a]
        return long.assign(**{RIVALS: found})
    words = long[ACTION].fillna("").to_numpy(dtype=object)
    found = np.full(len(long), None, dtype=object)
    for rows in pd.Series(np.arange(len(long))).groupby(codes).indices.values():
        for row in rows:
            found[row] = _TOGETHER.join(sorted(words[other] for other in rows if other != row)) or None
    return long.assign(**{RIVALS: found})


def _as_met(column: pd.Series) -> pd.Series:
    """Words in the order in which they first occur, numbers as they are."""
    return column if column.name == "step" else pd.Series(pd.factorize(column)[0], index=column.index)


def _text(column: pd.Series, *, missing: bool = False) -> pd.Series:
    texts = column.astype(object).map(lambda value: str(value).strip(), na_action="ignore").reset_index(drop=True)
    texts = texts.where(texts.notna() & (texts != ""), None)
    return texts if missing else texts.fillna("")
