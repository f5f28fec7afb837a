"""The options of a task's command, in the order of help: those of its reader, those that all have, and its own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from recurra.cli.flags import options
from recurra.cli.flags.values import parse_levels, parse_seasons, parse_widths
from recurra.tasks import registry
from recurra.tasks.task import Column, Option, Task

PANELS = {
    "evaluation": options.EVALUATION,
    "network": options.NETWORK,
    "training": options.LEARNING,
    "samples": options.SAMPLES,
}


@dataclass(frozen=True)
class Flag:
    """An option: its type with its help, its default, and whose argument it is.

    `goes` is "settings" (of the estimator), "network" or "training" (options within it) or another group of them,
    "columns" (names of columns, or `whole` values), "shown" (of results), "run", or "command".
    """

    kind: Any
    default: Any
    goes: str
    whole: bool = False
    parse: Any = None


def _names(kind: Any) -> Flag:
    return Flag(kind, None, "columns")


def _value(kind: Any, default: Any = None) -> Flag:
    return Flag(kind, default, "columns", whole=True)


_SERIES: dict[str, Flag] = {
    "horizon": Flag(options.Horizon, None, "settings"),
    "target": _value(options.Target),
    "time": _names(options.Time),
    "series": _value(options.Series),
    "layout": _value(options.Layout),
    "freq": _value(options.Freq),
    "tz": _value(options.Zone),
    "day_first": _value(options.DayFirst),
    "time_format": _value(options.TimeFormat),
    "pivot_year": _value(options.PivotYear),
    "all_hours": _value(options.AllHours, False),
    "past": _names(options.Past),
    "known": _names(options.Known),
    "static": _names(options.Static),
    "ignore": _names(options.Ignore),
    "holidays": _value(options.Holidays),
    "cell": Flag(options.Cell, "lstm", "settings"),
    "members": Flag(options.Members, 2, "settings"),
    "season": Flag(options.Season, None, "settings", parse=parse_seasons),
    "block": Flag(options.Block, None, "settings"),
    "windows": _value(options.Windows),
    "allow_leak": _value(options.AllowLeak),
    "fallback": _value(options.Fallback, False),
}
_EXAMPLES: dict[str, Flag] = {
    "text": _names(options.Texts),
    "sequence": _names(options.Sequences),
    "audio": _names(options.AudioFiles),
    "label_separator": _value(options.LabelSeparator),
    "merge_case": _value(options.MergeCase, False),
}
_EXAMPLES_ALL: dict[str, Flag] = {
    "series": _value(options.SeriesOf),
    "time": _value(options.TimeOf),
    "day_first": _value(options.DayFirst),
    "features": _names(options.Features),
    "static": _names(options.Constants),
    "ignore": _names(options.Ignore),
    "optional": Flag(options.Optional, None, "words"),
    "empty": Flag(options.Empty, "refuse", "settings"),
    "test": _value(options.TestFile),
    "share": _value(options.Share, 0.2),
    "allow_leak": _value(options.AllowLeak),
    "split": _value(options.SplitColumn),
    "group": _value(options.Group),
    "cell": Flag(options.Cell, "gru", "settings"),
    "hidden": Flag(options.Hidden, None, "network"),
    "convolution": Flag(options.Convolution, None, "network", parse=parse_widths),
    "level": _value(options.Level, "auto"),
    "vectors": _value(options.Vectors),
    "members": Flag(options.Members, 3, "settings"),
}
_TEXT: dict[str, Flag] = {
    "test": _value(options.TestText),
    "share": _value(options.ShareOfText, 0.1),
    "cell": Flag(options.Cell, "lstm", "settings"),
    "hidden": Flag(options.Hidden, None, "network"),
}
_LEARNING: dict[str, Flag] = {
    "epochs": Flag(options.Epochs, None, "training"),
    "seconds": Flag(options.Seconds, None, "training"),
    "seed": Flag(options.Seed, 0, "settings"),
    "schedule": Flag(options.Schedule, "one-cycle", "training"),
    "precision": Flag(options.Precision, "auto", "training"),
    "device": Flag(options.Device, "auto", "settings"),
    "devices": Flag(options.Devices, 1, "run"),
    "nodes": Flag(options.Nodes, 1, "run"),
    "log": Flag(options.Log, None, "run"),
    "resume": Flag(options.Resume, False, "command"),
    "settings": Flag(options.Settings, None, "command"),
}
_OUTPUT: dict[str, Flag] = {
    "out": Flag(options.Folder, Path("."), "command"),
    "quiet": Flag(options.Quiet, False, "command"),
    "debug": Flag(options.Debug, False, "command"),
}


def flags_of(task: Task) -> dict[str, Flag]:
    """All options of a task's command but those of reading its file, those of the task's `other` among them."""
    own = own_flags(task)
    if not task.other:
        return own
    others = own_flags(registry.get(task.other))
    return {**{name: flag for name, flag in others.items() if name not in own}, **own}


def own_flags(task: Task) -> dict[str, Flag]:
    """The options of a task itself."""
    flags = _own_flags(task)
    if task.cells and "cell" in flags:
        flags["cell"] = replace(flags["cell"], kind=options.cell_or(task.cells))
    return flags


def _own_flags(task: Task) -> dict[str, Flag]:
    own = {option.name: _own(option) for option in task.options}
    if task.reader == "series":
        levels = Flag(options.Levels, "80,95", "shown", parse=parse_levels)
        return {**_SERIES, **own, **_LEARNING, "levels": levels, **_OUTPUT}
    if task.reader == "text":
        return {**_TEXT, **own, **_LEARNING, **_OUTPUT}
    if task.reader == "own":
        columns = {column.name: _column(column) for column in task.inputs}
        given = {name: _EXAMPLES_ALL[name].default for name in task.shared} | dict(task.defaults)
        shared = {name: replace(_EXAMPLES_ALL[name], default=given[name]) for name in task.shared}
        return {**columns, **shared, **own, **_LEARNING, **_OUTPUT}
    target = task.target
    kind = options.labels(target.word, target.meaning, several=target.several)
    named = {name: flag for name, flag in _EXAMPLES.items() if name in task.columns}
    first = {name: named.pop(name) for name in ("text", "sequence", "audio") if name in named}
    return {**first, target.word: _names(kind), **named, **_EXAMPLES_ALL, **own, **_LEARNING, **_OUTPUT}


def signature_of(task: Task, flags: Mapping[str, Flag] | None = None) -> inspect.Signature:
    """The arguments of the command, for typer; `flags` are its options unless they are `flags_of` the task."""
    file = {"series": options.File, "text": options.TextFile}.get(task.reader, options.ExamplesFile)
    if task.argument is not None:
        metavar, told = task.argument
        file = Annotated[str, typer.Argument(metavar=metavar, help=told)]
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    head = [
        inspect.Parameter("context", plain, annotation=typer.Context),
        inspect.Parameter("file", plain, annotation=file),
        inspect.Parameter("reading", plain, annotation=Any),
    ]
    tail = [
        inspect.Parameter(name, plain, default=flag.default, annotation=flag.kind)
        for name, flag in (flags_of(task) if flags is None else flags).items()
    ]
    return inspect.Signature([*head, *tail])


def _column(column: Column) -> Flag:
    spelt = column.flag.split()
    told = typer.Option(*spelt, metavar=column.metavar, rich_help_panel=options.COLUMNS, help=column.help)
    kind = list[str] if column.several else column.kind
    kind = Annotated[kind if column.default is not None else kind | None, told]
    return Flag(kind, column.default, "columns", whole=not column.names)


def _own(option: Option) -> Flag:
    help_of = typer.Option(min=option.least, max=option.most, rich_help_panel=PANELS[option.panel], help=option.help)
    kind = Annotated[option.kind if option.default is not None else option.kind | None, help_of]
    goes = option.group or ("shown" if option.shown else "settings")
    return Flag(kind, option.default, goes, parse=option.value)
