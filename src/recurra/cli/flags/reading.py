"""The flags that say how a file is written, the same ones for every command that reads a file."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from recurra.cli.flags import options
from recurra.cli.flags.values import parse_separator, split_words
from recurra.errors import InputError
from recurra.language import _

_FLAGS: dict[str, Any] = {
    "separator": options.Separator,
    "encoding": options.Encoding,
    "decimal": options.Decimal,
    "thousands": options.Thousands,
    "header": options.Header,
    "header_rows": options.HeaderRows,
    "skip_rows": options.SkipRows,
    "footer": options.Footer,
    "missing": options.Missing,
    "sheet": options.Sheet,
}
_LATER = (options.LEARNING, options.NETWORK, options.OUTPUT)  # the panels of help that follow


@dataclass
class Reading:
    """The reading flags as they were given, and the remarks of the reader that nobody has been told yet."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    header: bool | None = None
    header_rows: int | None = None
    skip_rows: int | None = None
    footer: int | None = None
    missing: Sequence[str] | None = None
    sheet: str | None = None
    untold: list[str] = field(default_factory=list)

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `read_table`."""
        given = {name: getattr(self, name) for name in _FLAGS}
        return {**given, "separator": parse_separator(self.separator), "missing": split_words(self.missing)}

    def told(self) -> None:
        """The remarks have been printed."""
        self.untold.clear()


def reading_flags(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the reading flags as options; it takes them as one argument, `reading`.

    Where it refuses its input, the error repeats what the reader had remarked, which often names the guilty cell.
    """
    parameters = list(inspect.signature(command, eval_str=True).parameters.values())
    others = [parameter for parameter in parameters if parameter.name != "reading"]
    place = next((i for i, parameter in enumerate(others) if _panel(parameter) in _LATER), len(others))
    flags = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=kind)
        for name, kind in _FLAGS.items()
    ]
    signature = inspect.Signature([*others[:place], *flags, *others[place:]])

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:
        reading = Reading(**{name: given.pop(name) for name in _FLAGS})
        try:
            command(**given, reading=reading)
        except InputError as error:
            if not reading.untold:
                raise
            remarks = "".join(_("\nnote: {remark}", remark=remark) for remark in reading.untold)
            raise type(error)(f"{error}{remarks}") from error

    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in signature.parameters.values()}
    return wrapper


def _panel(parameter: inspect.Parameter) -> str | None:
    return next((getattr(info, "rich_help_panel", None) for info in get_args(parameter.annotation)[1:]), None)
