"""What every subcommand does: options are written as its own flags, and Ctrl-C ends it with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from recurra.cli.claims import claims_of_a_command
from recurra.cli.console import stderr
from recurra.cli.flags.spelling import as_flag
from recurra.cli.help import TranslatedHelp
from recurra.cli.usage_errors import translated
from recurra.language import _
from recurra.options import spelt

INTERRUPTED = 130


class Commands(TranslatedHelp, TyperGroup):
    """A group of commands."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the command line; what is wrong with it is said in the reader's language."""
        with translated():
            return super().make_context(*arguments, **settings)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of that name, likewise."""
        with translated():
            return super().resolve_command(ctx, args)


class Command(TranslatedHelp, TyperCommand):
    """A command in which options are written as flags, and messages name only those that it has."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the command line; what is wrong with it is said in the reader's language."""
        with translated():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, whose outputs are its own until it ends; interrupted, say what is left, with status 130."""
        flags = {flag for parameter in self.params for flag in (*parameter.opts, *parameter.secondary_opts)}
        try:
            with spelt(as_flag, lambda name: as_flag(name, ()).split("/")[0] in flags), claims_of_a_command():
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            stderr().print(f"\n{what_is_left(ctx.params)}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(INTERRUPTED) from error


def what_is_left(given: Mapping[str, Any]) -> str:
    """The sentence for a command that was interrupted, by its arguments."""
    out = given.get("out")
    unfinished = isinstance(out, Path) and "resume" in given and any(out.glob(".*.recurra-run/run.json"))
    more = _("; run the same command with --resume to continue") if unfinished else ""
    return _("Interrupted: no output file was written or changed{more}.", more=more)
