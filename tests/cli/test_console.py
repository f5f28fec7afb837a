"""What the command line prints."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from recurra.cli.console import file_size, format_cell, print_facts, print_frame, print_verdict
from recurra.data.schema.facts import Fact


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


@pytest.mark.parametrize("better", [True, False])
def test_the_verdict_is_a_band_in_a_terminal(better: bool) -> None:
    console = terminal()
    print_verdict(console, "So it is.", better)
    assert "\x1b[" in text(console)
    assert "So it is." in text(console)


def test_only_the_first_rows_are_shown_and_the_rest_counted() -> None:
    console = piped()
    print_frame(console, "Forecast", pd.DataFrame({"y": np.arange(2000.0)}), rows=3)
    assert "… and 1,997 more rows" in text(console)
    assert len(text(console).splitlines()) == 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (1.0, "1.000"),
        (-12.3456, "-12.35"),
        (123456.7, "123,457"),
        (1e12, "1.000e+12"),
        (1e-9, "1.000e-09"),
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


@pytest.mark.parametrize(("count", "expected"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_345_678, "2.3 MB")])
def test_file_sizes(count: int, expected: str) -> None:
    assert file_size(count) == expected
