"""What a task is to everybody else: its name, its command, what its files hold, and which estimator does it.

Nothing here imports torch or pandas, so that `recurra --help` knows every task at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from recurra.data.examples.target import CLASS, Target


@dataclass(frozen=True)
class Option:
    """An argument of an estimator's constructor that is an option of its command.

    kind       str, int, float, bool, or a Literal of the choices
    help       what it is, in one line
    nothing    the word that stands for None: "none"
    panel      under which heading the help has it
    least      of a number; `most` likewise
    means      of a switch: the argument that it sets, and to what
    shown      whether it is an argument of `results` and `predictions`, and not of the constructor
    group      the argument of the constructor, a mapping, in which it is an option
    """

    name: str
    kind: Any
    help: str
    default: Any = None
    nothing: str | None = None
    panel: Literal["evaluation", "network", "training", "samples"] = "training"
    least: float | None = None
    most: float | None = None
    means: tuple[str, Any] | None = None
    shown: bool = False
    group: str = ""

    def value(self, given: Any) -> Any:
        """The argument for what was given."""
        return None if self.nothing is not None and given == self.nothing else given


@dataclass(frozen=True)
class Column:
    """An option of a task's command that names a column, or says something about the file: passed to `prepare`.

    flag     how it is spelt where that is not its name: "--from" for `source`; several with blanks between them
    several  whether several columns may be named
    names    whether it names columns; else its value is passed as it is, of the type `kind`
    """

    name: str
    help: str
    flag: str = ""
    several: bool = False
    names: bool = True
    kind: Any = str
    default: Any = None
    metavar: str = "NAME"


@dataclass(frozen=True)
class Chosen:
    """The task, by its name, that learns a FILE, what that is in words, and the options that follow from it."""

    task: str
    what: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A task; `recurra.tasks.register` adds one.

    name       the command: "classify"
    kind       what its model files hold: "sequence classifier"
    summary    what the command does, in one line; `writes` what it writes
    examples   command lines without `recurra`, each with a phrase or "": ("classify demo:reviews", "built-in texts")
    estimator  the class (`tasks.estimator.Estimator`), or where it is, "module:Class", loaded when it is asked for
    reader     what its files hold: "series", labelled "examples", a "text", or something of its "own"
    target     of examples: the column that is predicted
    columns    of examples: which kinds of columns may be named beside those that all have
    inputs     of its own: the options that name its columns
    shared     of its own: which options of labelled examples it has too ("test", "share", "cell", "hidden", ...)
    defaults   of those, where they are others here
    cells      networks beside the registered cells that `--cell` may name
    options    further arguments of the estimator that are options of the command
    files      what the command writes beside the model: results, page and picture
    shows_results  whether the first rows of the results are printed
    other          the name of a task that learns some FILEs in place of this one
    chooser        of the two, by FILE and the options given: "module:function", which gives `Chosen`
    argument       what stands for FILE in the help, and what it may be, where `reader` does not say
    hidden         whether it has no command of its own, since it is the `other` of one that has
    unsearched     of a task whose settings `recurra tune` searches: the options that bear on no search; else None

    >>> from recurra import tasks
    >>> tasks.get("tag").kind, tasks.get("tag").target.per_step
    ('sequence tagger', True)
    """

    name: str
    kind: str
    summary: str
    examples: tuple[tuple[str, str], ...]
    estimator: str | type
    reader: Literal["series", "examples", "text", "own"] = "examples"
    target: Target = CLASS
    columns: tuple[str, ...] = ("text", "sequence", "audio")
    inputs: tuple[Column, ...] = ()
    shared: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    cells: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    files: tuple[str, str, str] = ("predictions.csv", "report.html", "report.png")
    writes: str = "Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model)."
    shows_results: bool = False
    other: str = ""
    chooser: str = ""
    argument: tuple[str, str] | None = None
    hidden: bool = False
    unsearched: tuple[str, ...] | None = None

    @property
    def path(self) -> str:
        """Where the estimator's class is."""
        if isinstance(self.estimator, str):
            return self.estimator
        return f"{self.estimator.__module__}:{self.estimator.__qualname__}"

    def load(self) -> Any:
        """The estimator's class."""
        return self.estimator if not isinstance(self.estimator, str) else _found(self.estimator)

    def chosen(self, file: str, given: Mapping[str, Any]) -> Chosen:
        """What learns a FILE, this task or its `other`; `given` are the options that were given."""
        return _found(self.chooser)(file, given)


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
