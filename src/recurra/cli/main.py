"""The command `recurra`: its subcommands, and what becomes of an error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated

import typer
from typer.main import get_command

from recurra import __version__
from recurra.cli.command import INTERRUPTED, Command, Commands
from recurra.cli.commands import (
    bench,
    doctor,
    evaluate,
    export,
    inspect,
    learn,
    predict,
    serve,
    textbook,
    tune,
    update,
    watch,
)
from recurra.cli.console import stderr
from recurra.cli.flags.spelling import as_flag
from recurra.errors import InputError, RecurraError
from recurra.heap import frugal
from recurra.language import LANGUAGES, _, set_language
from recurra.options import spelt
from recurra.tasks import registry

USAGE = 2  # the exit status of a refusal, as for a wrong flag


def _add_tasks(app: typer.Typer) -> None:
    """A command for every registered task; where a plugin cannot be imported, for Recurra's own."""
    for task in registry.known():
        if task.hidden:
            continue
        examples = "".join(f"\n- `recurra {line}`{f' — {what}' if what else ''}\n" for line, what in task.examples)
        app.command(task.name, cls=Command, epilog=f"\n**Examples**\n{examples}")(learn.command_of(task))


app = typer.Typer(
    name="recurra",
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Recurrent neural networks, from a file to an answer worth trusting.",
    epilog="Start with `recurra forecast demo:co2`, `recurra classify demo:reviews`, `recurra translate demo:phrases`, "
    "`recurra generate demo:letters` or `recurra recommend demo:shop`, or with a file of your own: "
    "`recurra forecast sales.csv`.",
)
_add_tasks(app)
app.command("predict", cls=Command, epilog=predict.EXAMPLES)(predict.predict)
app.command("evaluate", cls=Command, epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command("watch", cls=Command, epilog=watch.EXAMPLES)(watch.watch)
app.command("update", cls=Command, epilog=update.EXAMPLES)(update.update)
app.command("tune", cls=Command, epilog=tune.EXAMPLES)(tune.command())
app.command("inspect", cls=Command, epilog=inspect.EXAMPLES)(inspect.inspect)
app.command("export", cls=Command, epilog=export.EXAMPLES)(export.export)
app.command("serve", cls=Command, epilog=serve.EXAMPLES)(serve.serve)
app.command("bench", cls=Command, epilog=bench.EXAMPLES)(bench.bench)
app.add_typer(textbook.app, name="textbook", epilog=textbook.EXAMPLES)
app.command("doctor", cls=Command, epilog=doctor.EXAMPLES)(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"recurra {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="en|zh",
            help="Language of pages, verdicts and messages. Detected (RECURRA_LANGUAGE, the locale) unless given.",
        ),
    ] = None,
) -> None:
    """Hold the options of `recurra` itself."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status.

    0 done; 1 a fault of the machine or of Recurra itself; 2 input that is refused; 3 a model that no longer holds
    (`watch`); 130 interrupted. `--debug` lets every error through with its traceback.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in arguments
    if not debug:
        sys.excepthook = _report_bug
    frugal()
    try:
        with spelt(as_flag), set_language(asked_language(arguments)):
            given = without_language(arguments)
            if given and not given[0].startswith("-") and given[0] not in _commands():
                registry.names()  # raises where a plugin, which may have this task, cannot be imported
            get_command(app).main(given, prog_name="recurra", obj=arguments)
    except RecurraError as error:
        if debug:
            raise
        _complain(str(error))
        sys.exit(USAGE)
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # as a compiled library says it while it is loaded
            sys.exit(INTERRUPTED)
        raise
    except OSError as error:
        if debug:
            raise
        _complain(_("{error} (--debug shows where)", error=error))
        sys.exit(1)


def _commands() -> set[str]:
    return {*(command.name or "" for command in app.registered_commands), "textbook"}


LANGUAGE = "--language"


def asked_language(arguments: Sequence[str]) -> str | None:
    """The language that the command line asks for, wherever it stands; None where it does not."""
    asked = None
    for place, argument in enumerate(arguments):
        name, found, value = argument.partition("=")
        if name == LANGUAGE:
            asked = value if found else next(iter(arguments[place + 1 :]), "")
    if asked is not None and asked not in LANGUAGES:
        raise InputError(
            _(
                "{language} is {asked!r}: expected {languages}",
                language=LANGUAGE,
                asked=asked,
                languages=_(" or ").join(LANGUAGES),
            )
        )
    return asked


def without_language(arguments: Sequence[str]) -> list[str]:
    """The arguments without the language, which stands before or after the command's name."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument == LANGUAGE or argument.startswith(f"{LANGUAGE}="):
            skip = argument == LANGUAGE and not skip
        else:
            kept.append(argument)
    return kept


def _complain(message: str) -> None:
    console = stderr()
    console.print(_("error: "), style="bold red", end="")
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def _report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The excepthook: one line for what nobody foresaw."""
    if issubclass(kind, MemoryError):
        _complain(_("out of memory; give fewer series or columns (--ignore), or --members 1"))
    else:
        text = " ".join(str(error).split())
        _complain(
            _(
                "this is a bug in recurra: {type}: {text} (run again with --debug and report what it prints)",
                type=kind.__name__,
                text=text,
            )
        )
