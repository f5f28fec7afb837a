"""`recurra TASK`: from a file to an evaluated model, a page and a model file, the same for every registered task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from recurra.cli.console import print_facts, print_files, print_preview, print_scores, stderr, stdout, waiting
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.task_flags import Flag, flags_of, own_flags, signature_of
from recurra.cli.given import arguments_of, named, part_of, perhaps
from recurra.cli.opening import staying
from recurra.cli.outputs import as_text, check_outputs, surviving, tell_failures, written_together
from recurra.errors import InputError
from recurra.heap import frugal
from recurra.language import _
from recurra.options import option as spelt_option
from recurra.tasks import registry
from recurra.tasks.task import Task


def command_of(task: Task) -> Callable[..., None]:
    """The command of a task, with its own options and help."""
    flags = flags_of(task)

    def command(context: typer.Context, file: str, reading: Reading, **given: Any) -> None:
        typed = {name for name in given if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT"}
        _learn(task, flags, file, reading, given, typed, arguments=context.obj)

    command.__name__ = task.name.replace("-", "_")
    command.__doc__ = f"{task.summary}\n\n{task.writes}"
    command.__signature__ = signature_of(task)  # type: ignore[attr-defined]
    return reading_flags(command)


def _learn(
    task: Task,
    flags: Mapping[str, Flag],
    file: str,
    reading: Reading,
    given: dict[str, Any],
    typed: Collection[str],
    *,
    arguments: list[str],
) -> None:
    task, flags, given = _learning(task, flags, file, given, typed)
    given = {name: flag.parse(given[name]) if (flag := flags[name]).parse else given[name] for name in flags}
    out: Path = given["out"]
    quiet: bool = given["quiet"]
    columns, shown = part_of(given, flags, "columns"), part_of(given, flags, "shown")
    check_outputs([out / name for name in task.files])  # before anything is read, or torch imported

    with staying():
        learner = task.load()
    estimator = learner(**arguments_of(task, flags, given))
    console = stdout(quiet)
    with waiting(stderr(quiet), _("reading {file}", file=Path(file).name)):
        opened = estimator.read_file(file, reading.arguments(), perhaps(columns, flags))
    reading.untold[:] = opened.notes
    files = [out / name for name in (*task.files, f"{opened.name}.safetensors")]
    test = columns.get("test")
    check_outputs(files, inputs=[file, *([test] if test is not None else [])])
    known = [str(column) for column in opened.frame.columns]
    prepared = estimator.prepare(opened, **{name: named(value, flags[name], known) for name, value in columns.items()})
    name, estimator.reading_ = opened.name, opened.cells
    del opened  # what is prepared holds all that is learnt from; a large table would be in memory twice
    print_facts(console, "What was understood", prepared.facts)
    reading.told()

    from recurra.cli.resuming import checkpoint_path, open_checkpoints, refusing_without_trace, tell_of_unfinished
    from recurra.training import Run
    from recurra.training.progress import ProgressBar
    from recurra.training.progress import quiet as silent

    path, resume = checkpoint_path(out, name), given["resume"]
    tell_of_unfinished(console, path, resume=resume)
    how = {**estimator.get_params(deep=False), **prepared.way, "devices": given["devices"]}
    with refusing_without_trace(path):
        checkpoints = open_checkpoints(path, prepared.digest, how, resume=resume, arguments=arguments)
        progress = silent() if quiet else ProgressBar()
        run = Run(checkpoints=checkpoints, progress=progress, **part_of(given, flags, "run"))
        estimator.learn(prepared, run=run)
    if console.is_terminal:
        console.print()  # below the bars
    print_facts(console, "What was decided", estimator.facts())
    for note in estimator.remarks():
        console.print(Text(note), soft_wrap=True)
    print_scores(console, estimator.scores())
    results = estimator.results(**shown)
    if task.shows_results:
        preview = estimator.preview()
        preview.add(results)
        print_preview(console, preview)

    from recurra.report import write_html, write_png

    frugal()  # what learning and forecasting left free goes back to the system first
    content: Any = None
    failures: dict[str, Exception] = {}
    with written_together(out) as stage:
        text = "".join(as_text(iter([results]), files[0]))
        (stage / files[0].name).write_text(text, encoding="utf-8", newline="")
        estimator.save(stage / files[-1].name)  # before there is a page, which needs as much memory
        with surviving(failures, files[1].name):
            content = estimator.file_content(arguments=arguments, **shown)
        if content is not None:
            for path, write in ((files[1], write_html), (files[2], write_png)):
                with surviving(failures, path.name, stage):
                    write(content, stage / path.name)
        written = [path for path in files if (stage / path.name).exists()]
    checkpoints.clear()
    print_files(console, written)
    tell_failures(failures, debug="--debug" in arguments)


def _learning(
    task: Task, flags: Mapping[str, Flag], file: str, given: dict[str, Any], typed: Collection[str]
) -> tuple[Task, Mapping[str, Flag], dict[str, Any]]:
    """The task that learns FILE, its options, and their values: where a task has an `other`, one of the two.

    `typed` are the options that were given. Raises InputError for one that the task chosen does not have.
    """
    if not task.other:
        return task, flags, given
    found = task.chosen(file, {name: given[name] for name in typed if name in flags})
    chosen = registry.get(found.task)
    known = own_flags(chosen)
    wrong = next((name for name in flags if name not in known and name in typed), None)
    if wrong is not None:
        raise InputError(
            _("{wrong} says nothing to {what}: leave it out", wrong=spelt_option(wrong, given[wrong]), what=found.what)
        )
    values = {name: given[name] if name in typed else flag.default for name, flag in known.items()}
    return chosen, known, values | dict(found.options)
