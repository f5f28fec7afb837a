"""What was understood of the user's data, one line each: printed by the command line and shown in the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One thing that was understood, in words, and the option that overrides it ("" where none does).

    >>> Fact("time column", "date (30min)", "time=")
    Fact(label='time column', value='date (30min)', flag='time=')
    """

    label: str
    value: str
    flag: str = ""
