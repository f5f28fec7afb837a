"""Which flags a text names, and which of them the command that printed it lacks."""

from __future__ import annotations

import re
from functools import cache

from typer.main import get_command

from recurra.cli.main import app

_FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_EVERYWHERE = {"--help", "-h", "--version"}


@cache
def flags_of(command: str) -> set[str]:
    """All that a command has."""
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    return {flag for each in parameters for flag in (*each.opts, *each.secondary_opts)}


def foreign_flags(command: str, text: str) -> set[str]:
    """The flags in `text` that `command` does not have."""
    return set(_FLAG.findall(text)) - flags_of(command) - _EVERYWHERE
