"""What every page says of its making: the command, the time, the settings, the versions."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from recurra import __version__

if TYPE_CHECKING:
    from recurra.data import Fact


def command_of(arguments: Sequence[str]) -> str:
    """The command line with these arguments, to be typed again."""
    return shlex.join(["recurra", *arguments])


def fact_rows(facts: Iterable[Fact]) -> list[tuple[str, str, str]]:
    """Facts as a page has them: label, value, and the option that overrides it."""
    return [(fact.label, fact.value, fact.flag) for fact in facts]


def now() -> str:
    """The time with its zone, to the minute."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")


def settings(estimator: Any) -> dict[str, str]:
    """What an estimator was told, without what it was left to decide itself; groups of options one by one."""
    given: dict[str, str] = {}
    for name, value in estimator.get_params(deep=False).items():
        parts = vars(value) if is_dataclass(value) else value if isinstance(value, Mapping) else {name: value}
        given |= {part: str(setting) for part, setting in parts.items() if setting is not None and setting != ()}
    return given


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The versions that a result depends on."""
    return {
        "recurra": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }
