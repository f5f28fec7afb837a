"""Years with M01 to M13, "Annual" among the months: one series, totals left out and said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data import build_panel, understand
from recurra.data.time.times import read_times
from recurra.errors import InputError

YEARS = range(2005, 2016)


def periods(letter: str, count: int, *, total: bool) -> pd.DataFrame:
    rows = [
        (year, f"{letter}{k:02d}", (year - 2005) * count + k if k <= count else 1e6)
        for year in YEARS
        for k in range(1, count + 1 + total)
    ]
    return pd.DataFrame(rows, columns=["year", "period", "value"]).assign(series_id="CUUR0000SA0")


@pytest.mark.slow
@pytest.mark.parametrize(("letter", "count", "freq"), [("M", 12, "MS"), ("Q", 4, "QS-JAN"), ("S", 2, "2QS-JAN")])
@pytest.mark.parametrize("total", [False, True])
def test_periods_of_statistical_offices(letter: str, count: int, freq: str, total: bool) -> None:
    frame = periods(letter, count, total=total)
    panel, facts = understand(frame)
    assert panel.schema.time == ("year", "period")
    assert panel.grid.freq == freq
    assert panel.series == ("CUUR0000SA0",)
    assert panel.target.tolist() == list(range(1, count * len(YEARS) + 1))
    said = [fact.value for fact in facts if fact.label == "totals"]
    assert said == ([f"11 rows of whole years ignored (period {letter}{count + 1:02d})"] if total else [])
    later, more = build_panel(frame.tail(count + total), panel.schema)
    assert later.target.tolist() == panel.target[-count:].tolist()
    assert any(fact.label == "totals" for fact in more) == total


@pytest.mark.parametrize("word", ["Annual", "Jahresdurchschnitt", "Année", "Итого", "合计"])
def test_words_for_a_whole_year(word: str) -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", word]
    frame = pd.DataFrame([(y, m, k) for y in YEARS for k, m in enumerate(months)], columns=["Year", "Month", "y"])
    panel, facts = understand(frame)
    assert panel.grid.freq == "MS"
    assert panel.target.tolist() == list(range(12)) * len(YEARS)
    assert any(fact.label == "totals" and word in fact.value for fact in facts)


def test_months_and_quarters_are_not_mixed() -> None:
    frame = pd.concat([periods("M", 12, total=False), periods("Q", 4, total=False)], ignore_index=True)
    with pytest.raises(InputError, match=r"mixes months, quarters and half-years \(M, Q\)"):
        read_times(frame, ["year", "period"])


def test_months_in_words_beside_a_year() -> None:
    frame = pd.DataFrame({"jahr": [2020, 2020, 2021], "monat": ["März", "Dez.", "Jänner"]})
    found = read_times(frame, ["jahr", "monat"]).values.astype("datetime64[M]")
    assert found.tolist() == [m.astype(object) for m in np.array(["2020-03", "2020-12", "2021-01"], "datetime64[M]")]
