"""What an option is called where the user meets it: `layout=` in Python, `--layout` on the command line.

A message names the argument that overrides a decision or mends a refusal, and does not know who reads it. It asks here
for the name, and the surface that the user is on says how names are written. Without a word, that surface is Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Spelling = Callable[[str, tuple[Any, ...]], str]


def python_argument(name: str, values: tuple[Any, ...]) -> str:
    """How a program writes it: `freq=` or, with a value, `freq='h'`."""
    return f"{name}={', '.join(map(repr, values))}"


_spelling: Spelling = python_argument


def option(name: str, *value: Any) -> str:
    """The option `name` (of Python: an identifier), with a value or without, as the user would write it.

    >>> option("layout"), option("day_first", True)
    ('layout=', 'day_first=True')
    """
    return _spelling(name, value)


def options(*names: str) -> str:
    """Several options, in a list.

    >>> options("time", "freq")
    'time=, freq='
    """
    return ", ".join(option(name) for name in names)


def spelling() -> Spelling:
    """The spelling in force, for a process that is to speak like this one."""
    return _spelling


@contextmanager
def spelt(how: Spelling) -> Iterator[None]:
    """Within the block, options are written as `how` writes a name and no value or one."""
    global _spelling
    before, _spelling = _spelling, how
    try:
        yield
    finally:
        _spelling = before
