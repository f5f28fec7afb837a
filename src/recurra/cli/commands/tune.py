"""`recurra tune FILE`: settings of network and training that forecast better what is held out of the learnt part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from recurra.cli.console import print_facts, print_files, print_frame, print_verdict, stderr, stdout, waiting
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.task_flags import Flag, flags_of, signature_of
from recurra.cli.given import arguments_of, named, part_of, perhaps
from recurra.cli.opening import staying
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.language import _
from recurra.tasks import registry
from recurra.tasks.task import Task

EXAMPLES = """
**Examples**

- `recurra tune sales.csv --target units --horizon 28` — 30 trials

- `recurra tune sales.csv --target units --horizon 28 --minutes 20 --trials 200`

- `recurra tune sales.csv --target units --horizon 28 --resume` — goes on with the trials that are missing

- `recurra forecast sales.csv --target units --horizon 28 --settings sales-settings.json` — what it found
"""
_SHOWN = 5


def searched() -> Task:
    """The task whose settings can be searched."""
    return next(task for task in registry.known() if task.unsearched is not None)


def flags() -> dict[str, Flag]:
    """The options of the command: those of the task that bear on how it learns, and how long is searched."""
    task = searched()
    known = {name: flag for name, flag in flags_of(task).items() if name not in (task.unsearched or ())}
    return {**known, "trials": Flag(options.Trials, 30, "search"), "minutes": Flag(options.Minutes, None, "search")}


def command() -> Any:
    """The command, with the options of the task."""
    known = flags()

    def tune(context: typer.Context, file: str, reading: Reading, **given: Any) -> None:
        _tune(known, file, reading, given)

    tune.__doc__ = (
        "Search the settings of the network for FILE, by what is held out of the part that is learnt from.\n\n"
        "The test part is never looked at. Writes NAME-settings.json, for `recurra forecast FILE --settings`, "
        "NAME-trials.csv, and NAME.journal, from which --resume goes on."
    )
    tune.__signature__ = signature_of(searched(), known)  # type: ignore[attr-defined]
    return reading_flags(tune)


def _tune(known: Mapping[str, Flag], file: str, reading: Reading, given: dict[str, Any]) -> None:
    given = {name: flag.parse(given[name]) if (flag := known[name]).parse else given[name] for name in known}
    task, out, quiet = searched(), given["out"], given["quiet"]
    console = stdout(quiet)
    columns = part_of(given, known, "columns")
    with staying():
        learner = task.load()
    estimator = learner(**_arguments(known, given))
    with waiting(stderr(quiet), _("reading {file}", file=Path(file).name)):
        opened = estimator.read_file(file, reading.arguments(), perhaps(columns, known))
    reading.untold[:] = opened.notes
    settings, table, journal = (out / f"{opened.name}{end}" for end in ("-settings.json", "-trials.csv", ".journal"))
    check_outputs([settings, table, journal], inputs=[file])
    names = [str(column) for column in opened.frame.columns]
    prepared = estimator.prepare(opened, **{name: named(value, known[name], names) for name, value in columns.items()})
    del opened
    print_facts(console, "What was understood", prepared.facts)
    reading.told()

    from recurra.tasks.tuning import Search, search_settings
    from recurra.training import Run
    from recurra.training.progress import ProgressBar
    from recurra.training.progress import quiet as silent

    if journal.exists() and not given["resume"]:
        console.print(_("Discarding an earlier search; pass --resume to continue one."))
    part, digest = estimator.learnt_part(prepared)
    bar = silent() if quiet else ProgressBar()
    search = Search(given["trials"], given["minutes"], journal, given["resume"], digest, Run(progress=bar))
    found = search_settings(estimator, part, search)
    if console.is_terminal:
        console.print()  # below the bar
    best = found.trials[found.trials["state"] == "complete"].nsmallest(_SHOWN, "loss")
    shown = best.rename(columns=lambda name: name.partition("__")[2] or name).round(4)
    print_frame(console, _("The best trials, by the loss on held-out forecasts"), shown, data=True)
    print_verdict(console, found.sentence, bool(found.settings) or None)
    with written_together(out) as stage:
        text = json.dumps(found.arguments(), indent=1, ensure_ascii=False) + "\n"
        (stage / settings.name).write_text(text, encoding="utf-8")
        (stage / table.name).write_text(csv_text(found.trials), encoding="utf-8", newline="")
    print_files(console, [settings, table])
    if found.interrupted:
        console.print(_("The search was stopped; pass --resume to continue it."))


def _arguments(known: Mapping[str, Flag], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the estimator, of the options that there are here."""
    return arguments_of(searched(), known, given)
