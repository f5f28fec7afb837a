"""What is wrong with a command line, in the reader's language: typer says it in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from recurra.cli.help import speak
from recurra.language import _, language, mark

UsageError = typer.BadParameter.__mro__[1]  # public by its subclass only
_INVALID = re.compile(
    r"Invalid value for (?P<option>'[^']*')(?: \([^)]*\))?: (?:Value error, )?(?P<reason>.*)", re.DOTALL
)
_SENTENCES = (
    (r"No such command (?P<name>'.*?')\.", mark("there is no command {name}.")),
    (
        r"No such command (?P<name>'.*?')\. Did you mean (?P<close>.*)\?",
        mark("there is no command {name}. Did you mean {close}?"),
    ),
    (r"No such option: (?P<name>\S+)", mark("there is no option {name}")),
    (
        r"No such option: (?P<name>\S+) (?:\(Possible options: |Did you mean )(?P<close>[^)?]*)[)?]",
        mark("there is no option {name} (possible: {close})"),
    ),
    (r"Missing (?:argument|option|parameter) (?P<name>'.*?')\.", mark("{name} is missing.")),
    (r"Option (?P<name>'.*?') requires an argument\.", mark("option {name} requires an argument.")),
    (r"Option (?P<name>'.*?') does not take a value\.", mark("option {name} does not take a value.")),
    (r"Got unexpected extra argument\(s\) \((?P<names>.*)\)", mark("unexpected extra arguments: {names}")),
)
_REASONS = (
    (r"(?P<value>.*) is not one of (?P<known>.*)\.", mark("{value} is not one of {known}.")),
    (r"Input should be a valid integer.*", mark("expected a whole number")),
    (r"Input should be a valid number.*", mark("expected a number")),
    (r"Input should be a valid boolean.*", mark("expected true or false")),
    (r"Input should be greater than or equal to (?P<least>\S+)", mark("expected at least {least}")),
    (r"Input should be less than or equal to (?P<most>\S+)", mark("expected at most {most}")),
)


@contextmanager
def translated() -> Iterator[None]:
    """Within the block, an error of usage is raised in the reader's language."""
    try:
        yield
    except UsageError as error:
        said = sentence(error.format_message()) if language() != "en" else None  # type: ignore[attr-defined]
        speak()
        if said is None:
            raise
        raise UsageError(said, ctx=getattr(error, "ctx", None)) from error  # type: ignore[call-arg]


def sentence(message: str) -> str | None:
    """A message of typer's in the reader's language; None for one that is not known.

    >>> sentence("Missing argument 'FILE'.")
    "'FILE' is missing."
    """
    invalid = _INVALID.fullmatch(message)
    if invalid is not None:
        reason = _matched(invalid["reason"], _REASONS) or invalid["reason"]
        return _("{option} cannot be used: {reason}", option=invalid["option"], reason=reason)
    return _matched(message, _SENTENCES)


def _matched(message: str, known: tuple[tuple[str, str], ...]) -> str | None:
    for pattern, words in known:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None:
            fields = found.groupdict()
            return _(words, **fields)
    return None
