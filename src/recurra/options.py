"""What an option is called where the user meets it: `layout=` in Python, `--layout` on the command line.

A message names the argument that overrides a decision or avoids a refusal, and does not know who reads it. It asks here
for the name, and the surface that the user is on says how names are written. Unless it says so, that surface is Python.

Not every option is at hand everywhere: a model file settles which column is the target, and a command has the options
that it has. A message therefore lists its remedies with `ways` and `using`, which pass over what cannot be done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from recurra.language import _, listing

Spelling = Callable[[str, tuple[Any, ...]], str]
Offers = Callable[[str], bool]


def python_argument(name: str, values: tuple[Any, ...]) -> str:
    """How a program writes it: `freq=` or, with a value, `freq='h'`."""
    return f"{name}={', '.join(map(repr, values))}"


def _everything(name: str) -> bool:
    return True


_spelling: Spelling = python_argument
_offers: Offers = _everything
_settled: frozenset[str] = frozenset()


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
    return listing(option(name) for name in names)


def spelling() -> Spelling:
    """The spelling in force, for a process that is to speak like this one."""
    return _spelling


def offered(*names: str) -> bool:
    """Whether the user can pass all of these options where they are.

    >>> with settled("freq"):
    ...     offered("time"), offered("freq"), offered("time", "freq")
    (True, False, False)
    """
    return not _settled.intersection(names) and all(map(_offers, names))


def flag(name: str, *value: Any) -> str:
    """As `option`, and empty where the user cannot pass it: for facts, beside which it stands."""
    return option(name, *value) if offered(name) else ""


def flags(*names: str) -> str:
    """As `options`, of those that the user can pass."""
    return options(*filter(offered, names))


def using(remedy: str, *names: str) -> str:
    """A remedy with the options `names` in the places of its braces; empty where one of them cannot be passed.

    >>> using("name another column with {}", "time")
    'name another column with time='
    """
    return _(remedy).format(*map(option, names)) if offered(*names) else ""


def ways(*remedies: str) -> str:
    """What can be done, each in the reader's language, in a list; empty ones are passed over.

    >>> ways("correct it", "", using("name another with {}", "time"))
    'correct it, or name another with time='
    >>> ways("correct it", "convert it", "remove it")
    'correct it, convert it, or remove it'
    """
    possible = [remedy for remedy in remedies if remedy]
    return _(", or ").join([_(", ").join(possible[:-1]), *possible[-1:]] if len(possible) > 1 else possible)


@contextmanager
def settled(*names: str) -> Iterator[None]:
    """Within the block these options are settled by something else, such as a model, and cannot be passed."""
    global _settled
    before, _settled = _settled, _settled | set(names)
    try:
        yield
    finally:
        _settled = before


@contextmanager
def spelt(how: Spelling, offers: Offers = _everything) -> Iterator[None]:
    """Within the block, options are written as `how` writes a name and no value or one, and are those of `offers`."""
    global _spelling, _offers
    before, (_spelling, _offers) = (_spelling, _offers), (how, offers)
    try:
        yield
    finally:
        _spelling, _offers = before
