"""Options are named as the user would write them: one message, two surfaces."""

from __future__ import annotations

import pytest

from recurra.cli.flags.spelling import as_flag
from recurra.data import read_table
from recurra.errors import InputError
from recurra.options import option, options, spelt


def test_python_is_the_surface_without_a_word() -> None:
    assert option("layout") == "layout="
    assert option("freq", "h") == "freq='h'"
    assert option("day_first", False) == "day_first=False"
    assert options("time", "freq") == "time=, freq="


def test_the_command_line_writes_flags() -> None:
    with spelt(as_flag):
        assert option("layout") == "--layout"
        assert option("label_separator", ";") == "--label-separator ';'"
        assert option("time", ["year", "the month"]) == "--time year,'the month'"
        assert option("day_first") == "--day-first/--month-first"
        assert (option("day_first", True), option("header", False)) == ("--day-first", "--no-header")
        assert option("path") == "--out"
    assert option("layout") == "layout="


def test_the_surface_is_left_with_an_error() -> None:
    with pytest.raises(RuntimeError), spelt(as_flag):
        raise RuntimeError
    assert option("layout") == "layout="


def test_the_same_refusal_on_both() -> None:
    with pytest.raises(InputError, match=r"change separator= or decimal="):
        read_table("demo:co2", separator=",", decimal=",")
    with spelt(as_flag), pytest.raises(InputError, match=r"change --separator or --decimal"):
        read_table("demo:co2", separator=",", decimal=",")
