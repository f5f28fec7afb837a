"""`--help` in the reader's language: texts are looked up, paragraph by paragraph, when they are shown.

Commands, tasks and plugins write their help in English, and mark nothing: `help_texts` lists all of it for the
catalogue. A text without a translation, such as that of a plugin, is shown as it is. Flags, choices and metavars stay
English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

from recurra.language import _, language, mark

_PARAGRAPHS = re.compile(r"(\n\s*\n\s*)")
_EXAMPLE = re.compile(r"(- `[^`]*`)(?:( — )(.*))?", re.DOTALL)
_HELP = mark("Show this message and exit.")
# The words of typer's own, by their names in `typer.rich_utils`.
_WORDS = {
    "ARGUMENTS_PANEL_TITLE": mark("Arguments"),
    "OPTIONS_PANEL_TITLE": mark("Options"),
    "COMMANDS_PANEL_TITLE": mark("Commands"),
    "ERRORS_PANEL_TITLE": mark("Error"),
    "DEFAULT_STRING": mark("[default: {}]"),
    "REQUIRED_LONG_STRING": mark("[required]"),
    "RICH_HELP": mark("Try [blue]'{command_path} {help_option}'[/] for help."),
    "ABORTED_TEXT": mark("Aborted."),
}


class TranslatedHelp:
    """A mix-in of typer's commands and groups, which show their help in the reader's language."""

    def format_help(self: Any, ctx: Any, formatter: Any) -> None:
        """Show the help."""
        speak()
        super(TranslatedHelp, in_language(self)).format_help(ctx, formatter)  # type: ignore[misc]

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """The line of usage."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=_("Usage: "))

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _(_HELP)
        return option


def speak() -> None:
    """Put the words of typer's own into the reader's language: those of help and of a wrong flag.

    Chinese has no blanks to break lines at: a long word is broken where the line ends, and not cut off.
    """
    from rich.markdown import Markdown
    from typer import rich_utils

    class Folded(Markdown):
        def __rich_console__(self, console: Any, options: Any) -> Any:
            yield from super().__rich_console__(console, options.update(overflow="fold"))

    rich_utils.Markdown = Folded  # type: ignore[misc]
    for name, word in _WORDS.items():
        setattr(rich_utils, name, _(word))


def in_language(command: Any) -> Any:
    """A copy of a command, and of the commands in it, with its texts in the reader's language."""
    if language() == "en":
        return command
    found = copy(command)
    for name in ("help", "short_help", "epilog"):
        setattr(found, name, _translated(getattr(command, name)))
    found.params = list(map(_parameter, command.params))
    if hasattr(command, "commands"):
        found.commands = {name: in_language(each) for name, each in command.commands.items()}
    return found


def help_texts(command: Any) -> Iterator[str]:
    """What a command and the commands in it say in their help, by paragraphs."""
    texts = [command.help, command.epilog]
    for parameter in command.params:
        texts += [getattr(parameter, "help", None), getattr(parameter, "rich_help_panel", None)]
    for text in filter(None, texts):
        yield from (words for _start, words in map(_parts, _PARAGRAPHS.split(text)[::2]) if words)
    for each in getattr(command, "commands", {}).values():
        yield from help_texts(each)


def _parameter(parameter: Any) -> Any:
    found = copy(parameter)
    for name in ("help", "rich_help_panel"):
        if getattr(parameter, name, None):
            setattr(found, name, _translated(getattr(parameter, name)))
    return found


def _translated(text: str | None) -> str | None:
    """A text whose paragraphs are translated, each on its own."""
    if not text:
        return text
    pieces = _PARAGRAPHS.split(text)
    for place in range(0, len(pieces), 2):
        start, words = _parts(pieces[place])
        pieces[place] = start + _(words)
    return "".join(pieces)


def _parts(paragraph: str) -> tuple[str, str]:
    """What stands before the words of a paragraph, an example's command line or nothing, and the words."""
    words = " ".join(paragraph.split())
    example = _EXAMPLE.fullmatch(words)
    return (example[1] + (example[2] or ""), example[3] or "") if example else ("", words)
