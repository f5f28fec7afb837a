"""From a table of events to a log: which column says who, what and when, and what is refused.

A column is detected by its name (user, session, case; item, product, activity; time, timestamp) unless it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.events.log import EventLog
from recurra.data.examples.ragged import offsets_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import require_columns, words_in
from recurra.data.time.times import read_times
from recurra.errors import InputError
from recurra.formatting import percent
from recurra.language import _, counted, listing
from recurra.options import offered, option, ways

_USER = (
    frozenset("session sessionid 会话 会话id 会话编号".split()),
    frozenset("case caseid game 案例 案例编号 对局".split()),
    frozenset(
        "user userid uid customer customerid visitor visitorid member memberid player buyer client account "
        "用户 用户id 用户编号 客户 客户id 客户编号 会员 会员id 会员编号 买家 玩家".split()
    ),
)
_ITEM = (
    frozenset(
        "item itemid product productid movie movieid article sku track song book "
        "商品 商品id 商品编号 物品 产品 产品id 产品编号 电影 歌曲 文章".split()
    ),
    frozenset("activity activityid event action move page url 活动 事件 动作 行为 页面".split()),
)
_TIME = (
    frozenset("time timestamp ts datetime date at when 时间 时间戳 日期 下单时间 点击时间".split()),
    frozenset("completetimestamp begin start 开始时间 datum zeit fecha heure".split()),
)
_SECONDS, _MILLISECONDS = (1e8, 1e10), (1e11, 1e13)
_CATEGORIES = 1000  # a column with more different words says who an event is, and not what it is like
_FIRST, _LAST = 946_684_800, 2_051_222_400  # seconds at the start of 2000, of 2035
_SHOWN = 20  # cells that show whether a column of texts holds dates
ALONE = "all"  # the user where there is no column of users


@dataclass(frozen=True)
class EventColumns:
    """Which columns say who (None: one long history), what and when; `context` what else comes with an event.

    `repeats`: whether an event that says the same as the one before at the same time is kept. `empty`: whether a row
    that lacks who, what or when is refused or left out.
    """

    item: str
    user: str | None = None
    time: str | None = None
    context: tuple[str, ...] = ()
    repeats: Literal["keep", "drop"] = "drop"
    time_format: str | None = None
    empty: Literal["refuse", "drop"] = "refuse"


def understand_events(
    frame: pd.DataFrame,
    *,
    user: str | None = None,
    item: str | None = None,
    time: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    repeats: Literal["keep", "drop"] = "drop",
    empty: Literal["refuse", "drop"] = "refuse",
    source: str = "the table",
) -> EventColumns:
    """Which column plays which part. Raises InputError for a name that there is not, and where no item can be told."""
    names = [str(name) for name in frame.columns]
    if empty not in ("refuse", "drop"):
        raise InputError(_("empty is {value!r}: expected refuse or drop", value=empty))
    for given, flag in ((user, "user"), (item, "item"), (time, "time")):
        if given is not None:
            require_columns([given], names, source, option(flag))
    for given, flag in ((features or (), "features"), (ignore, "ignore")):
        require_columns(given, names, source, option(flag))
    free = [name for name in names if name not in {user, item, time, *(features or ()), *ignore}]

    def detected(sets: Sequence[frozenset[str]]) -> str | None:
        for words in sets:
            for name in free:
                if words_in(name) & words:
                    free.remove(name)
                    return name
        return None

    time = time or detected(_TIME)
    user = user or detected(_USER)
    item = item or detected(_ITEM)
    time = time or next((name for name in free if _holds_times(frame[name])), None)
    if item is None:
        raise InputError(
            _(
                "no column of {source} is known to say which item an event is about ({names}): name it with {flag}",
                source=source,
                names=listing(names[:8]),
                flag=option("item"),
            )
        )
    if features is None:
        features = [name for name in free if name not in {user, item, time} and _tells(frame[name])]
    return EventColumns(item, user, time, tuple(features), repeats, empty=empty)


def _tells(column: pd.Series) -> bool:
    """Whether a column may be read with an event: numbers that vary, or words of which there are not too many."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.nunique() > 1
    return 1 < column.nunique() <= min(_CATEGORIES, len(column) // 4)


def _holds_times(column: pd.Series) -> bool:
    """Whether the cells are dates, or whole numbers that are seconds or milliseconds from 2000 to 2035."""
    known = column.dropna()
    if not len(known):
        return False
    if pd.api.types.is_integer_dtype(known.dtype):
        return any(known.between(unit * _FIRST, unit * _LAST).all() for unit in (1, 1000))
    if pd.api.types.is_numeric_dtype(known.dtype):
        return False
    if known.dtype.kind == "M":
        return True
    texts = known.head(_SHOWN).astype(str)
    return bool(
        pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).notna().all()
        and texts.str.contains("-").all()
    )


def read_events(
    frame: pd.DataFrame, columns: EventColumns, *, source: str = "the table"
) -> tuple[EventLog, list[Fact]]:
    """The log of a table, sorted by user and time, and what was found out.

    Raises InputError for a cell without user or item, identifiers that are the same as numbers and not as words, and
    times of which some are seconds and some milliseconds.
    """
    log, _columns, facts = learn_events(frame, columns, source=source)
    return log, facts


