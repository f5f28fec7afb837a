"""What was given on the command line as arguments of an estimator, and as columns of its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recurra.cli.flags.task_flags import Flag
from recurra.cli.flags.values import split_names, split_words
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option as spelt_option
from recurra.tasks.task import Task

_GROUPS = ("network", "training")


def arguments_of(task: Task, flags: Mapping[str, Flag], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the task's estimator; what was given counts more than what stands in a file of settings.

    Raises InputError for options that contradict each other, and a file of settings that is none of this task.
    """
    settings = _switched(task, part_of(given, flags, "settings"))
    settings |= {name: split_words(value) for name, value in part_of(given, flags, "words").items()}
    for group in (*_GROUPS, *dict.fromkeys(option.group for option in task.options if option.group)):
        settings[group] = {name: value for name, value in part_of(given, flags, group).items() if value is not None}
    if given.get("settings") is not None:
        _fill(settings, read_settings(given["settings"]), flags, given["settings"])
    return settings | {"network": settings["network"] or None}


def read_settings(path: Path) -> dict[str, Any]:
    """A file of settings, as `recurra tune` writes it: {"cell": "gru", "network": {"hidden": 64}}.

    Raises InputError for a file that cannot be read as one.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            _("{path} is no file of settings ({error}): expected one that recurra tune wrote", path=path, error=error)
        ) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(group, {}), dict) for group in _GROUPS):
        raise InputError(
            _("{path} is no file of settings: expected an object such as {example}", path=path,
              example='{"cell": "gru", "network": {"hidden": 64}}')
        )  # fmt: skip
    return found


def _fill(settings: dict[str, Any], found: Mapping[str, Any], flags: Mapping[str, Flag], path: Path) -> None:
    """Put what was found where nothing was given."""
    for name, value in found.items():
        if name in _GROUPS:
            asked = {key: each for key, each in settings[name].items() if each != flags[key].default}
            settings[name] = {**settings[name], **value, **asked}
        elif name not in settings:
            known = listing(sorted(settings))
            raise InputError(
                _("{path} sets {name!r}, which is no setting here: expected some of {known}", path=path, name=name,
                  known=known)
            )  # fmt: skip
        elif settings[name] == flags[name].default:
            settings[name] = value


def _switched(task: Task, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with what switches that were given mean, and without the switches."""
    found, defaults = dict(settings), {option.name: option.default for option in task.options}
    for option in task.options:
        if option.means is None or not found.pop(option.name, None):
            continue
        name, value = option.means
        if found[name] not in (defaults[name], value):
            raise InputError(
                _(
                    "{option} and {name_option} contradict each other: give one of the two",
                    option=spelt_option(option.name),
                    name_option=spelt_option(name, found[name]),
                )
            )
        found[name] = value
    return found


def part_of(given: Mapping[str, Any], flags: Mapping[str, Flag], goes: str) -> dict[str, Any]:
    """What was given of one kind of option (`Flag.goes`)."""
    return {name: given[name] for name, flag in flags.items() if flag.goes == goes}


def named(value: Any, flag: Flag, known: list[str]) -> Any:
    """Names of columns from a flag, None where it was not given; another value as it is."""
    if flag.whole or value is None:
        return value
    return split_names([value] if isinstance(value, str) else value, known)


def perhaps(columns: Mapping[str, Any], flags: Mapping[str, Flag]) -> dict[str, Any]:
    """Names of columns as they may be meant, since the columns are not known before the file is read."""
    found = dict(columns)
    for name, value in columns.items():
        if not flags[name].whole and value is not None:
            given = [value] if isinstance(value, str) else value
            found[name] = [*given, *split_words(given)]
    return found
