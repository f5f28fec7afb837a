"""Times in the words of many languages, quarters, weeks, intervals and other scripts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.time.dates import read_dates
from recurra.data.time.month_names import LANGUAGES, folded, month_names, weekday_names
from recurra.data.time.spellings import spelled_plainly


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sept. 5, 2021", "2021-09-05"),
        ("March 3, 2021", "2021-03-03"),
        ("5. März 2021", "2021-03-05"),
        ("Mrz 2012", "2012-03-01"),
        ("févr. 2012", "2012-02-01"),
        ("1er août 2012", "2012-08-01"),
        ("22_Aout_2019", "2019-08-22"),
        ("5 de marzo de 2021", "2021-03-05"),
        ("14 tammikuuta 2020", "2020-01-14"),
        ("3. červenec 2020", "2020-07-03"),
        ("10 мая 2021 г.", "2021-05-10"),
        ("5 Eylül 2020", "2020-09-05"),
        ("lundi 3 janvier 2022", "2022-01-03"),
        ("2021年3月5日(金)", "2021-03-05"),
        ("2021년 3월 5일", "2021-03-05"),
        ("2021年十二月", "2021-12-01"),
        ("٢٠٢١-٠٣-٠٥", "2021-03-05"),
        ("２０２１／０３／０５", "2021-03-05"),
        ("1Q00", "2000-01-01"),
        ("Q3'00", "2000-07-01"),
        ("2000 Q4", "2000-10-01"),
        ("2. Quartal 2000", "2000-04-01"),
        ("T2 2000", "2000-04-01"),
        ("IV кв. 2000", "2000-10-01"),
        ("2021年第三季度", "2021-07-01"),
        ("2000H2", "2000-07-01"),
        ("2017 W01", "2017-01-02"),
        ("KW 53/2015", "2015-12-28"),
        ("W01 2017", "2017-01-02"),
        ("Week 5, 2017", "2017-01-30"),
        ("2022-01-03 - 2022-01-09", "2022-01-03"),
        ("20.03.2022 01:00 - 20.03.2022 02:00", "2022-03-20T01:00"),
        ("2022-01-03/2022-01-09", "2022-01-03"),
        ("2000-2001", "2000-01-01"),
        ("2022-03-27 01:00 CEST", "2022-03-27T01:00"),
    ],
)
def test_a_spelling_is_read(text: str, expected: str) -> None:
    reading = read_dates(pd.Series([text]))
    assert reading.stamps[0] == np.datetime64(expected, "us"), reading


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["ORD-0001", "5 hello 2020", "2017-W54", "W53 2017", "Q5 2000", "S3 2000", "31. Februar 2021", "K1-20", "T1 20"],
)
def test_what_is_no_time_is_not_read(text: str) -> None:
    assert not read_dates(pd.Series([text])).fits.any()


def test_an_interval_that_ends_before_it_begins_is_no_time() -> None:
    assert not read_dates(pd.Series(["2022-01-09 - 2022-01-03"])).fits.any()


def test_fiscal_years_are_not_months() -> None:
    years = [f"{year}/{(year + 1) % 100:02d}" for year in range(2000, 2011)]
    assert read_dates(pd.Series(years)).format == "fiscal year"
    assert read_dates(pd.Series(["2000/01", "2000/02", "2000/03"])).format == "%Y/%m"


@pytest.mark.slow
def test_one_language_is_taken_for_the_whole_column() -> None:
    # "lis" is November in Polish and in Czech; "mar" is March, and Tuesday in French.
    texts = ["sty 2020", "lut 2020", "mar 2020", "lis 2020"]
    months = read_dates(pd.Series(texts)).stamps.astype("datetime64[M]").astype(np.int64) % 12 + 1
    assert months.tolist() == [1, 2, 3, 11]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_of_a_language_is_read(language: str) -> None:
    names: dict[int, list[str]] = {}
    for name, month in month_names(language).items():
        names.setdefault(month, []).append(name)
    for k in range(max(map(len, names.values()))):
        texts = pd.Series([f"{names[m][k % len(names[m])]} 2020" for m in range(1, 13)])
        assert read_dates(texts).stamps.astype("datetime64[M]").astype(np.int64).tolist() == list(range(600, 612))


def test_the_names_are_those_of_the_cldr() -> None:
    babel = pytest.importorskip("babel")
    for language in LANGUAGES:
        locale = babel.Locale(language)
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month in range(1, 13):
                    assert month_names(language)[folded(locale.months[form][width][month])] == month
                assert {folded(day) for day in locale.days[form][width].values()} <= weekday_names(language)


@pytest.mark.parametrize(
    "names",
    [
        "Mo Di Mi Do Fr Sa So",
        "lun. mar. mer. jeu. ven. sam. dim.",
        "lun mar mié jue vie sáb dom",
        "ma di wo do vr za zo",
    ],
)
def test_weekdays_beside_dates_in_digits_are_left_out(names: str) -> None:
    days = pd.date_range("2025-02-24", periods=14)
    texts = pd.Series([f"{names.split()[day.weekday()]}, {day:%d.%m.%Y}" for day in days])
    assert spelled_plainly(texts).tolist() == [f"{day:%d.%m.%Y}" for day in days]