def learn_events(
    frame: pd.DataFrame, columns: EventColumns, *, day_first: bool | None = None, source: str = "the table"
) -> tuple[EventLog, EventColumns, list[Fact]]:
    """As `read_events`, with how the times are written, by which later files are read."""
    wanted = [columns.item, *([columns.user] if columns.user else []), *([columns.time] if columns.time else [])]
    require_columns([*wanted, *columns.context], [str(name) for name in frame.columns], source, "")
    numbers, facts = np.arange(len(frame), dtype=np.int64), []
    if columns.empty == "drop":
        frame, numbers, facts = _without_empty(frame, wanted)
    for name in wanted[:2] if columns.user else wanted[:1]:
        _refuse_missing(frame[name], name, source)
    items = identifiers(frame[columns.item], columns.item, source)
    users = np.full(len(frame), ALONE, dtype=object)
    if columns.user is not None:
        users = identifiers(frame[columns.user], columns.user, source)
    times = None
    if columns.time is not None:
        times, written = _seconds(frame, columns, source, facts, day_first)
        columns = replace(columns, time_format=written)
    codes, known = pd.factorize(users)
    order = np.lexsort([codes]) if times is None else np.lexsort([times, codes])
    if times is not None and len(order) > 1:
        by_user = np.argsort(codes, kind="stable")
        turned = (np.diff(codes[by_user]) == 0) & (np.diff(times[by_user]) < 0)
        if turned.any():
            facts.append(
                Fact(
                    _("sorted"),
                    _(
                        "{rows} come before an earlier row of their history, the first is row {row}: sorted by time",
                        rows=counted(int(turned.sum()), "row"),
                        row=int(numbers[by_user[1:][turned]].min()) + 1,
                    ),
                )
            )
    context = {name: _context(frame[name]) for name in columns.context}
    kept = np.ones(len(order), dtype=bool)
    if times is not None and len(order) > 1:
        u, i, t = codes[order], items[order], times[order]
        same = (u[1:] == u[:-1]) & (t[1:] == t[:-1]) & (i[1:] == i[:-1])
        if same.any() and columns.repeats == "drop":
            kept[1:] = ~same
            facts.append(
                Fact(
                    _("repeated"),
                    _(
                        "{rows} repeat user, item and time of the one before and are read once",
                        rows=counted(int(same.sum()), "row"),
                    ),
                    option("repeats", "keep"),
                )
            )
    order = order[kept]
    counts = np.bincount(codes[order], minlength=len(known))
    log = EventLog(
        np.asarray(known, dtype=object),
        offsets_of(counts),
        items[order],
        None if times is None else times[order],
        {name: values[order] for name, values in context.items()},
        numbers[order],
    )
    facts.insert(0, _counted(log, columns))
    if columns.user is None and columns.context:
        told = _("all rows are one: no column is known to say whose event a row is")
        facts.insert(1, Fact(_("history"), told, option("user")))
    tied = log.tied.mean() if len(log) else 0.0
    if tied > 0:
        facts.append(
            Fact(_("shared times"), _("{share} of the events share their time with a neighbour", share=percent(tied)))
        )
    return log, columns, facts


def refuse_short(log: EventLog, columns: EventColumns, source: str) -> None:
    """Raise InputError where no user has two events: there is nothing that comes next."""
    if len(log) and log.lengths.max() > 1:
        return
    if columns.user is None:
        raise InputError(_("{source} holds one event: there is nothing that comes next", source=source))
    raise InputError(
        _(
            "every {user} of {source} has one event, so that nothing comes next: name the identifier "
            "of histories with {flag}, or remove the column to read one long history",
            user=columns.user,
            source=source,
            flag=option("user"),
        )
    )


def _counted(log: EventLog, columns: EventColumns) -> Fact:
    items = len(np.unique(log.items.astype(str)))
    said = _(
        "{events} of {items}, {users}",
        events=counted(len(log), "event"),
        items=counted(items, "item"),
        users=counted(len(log.users), "history", "histories"),
    )
    parts = [f"{columns.item} ({_('item')})"]
    parts += [f"{columns.user} ({_('user')})"] if columns.user else []
    parts += [f"{columns.time} ({_('time')})"] if columns.time else []
    parts += list(columns.context)
    return Fact(_("events"), f"{said}; {listing(parts)}", option("item"))


def _without_empty(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, npt.NDArray[np.int64], list[Fact]]:
    """The rows in which none of these columns is empty, their numbers from 0, and how many the others were."""
    there = frame[list(names)].notna().all(axis=1).to_numpy()
    kept = np.flatnonzero(there)
    if len(kept) == len(frame):
        return frame, kept, []
    told = _(
        "{rows} without {columns}",
        rows=counted(len(frame) - len(kept), "row"),
        columns=_(" or ").join(name for name in names if frame[name].isna().any()),
    )
    return frame[there].reset_index(drop=True), kept, [Fact("dropped", told, option("empty"))]


