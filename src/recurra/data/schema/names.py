"""Column names: finding one that the user named, and words that say what a column is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from recurra import language
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

TIME_WORDS = frozenset(
    "date time datetime timestamp ds day month year week quarter period dt ts epoch unix yearmonth yyyymm yyyymmdd "
    "yyyyddd 日期 时间 日 月份 年份 年月 年 月 时间戳 季度".split()
)
# What a column of times is called in other languages; some are common words, so that only text is taken at them.
TIME_NAMES = TIME_WORDS | frozenset(
    "datum zeit zeitpunkt zeitstempel uhrzeit tag woche monat quartal jahr jahrmonat stichtag jour semaine mois "
    "trimestre année annee heure horodatage fecha hora dia día semana mes año ano período periodo data giorno "
    "settimana "
    "mese anno ora mês maand jaar kwartaal tijd dag dato tidspunkt måned kvartal uge år månad vecka tid päivä "
    "päivämäärä pvm viikko kuukausi vuosi aika dzień tydzień miesiąc kwartał rok czas měsíc týden den čas дата день "
    "неделя месяц квартал год время тиждень місяць рік час tarih gün hafta ay yıl zaman 年月日 日時 日付 年度 週 周 "
    "交易日期 날짜 일자 일시 년월 년도 mtu periode yearweek yyyyww yearquarter yyyyq isoweek weekyear".split()
)
WEEK_WORDS = frozenset(
    "week yearweek weekyear yyyyww isoweek kw woche semaine semana settimana uge vecka 周 週".split()
)
DAY_WORDS = frozenset(
    "date time datetime timestamp day ds datum zeit zeitpunkt fecha jour data dato pvm дата tarih 日期 날짜".split()
)
INDEX_WORDS = frozenset("no index idx row rownum rownames id t step n nr obs 序号 编号".split()) | {"", "unnamed0"}
STEP_WORDS = frozenset("t step index idx no time timestep timeidx timeindex tick cycle n nr obs 序号".split()) | {
    "",
    "unnamed0",
}
SERIES_WORDS = frozenset(
    "uniqueid seriesid series id itemid item sku product productid store storeid storenbr shop site station stationid "
    "city country region state ticker symbol meter meterid sensor sensorid name entity unit group customer household "
    "序列 编号 站点 城市 门店 商品 产品 国家".split()
)
NAMED_SERIES = frozenset("uniqueid seriesid series itemid tsid".split())  # columns of series even where there is one
TARGET_WORDS = frozenset({"y", "target", "value", "values", "目标", "目标值", "数值"})
PART_WORDS = {
    "year": frozenset("year yr yyyy years 年 年份 jahr année annee año ano anno jaar år vuosi rok год yıl".split()),
    "quarter": frozenset("quarter qtr qtrs 季度 季 quartal trimestre kwartaal kvartal kwartał квартал".split()),
    "month": frozenset(
        "month mon mo mm months mnth 月 月份 monat mois mes mês mese maand måned månad kuukausi miesiąc месяц".split()
    ),
    "week": frozenset(
        "week weekofyear isoweek 周 kw woche semaine semana settimana uge vecka viikko tydzień týden неделя".split()
    ),
    "day": frozenset("day dd dom dayofmonth 日 tag jour dia día giorno dag dzień день".split()),
    "dayofyear": frozenset("doy dayofyear yday yearday julianday jday".split()),
    "hour": frozenset("hour hr hh hours hourending he hourofday 时 小时 stunde heure hora ora uur".split()),
    "minute": frozenset("minute minutes min mi 分 分钟".split()),
    "second": frozenset("second seconds sec ss 秒".split()),
}
PERIOD_WORDS = frozenset(
    "period periods settlementperiod settlement sp tradingperiod tradeperiod deliveryperiod dispatchperiod tp "
    "halfhour halfhourly quarterhour quarterhourly interval timeinterval intervalnumber hourinterval slot timeslot ptu "
    "mtu qh isp periodofday periodnumber periodno intervalofday block timeblock periodo período periode zeitintervall "
    "viertelstunde 时段 时间段 時間帯 コマ".split()
)  # what numbered parts of a day are called


def plain(name: str) -> str:
    """A name in lower case, letters and digits only: "Unique_ID " becomes "uniqueid"."""
    return re.sub(r"[\W_]+", "", name).casefold()


def part_of(name: str) -> str | None:
    """The part of a date that a column's name stands for ("hour"), or None."""
    return next((part for part, words in PART_WORDS.items() if plain(name) in words), None)


def words_in(name: str) -> set[str]:
    """The words of a name, and the whole name: "Pickup_Date" holds "pickup", "date", "pickupdate"."""
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return {word.casefold() for word in re.split(r"[\W_]+", words)} | {plain(name)}


def alike(names: Sequence[str]) -> bool:
    """Whether names differ in a number only, as V2, V3, V4 or 0, 1, 2 do: a sign of columns of one kind."""
    stems = {re.fullmatch(r"(\D*?)[\s_-]?\d+", name) for name in names}
    return len(names) > 1 and None not in stems and len({match[1] for match in stems if match}) == 1


def require_columns(names: Iterable[str], columns: Sequence[str], source: str, flag: str) -> None:
    """Raise `InputError` for the first name that is not a column, with the nearest one that is."""
    for name in names:
        if name in columns:
            continue
        folded = {column.casefold(): column for column in columns}
        near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
        hint = _(": did you mean {near!r}?", near=folded[near[0]]) if near else "."
        override = _("; name it with {flag}", flag=flag) if flag else ""
        raise InputError(
            _(
                "column {name!r} is not in {source}{hint} Columns: {columns}{override}.",
                name=name,
                source=source,
                hint=hint,
                columns=shown(columns),
                override=override,
            )
        )


def shown(names: Sequence[str], most: int = 12) -> str:
    """Names joined by commas, at most `most` of them."""
    rest = _(" and {n_names} more", n_names=len(names) - most) if len(names) > most else ""
    return listing(names[:most]) + rest


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, in the reader's language: "1 row", "1,200 rows"."""
    return language.counted(count, noun, plural or None)


def refuse_two_parts(named: Mapping[str, Iterable[str]]) -> None:
    """Raise InputError where a column is named for two parts; `named` are the columns of each part."""
    parts: dict[str, str] = {}
    for part, names in named.items():
        for name in names:
            if parts.setdefault(name, part) != part:
                raise InputError(
                    _(
                        "column {name!r} is given as {other} and as {option}: leave one of them out",
                        name=name,
                        other=option(parts[name]),
                        option=option(part),
                    )
                )
