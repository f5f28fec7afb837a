"""What the command line prints."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from recurra.cli.console import file_size, format_cell, print_facts, print_frame, print_preview, print_verdict
from recurra.data.schema.facts import Fact
from recurra.language import set_language
from recurra.tasks.forecast.printed import ForecastPreview
from recurra.tasks.next_event.preview import RankedPreview


def piped() -> Console:
    return Console(file=io.StringIO(), width=80, highlight=False)


def terminal() -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor", highlight=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_facts_show_label_value_and_flag() -> None:
    console = piped()
    print_facts(
        console, "Understood", [Fact("time column", "date (30min)", "--time"), Fact("rows", "[b]1,000[/b]", "")]
    )
    assert text(console).splitlines() == [
        "Understood",
        " time column  date (30min)  --time",
        " rows         [b]1,000[/b]",
        "",
    ]


def test_a_long_value_is_folded_and_never_cut() -> None:
    console = piped()
    value = ", ".join(f"column_{k}" for k in range(40))
    print_facts(console, "Understood", [Fact("covariates", value, "--past")])
    lines = text(console).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(f"column_{k}" in text(console).replace("\n", "") for k in range(40))
    assert "--past" in lines[1]


def test_no_colour_codes_and_no_trailing_blanks_in_a_pipe() -> None:
    console = piped()
    print_facts(console, "Understood", [Fact("a", "b", ""), Fact("c", "d", "--e")])
    print_verdict(console, "No better than the naive forecast: use the naive one.", better=False)
    print_frame(console, "Table", pd.DataFrame({"method": ["x"], "MASE": [1.0]}), mark="x")
    assert "\x1b" not in text(console)
    assert all(line == line.rstrip() for line in text(console).splitlines())
    assert "VERDICT  No better than the naive forecast: use the naive one.\n" in text(console)


@pytest.mark.parametrize("better", [True, False, None])
def test_the_verdict_is_a_band_in_a_terminal(better: bool | None) -> None:
    console = terminal()
    print_verdict(console, "So it is.", better)
    assert "\x1b[" in text(console)
    assert "So it is." in text(console)


def test_only_the_first_rows_are_shown_and_the_rest_counted() -> None:
    console = piped()
    print_frame(console, "Forecast", pd.DataFrame({"y": np.arange(2000.0)}), rows=3)
    assert "… and 1,997 more rows" in text(console)
    assert len(text(console).splitlines()) == 7
    console = piped()
    print_frame(console, "Forecast", pd.DataFrame({"y": np.arange(4.0)}), rows=3)
    assert "… and 1 more row\n" in text(console)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (1.0, "1.000"),
        (-12.3456, "-12.35"),
        (123456.7, "123,457"),
        (1e12, "1,000,000,000,000"),
        (1e15, "1.000e15"),
        (1e-9, "1.000e-9"),
        (0.000123456, "0.0001235"),
        (float("nan"), "n/a"),
        (float("inf"), "inf"),
        (pd.Timestamp("2026-01-01"), "2026-01-01"),
        (pd.Timestamp("2026-01-01 12:00"), "2026-01-01 12:00:00"),
        (7, "7"),
        ("[red]x", "[red]x"),
    ],
)
def test_cells(value: object, expected: str) -> None:
    assert format_cell(value) == expected


@given(st.floats(-1e300, 1e300))
def test_a_cell_keeps_four_digits(value: float) -> None:
    assert float(format_cell(value).replace(",", "")) == pytest.approx(value, rel=6e-4)


METHODS = pd.DataFrame(
    {
        "method": ["Recurra", "n-grams and columns with logistic regression", "most frequent class"],
        "accuracy": ["70.8 %", "65.0 %", "71.7 %"],
        "95 % interval": ["62.5–78.3", "−0.017 to 0.000", "63.3–79.2"],
        "MAE": [1.5e-14, 0.4211, 10.5],
        "R2": [-0.00003107, 0.25, 0.125],
        "calib. error": ["15.3 %", "0.2 %", "14.9 %"],
        "log loss": [0.5721, 0.5961, 0.6420],
        "macro F1": ["44.1 %", "41.8 %", "51.7 %"],
    }
)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 140, None])
def test_a_table_fits_and_no_cell_is_cut(width: int | None) -> None:
    console = Console(file=io.StringIO(), width=width or 80, force_terminal=width is not None, highlight=False)
    print_frame(console, "On the test part", METHODS, mark="Recurra", importance=("method", "accuracy"))
    plain = re.sub(r"\x1b\[[\d;]*m", "", text(console))
    assert max(map(cell_len, plain.splitlines())) <= (width or 200)
    assert "…" not in plain
    assert "-0.017 to 0.000" in plain or "not shown" in plain or width == 30
    words = plain.split()
    for name in METHODS["method"]:
        assert set(name.split()) <= set(words)
    assert all(share in plain for share in METHODS["accuracy"])
    if width is None or width >= 140 or width < 60:  # whole, or as records: nothing is left out
        assert "not shown" not in plain
        assert all(loss in plain for loss in ("0.5721", "0.5961", "0.6420", "10.5"))
    if width is None:
        assert all(name in plain for name in METHODS["method"])
        assert len(plain.splitlines()) == 6


def test_what_does_not_fit_is_named_and_the_important_stays() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, highlight=False)
    importance = ("method", "log loss", "R2")
    print_frame(console, "Table", METHODS.drop(columns="95 % interval"), importance=importance)
    plain = re.sub(r"\x1b\[[\d;]*m", "", text(console))
    assert "0.5721" in plain
    assert "not shown at this width: macro F1" in plain


def test_both_bounds_of_an_interval_go_and_dates_stand_left() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, highlight=False)
    numbers = {name: [1234.5, 987.25] for name in ("forecast", "lo_80", "hi_80", "lo_95", "hi_95")}
    times = pd.to_datetime(["2026-01-01", "2026-01-02"])
    preview = ForecastPreview()
    preview.add(pd.DataFrame({"unique_id": ["shop one", "shop two"], "ds": times, **numbers}))
    print_frame(console, preview.title, preview.table())
    plain = re.sub(r"\x1b\[[\d;]*m", "", text(console))
    assert "not shown at this width: lo_95, hi_95" in plain
    heading, first = plain.splitlines()[1:3]
    assert first.index("2026-01-01") == heading.index("ds")
    assert first.count("1,234.5") == 3


def test_the_numbers_of_a_column_have_one_style() -> None:
    console = piped()
    print_frame(console, "Table", METHODS[["method", "R2", "MAE"]])
    rows = [line.split()[-2:] for line in text(console).splitlines()[2:5]]
    assert rows == [["0.0000", "0.000"], ["0.2500", "0.421"], ["0.1250", "10.500"]]


def test_wide_letters_keep_their_columns() -> None:
    console = Console(file=io.StringIO(), width=40, force_terminal=True, highlight=False)
    frame = pd.DataFrame(
        {"标签": ["这部电影非常精彩令人难忘的一部作品而且音乐也很好听", "短"], "p": [0.5, 0.25], "q": [0.5, 0.75]}
    )
    print_frame(console, "Table", frame)
    lines = re.sub(r"\x1b\[[\d;]*m", "", text(console)).splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert "".join(line.split()[0] for line in lines[2:4]).startswith("这部电影非常精彩")


@pytest.mark.parametrize(("count", "expected"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_345_678, "2.3 MB")])
def test_file_sizes(count: int, expected: str) -> None:
    assert file_size(count) == expected


def test_hours_of_a_column_of_times_are_shown_at_midnight_too() -> None:
    for freq, first in (("h", "2024-04-30 00:00:00"), ("D", "2024-04-30")):
        console = piped()
        print_frame(console, "", pd.DataFrame({"t": pd.date_range("2024-04-30", periods=2, freq=freq)}))
        assert text(console).splitlines()[2].strip() == first


def test_a_preview_has_headings_of_ours_in_chinese_and_those_of_the_file_as_they_are() -> None:
    preview = RankedPreview()
    preview.add(pd.DataFrame({"who": ["a"], "rank": [1], "item": ["x"], "share": [0.5]}))
    console = piped()
    with set_language("zh"):
        print_preview(console, preview)
    assert text(console).splitlines()[1].split() == ["who", "首选推荐"]