def _refuse_missing(column: pd.Series, name: str, source: str) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        drop = _("leave these rows out with {option}", option=option("empty", "drop")) if offered("empty") else ""
        raise InputError(
            _(
                "column {name!r} of {source} is empty in row {row} ({n} of {total} rows): {remedy}",
                remedy=ways(_("fill it"), drop or _("remove the rows")),
                name=name,
                source=source,
                row=int(missing.argmax()) + 1,
                n=int(missing.sum()),
                total=len(column),
            )
        )


def identifiers(column: pd.Series, name: str, source: str) -> npt.NDArray[np.object_]:
    """Identifiers as text; whole numbers without a point. Raises InputError where a number and a word are the same."""
    values = column.to_numpy()
    if values.dtype.kind in "iu":
        return values.astype(str).astype(object)
    if values.dtype.kind == "f":
        if bool((values == np.floor(values)).all()):
            return values.astype(np.int64).astype(str).astype(object)
        return np.array([f"{value:g}" for value in values.tolist()], dtype=object)
    distinct, inverse = [], {}
    codes = np.empty(len(values), dtype=np.int64)
    for place, value in enumerate(values.tolist()):
        key = (type(value) is str, value)
        if key not in inverse:
            inverse[key] = len(distinct)
            distinct.append(value)
        codes[place] = inverse[key]
    texts = [_text(value) for value in distinct]
    _refuse_twins(distinct, texts, codes, name, source)
    return np.array(texts, dtype=object)[codes]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _refuse_twins(distinct: list[Any], texts: list[str], codes: npt.NDArray, name: str, source: str) -> None:
    """12 and 12.0, 7 and 007: the same item, or another? It is not guessed."""
    seen: dict[Any, int] = {}
    for number, (value, text) in enumerate(zip(distinct, texts, strict=True)):
        try:
            same: Any = float(text)
        except ValueError:
            same = text
        if same in seen:
            first, second = distinct[seen[same]], value
            raise InputError(
                _(
                    "column {name!r} of {source} holds {first!r} (row {row}) and {second!r} (row {other}), which are "
                    "one number and not one text: write each item in one way",
                    name=name,
                    source=source,
                    first=first,
                    second=second,
                    row=int((codes == seen[same]).argmax()) + 1,
                    other=int((codes == number).argmax()) + 1,
                )
            )
        seen[same] = number


def _seconds(
    frame: pd.DataFrame, columns: EventColumns, source: str, facts: list[Fact], day_first: bool | None
) -> tuple[npt.NDArray[np.float64], str | None]:
    """The times of all rows in seconds, fractions of a second kept; whole numbers that are no time as they are.

    And how a column of texts writes them.
    """
    name = str(columns.time)
    column = frame[name]
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numeric:
        _refuse_missing(column, name, source)
        values = column.to_numpy(dtype=np.float64)
        inside = [(values >= low) & (values < high) for low, high in (_SECONDS, _MILLISECONDS)]
        if inside[0].any() and inside[1].any():
            rows = [int(mask.argmax()) + 1 for mask in inside]
            raise InputError(
                _(
                    "time column {name!r} of {source} mixes seconds ({first:.0f} in row {row}) and milliseconds "
                    "({second:.0f} in row {other}): write all of them in one unit",
                    name=name,
                    source=source,
                    first=values[rows[0] - 1],
                    row=rows[0],
                    second=values[rows[1] - 1],
                    other=rows[1],
                )
            )
        if inside[0].all():
            return values, None
        if inside[1].all():
            return values / 1000, None
    times = read_times(frame, [name], source=source, format=columns.time_format, day_first=day_first)
    written = None if numeric else times.format
    facts += [fact for fact in times.facts if fact.label != "time column"]
    if times.values.dtype.kind == "M":
        return times.values.astype("datetime64[us]").astype(np.int64) / 1e6, written
    return times.values.astype(np.float64), written


def _context(column: pd.Series) -> npt.NDArray:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array(
        [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)], object
    )


def log_of(
    events: pd.DataFrame | EventLog | Sequence[Sequence[Any]], columns: Mapping[str, Any], *, source: str = "the table"
) -> tuple[EventLog, EventColumns | None, list[Fact]]:
    """A log from a table, or from lists of items, one per history."""
    if isinstance(events, EventLog):
        return events, None, []
    if not isinstance(events, pd.DataFrame):
        lists = [list(history) for history in events]
        if any(isinstance(history, str) for history in events):
            raise InputError(_("events holds a text: expected a table, or a list of items for each history"))
        frame = pd.DataFrame(
            {
                "history": np.repeat(np.arange(len(lists)), [len(each) for each in lists]),
                "item": pd.Series([item for each in lists for item in each], dtype=object),
            }
        )
        frame["item"] = frame["item"].infer_objects()
        known = EventColumns("item", "history", empty=columns.get("empty", "refuse"))
        log, facts = read_events(frame, known, source="events")
        return log, known, facts
    given = dict(columns)
    day_first = given.pop("day_first", None)
    known = understand_events(events, source=source, **given)
    return learn_events(events, known, day_first=day_first, source=source)
