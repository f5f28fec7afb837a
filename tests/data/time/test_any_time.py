"""A table of times in any of the grammars, orders and zones comes back with the same stamps, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data import Panel, understand
from recurra.data.time.month_names import LANGUAGES, month_names
from recurra.errors import InputError

Write = Callable[[pd.Timestamp], str]


def _month(language: str, number: int, which: int) -> str:
    names = [name for name, month in month_names(language).items() if month == number]
    return names[which % len(names)]


DAYS: dict[str, Write] = {
    "iso": lambda t: f"{t:%Y-%m-%d}",
    "german": lambda t: f"{t:%d.%m.%Y}",
    "british": lambda t: f"{t:%d/%m/%Y}",
    "american": lambda t: f"{t:%m/%d/%Y}",
    "two digits": lambda t: f"{t:%d.%m.%y}",
    "compact": lambda t: f"{t:%Y%m%d}",
    "AP": lambda t: f"{ {9: 'Sept.'}.get(t.month, t.strftime('%b') + '.') } {t.day}, {t.year}",
    "ordinal": lambda t: f"{t:%Y%j}",
    "chinese": lambda t: f"{t.year}年{t.month}月{t.day}日",
    "arabic": lambda t: f"{t:%Y-%m-%d}".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "interval": lambda t: f"{t:%d.%m.%Y} - {t + pd.Timedelta(days=1):%d.%m.%Y}",
    "ISO interval": lambda t: f"{t:%Y-%m-%d}/{t + pd.Timedelta(days=1):%Y-%m-%d}",
    "excel": lambda t: str((t - pd.Timestamp("1899-12-30")).days),
    **{f"in {x}": (lambda t, x=x: f"{t.day}. {_month(x, t.month, 0)} {t.year}") for x in LANGUAGES},
}
WEEKS: dict[str, Write] = {
    "iso": lambda t: f"{t:%G-W%V}",
    "spaced": lambda t: f"{t:%G W%V}",
    "german": lambda t: f"KW {t.isocalendar().week}/{t.isocalendar().year}",
    "number": lambda t: f"{t:%G%V}",
    "hyphen": lambda t: f"{t:%G-%V}",
}
QUARTERS: dict[str, Write] = {
    "short": lambda t: f"{t.quarter}Q{t.year % 100:02d}",
    "apostrophe": lambda t: f"Q{t.quarter}'{t.year % 100:02d}",
    "spaced": lambda t: f"{t.year} Q{t.quarter}",
    "german": lambda t: f"{t.quarter}. Quartal {t.year}",
    "french": lambda t: f"T{t.quarter} {t.year}",
    "number": lambda t: f"{t.year}{t.quarter}",
}
MONTHS: dict[str, Write] = {
    "iso": lambda t: f"{t:%Y-%m}",
    "number": lambda t: f"{t:%Y%m}",
    "two digits": lambda t: f"{t:%b-%y}",
    **{f"in {x}": (lambda t, x=x: f"{_month(x, t.month, 1)} {t.year}") for x in LANGUAGES},
}
GRAMMARS = {"D": DAYS, "W-MON": WEEKS, "QS": QUARTERS, "MS": MONTHS}


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DatetimeIndex, str]:
    """A column `date` in one grammar, the stamps that it holds, and the grammar's name."""
    freq = draw(st.sampled_from(sorted(GRAMMARS)))
    name = draw(st.sampled_from(sorted(GRAMMARS[freq])))
    first = pd.Timestamp("1965-01-01") + pd.Timedelta(days=draw(st.integers(0, 18_000)))
    count = draw(st.integers(24, 120))
    stamps = pd.date_range(first, periods=count, freq=freq)
    kept = [k for k in range(count) if k in (0, count - 1) or draw(st.integers(0, 19))]  # a twentieth is missing
    stamps = stamps[kept]
    rows = list(range(len(stamps))) + draw(st.lists(st.integers(0, len(stamps) - 1), max_size=2))  # some twice
    order = draw(st.sampled_from(["oldest first", "newest first"]))
    rows = sorted(rows, reverse=order == "newest first")
    write = GRAMMARS[freq][name]
    column = {"W-MON": "week", "QS": "quarter"}.get(freq, "date")
    frame = pd.DataFrame({column: [write(stamps[k]) for k in rows], "y": [k + 0.5 for k in rows]})
    return frame, stamps, f"{freq} {name}, {order}"


def refused(frame: pd.DataFrame) -> tuple[str, Panel | None]:
    """What a refusal says, or the panel."""
    try:
        return "", understand(frame)[0]
    except InputError as error:
        return str(error), None


@pytest.mark.slow
@given(tables())
@settings(max_examples=examples(30), deadline=None)
def test_it_comes_back_or_is_refused(given_table: tuple[pd.DataFrame, pd.DatetimeIndex, str]) -> None:
    frame, stamps, how = given_table
    refusal, panel = refused(frame)
    if panel is None:
        assert "row" in refusal or "regular" in refusal or "mixed" in refusal, (how, refusal)
        return
    seen = ~np.isnan(panel.target)
    found = pd.DatetimeIndex(panel.grid.times(panel.start[0] + np.arange(len(panel.target))))[seen]
    assert found.tolist() == stamps.tolist(), (how, panel.schema)
    assert panel.target[seen].tolist() == (np.arange(len(stamps)) + 0.5).tolist(), how


@pytest.mark.slow
@given(tables(), st.integers(0, 23))
@settings(max_examples=examples(20), deadline=None)
def test_one_wrong_cell_is_named(given_table: tuple[pd.DataFrame, pd.DatetimeIndex, str], row: int) -> None:
    frame, _, how = given_table
    column = frame.columns[0]
    frame[column] = frame[column].astype(object)
    row %= len(frame)
    frame.loc[row, column] = "not 1 day"
    assert f"holds 'not 1 day' in row {row + 1}" in refused(frame)[0], how
