"""How the command line writes an option of which a message speaks."""

from __future__ import annotations

import shlex
from typing import Any

_PAIRS = {
    "day_first": ("--day-first", "--month-first"),
    "header": ("--header", "--no-header"),
    "fine_tune": ("--fine-tune", "--no-fine-tune"),
    "merge_case": ("--merge-case", "--keep-case"),
}
_WORDS = frozenset(["missing"])  # flags whose text is several words with commas between them
# A report and a forecast go to a file of one's choice in Python, to a folder here; groups are a column of the file.
_SWITCHES = {"method": ("fast", "--fast")}  # a value for which there is a switch
_OTHERWISE = {"path": "--out", "groups": "--group", "source": "--from", "translation": "--to"}


def as_flag(name: str, values: tuple[Any, ...]) -> str:
    """The flag of an option, with its value if there is one.

    Example:
        >>> as_flag("label_separator", ()), as_flag("freq", ("h",)), as_flag("day_first", (False,))
        ('--label-separator', '--freq h', '--month-first')
        >>> as_flag("method", ("fast",)), as_flag("method", ("network",))
        ('--fast', '--method network')
        >>> print(as_flag("missing", ("1,2",)))
        --missing '"1,2"'
    """
    if name in _PAIRS:
        return _PAIRS[name][0 if values[0] else 1] if values else "/".join(_PAIRS[name])
    if name in _SWITCHES and values == _SWITCHES[name][:1]:
        return _SWITCHES[name][1]
    flag = _OTHERWISE.get(name) or f"--{name.replace('_', '-')}"
    if name in _WORDS:
        values = tuple(f'"{value}"' if isinstance(value, str) and "," in value else value for value in values)
    return " ".join([flag, *(_word(value) for value in values)])


def _word(value: Any) -> str:
    if isinstance(value, str):
        return shlex.quote(value)
    return ",".join(_word(each) for each in value) if isinstance(value, list | tuple) else str(value)
