"""The tasks by name: those of Recurra, and those that somebody else registers. Nothing here imports torch.

From them follow the commands of `recurra`, which estimator `recurra.load` makes of a file, and what a report is called.
"""

from __future__ import annotations

import importlib
import re
from contextlib import suppress

from recurra.errors import InputError
from recurra.language import _, listing
from recurra.plugins import PLUGINS, load_plugins
from recurra.tasks.task import Task

# A task of Recurra's own: where it is declared.
_tasks: dict[str, Task | str] = {
    "forecast": "recurra.tasks.forecast.task:FORECAST",
    "classify": "recurra.tasks.labelled.tasks:CLASSIFY",
    "tag": "recurra.tasks.labelled.tasks:TAG",
    "regress": "recurra.tasks.labelled.tasks:REGRESS",
    "transcribe": "recurra.tasks.speech.tasks:TRANSCRIBE",
    "speak": "recurra.tasks.speak.task:SPEAK",
    "translate": "recurra.tasks.translate.task:TRANSLATE",
    "generate": "recurra.tasks.generate.task:GENERATE",
    "recommend": "recurra.tasks.next_event.task:RECOMMEND",
    "play": "recurra.tasks.play.task:PLAY",
    "moves": "recurra.tasks.play.task:MOVES",
    "series": "recurra.tasks.series.task:SERIES",
}
OTHERS = (
    "predict", "evaluate", "watch", "update", "tune", "inspect", "export", "serve", "bench", "textbook", "doctor",
)  # commands that are no tasks  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def names() -> tuple[str, ...]:
    """The names of the tasks that are commands, Recurra's own first; those of the modules that RECURRA_PLUGINS names
    are among them.
    """
    load_plugins()
    return tuple(task.name for task in _every() if not task.hidden)


def known() -> list[Task]:
    """All tasks; where a plugin cannot be imported, those that are there: it is said when a command asks for it."""
    with suppress(InputError):
        load_plugins()
    return _every()


def _every() -> list[Task]:
    return [get(name) for name in tuple(_tasks)]


def get(name: str) -> Task:
    """A task by its name; InputError where none has it."""
    if name not in _tasks:
        load_plugins()
    found = _tasks.get(name)
    if found is None:
        raise InputError(
            _(
                "task is {name!r}: expected one of {tasks}. For a task of your own, import the module "
                "that registers it, or name it in the environment variable {plugins}",
                name=name,
                tasks=listing(names()),
                plugins=PLUGINS,
            )
        )
    if isinstance(found, str):
        module, _unused, attribute = found.partition(":")
        found = _tasks[name] = getattr(importlib.import_module(module), attribute)
    return found


def register(task: Task) -> Task:
    """Add a task: from then on its name is a command, and `recurra.load` opens its files.

    Raises InputError for a name that is no word of a command, or that another command has, and for a kind of model file
    that is another task's.
    """
    if not _NAME.fullmatch(task.name) or task.name in OTHERS:
        raise InputError(
            _(
                "name is {task!r}: expected small letters, digits and hyphens, and none of {others}",
                task=task.name,
                others=listing(OTHERS),
            )
        )
    for other in _every():
        same = other.name == task.name or other.kind == task.kind
        if same and other.path != task.path:
            what = "name" if other.name == task.name else "kind"
            raise InputError(
                _(
                    "{what} is {value!r}: expected one that no task has, and {path} has this one",
                    what=what,
                    value=getattr(task, what),
                    path=other.path,
                )
            )
    _tasks[task.name] = task
    return task


def unregister(name: str) -> None:
    """Take a task out again; nothing happens where there is none of this name."""
    _tasks.pop(name, None)


def by_kind(kind: str) -> Task | None:
    """The task whose model files are of this kind; None where there is none."""
    load_plugins()
    return next((task for task in _every() if task.kind == kind), None)
