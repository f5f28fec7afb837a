"""A table in any grammar comes back the same, is refused, or told to be doubtful: never different in silence."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurra.data.files import read_table as reading
from recurra.data.files.read_table import Table, read_table
from recurra.errors import InputError

EXAMPLES = int(os.environ.get("RECURRA_GRAMMARS", "150"))
DIGITS = {
    "ascii": "0123456789",
    "arabic": "٠١٢٣٤٥٦٧٨٩",
    "persian": "۰۱۲۳۴۵۶۷۸۹",
    "devanagari": "०१२३४५६७८९",
    "wide": "０１２３４５６７８９",
}
GROUPS = ["", "other", "'", "\u2019", " ", "\u00a0", "\u202f", "indian"]
AROUND = [("", "")] * 6 + [
    ("$", ""),
    ("", " €"),
    ("€ ", ""),
    ("R$ ", ""),
    ("", "%"),
    ("", " %"),
    ("", " kg"),
    ("", "°C"),
]


@dataclass(frozen=True)
class Style:
    """How the numbers of one column are written."""

    decimal: str
    group: str
    sign: str
    digits: str
    around: tuple[str, str]
    places: int

    def write(self, value: Decimal) -> str:
        text = f"{abs(value):.{self.places}f}"
        whole, _, fraction = text.partition(".")
        if self.digits == "arabic-signs":
            return self.signed(value, self.grouped(whole, "٬") + (f"٫{fraction}" if fraction else "")).translate(
                str.maketrans(DIGITS["ascii"], DIGITS["arabic"])
            )
        other = "." if self.decimal == "," else ","
        group = {"other": other, "indian": ","}.get(self.group, self.group)
        text = self.grouped(whole, group) + (self.decimal + fraction if fraction else "")
        return self.signed(value, text).translate(str.maketrans(DIGITS["ascii"], DIGITS[self.digits]))

    def grouped(self, whole: str, group: str) -> str:
        if not group:
            return whole
        if self.group != "indian":
            return f"{int(whole):,}".replace(",", group)
        head, tail = whole[:-3], whole[-3:]
        pairs = []
        while head:
            head, pair = head[:-2], head[-2:]
            pairs.insert(0, pair)
        return ",".join([*pairs, tail])

    def signed(self, value: Decimal, text: str) -> str:
        before, behind = self.around
        if value >= 0:
            return before + text + behind
        if self.sign == "()":
            return f"({before}{text}{behind})"
        if self.sign == "trailing":
            return f"{before}{text}-{behind}"
        return self.sign + before + text + behind


@st.composite
def styles(draw: st.DrawFn, decimal: str) -> Style:
    digits = draw(st.sampled_from(["ascii"] * 6 + [*DIGITS, "arabic-signs"]))
    group = draw(st.sampled_from(GROUPS if decimal == "." else GROUPS[:-1]))
    return Style(
        decimal=decimal,
        group="other" if digits == "arabic-signs" and group == "indian" else group,
        sign=draw(st.sampled_from(["-", "-", "\u2212", "\u2013", "()", "trailing"])),
        digits=digits,
        around=draw(st.sampled_from(AROUND)),
        places=draw(st.sampled_from([0, 0, 1, 2, 3, 4])),
    )


@st.composite
def columns(draw: st.DrawFn, rows: int, places: int) -> list[Decimal | None]:
    size = draw(st.sampled_from([10, 1_000, 20_000, 5_000_000]))
    numbers = st.integers(-size * 10**places, size * 10**places).map(lambda n: Decimal(n).scaleb(-places))
    return draw(st.lists(st.one_of(numbers, numbers, numbers, st.none()), min_size=rows, max_size=rows))


@dataclass(frozen=True)
class Written:
    """A file and what it means."""

    data: bytes
    days: list[str]
    columns: dict[str, list[Decimal | None]]
    words: list[str]
    styles: dict[str, Style]


@st.composite
def files(draw: st.DrawFn) -> Written:
    rows = draw(st.integers(3, 14))
    decimal = draw(st.sampled_from([".", ","]))
    written = {name: draw(styles(decimal)) for name in ("first", "second")[: draw(st.integers(1, 2))]}
    values = {name: draw(columns(rows, style.places)) for name, style in written.items()}
    missing = draw(st.sampled_from(["", "NA", "n/a", "-", "***", ":", ".."]))
    days = [str(day.date()) for day in pd.date_range("2021-03-01", periods=rows)]
    if draw(st.booleans()):
        days = [f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in days]
    words = draw(st.lists(st.sampled_from(["north", "south east", "São Paulo", "Köln", "a, b", 'say "x"'])
                          if draw(st.booleans()) else st.just("north"), min_size=rows, max_size=rows))  # fmt: skip
    table = [["day", *values, "place"]]
    if draw(st.sampled_from([False, False, True])):
        table.append(["[UTC]", *("[m/s]" for _ in values), ""])
    for row in range(rows):
        cells = [missing if (v := values[name][row]) is None else written[name].write(v) for name in values]
        table.append([days[row], *cells, words[row]])
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if draw(st.booleans()) else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(table)
    above = draw(
        st.sampled_from([[], [], ["Monthly report"], ["Source: a survey", ""], ["Title", "made 2021", "by hand"]])
    )
    below = draw(st.sampled_from([[], [], ["Source: own survey."], ["", "* provisional figures"]]))
    text = end.join([*above, ""]) * bool(above) + out.getvalue() + end.join(below)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return Written(text.encode(encoding), days, values, words, written)


def outcome(written: Written, table: Table) -> str:
    """ "right", "doubted" (told), "text" (not read as numbers), or "wrong"."""
    frame = table.frame
    names = ["day", *written.columns, "place"]
    if frame.columns.tolist() != names or frame["day"].astype(str).tolist() != written.days:
        return f"wrong: {frame.columns.tolist()}, {len(frame)} rows"
    if frame["place"].tolist() != written.words:
        return f"wrong: {frame['place'].tolist()}"
    found = Counter()
    for name, values in written.columns.items():
        meant = np.array([np.nan if value is None else float(value) for value in values])
        column = frame[name]
        if not pd.api.types.is_numeric_dtype(column):
            kind = "text"
        elif np.allclose(column.to_numpy(dtype=float), meant, rtol=1e-6, atol=0, equal_nan=True):
            kind = "right"
        elif any("was read as" in note and repr(name) in note for note in table.notes):
            kind = "doubted"
        else:
            kind = f"wrong: {name} {column.tolist()}"
        found[kind] += 1
    wrong = [kind for kind in found if kind.startswith("wrong")]
    return wrong[0] if wrong else max(found, key=["right", "doubted", "text"].index)


SEEN: Counter[str] = Counter()


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(files(), st.booleans())
def test_never_different_in_silence(tmp_path: Path, written: Written, large: bool) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(written.data)
    found = attempt(path, written, large=large)
    SEEN[found] += 1
    assert not found.startswith("wrong"), (found, written.data.decode("utf-16" if 0 in written.data else "utf-8"))


def attempt(path: Path, written: Written, *, large: bool) -> str:
    """The outcome of reading the file at `path`, "refused" included; `large`: in blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_LARGE", 1 if large else 32 << 20)
        try:
            return outcome(written, read_table(path))
        except InputError:
            return "refused"
