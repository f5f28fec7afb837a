"""Telling a person how far a training is: a protocol, a silent one, a bar for terminals, and one for notebooks."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from recurra.errors import InputError
from recurra.language import _
from recurra.training.estimate import TimeLeft, duration

_WORTH_A_LINE = 20.0  # seconds in all, from which on a line says how long it will take
_REFRESH = 0.2  # seconds between two pictures of a notebook's bar


class Progress(Protocol):
    """Follows one run at a time: `start`, any number of `update`s, `stop`.

    One with a method `expect(runs)` is told how many runs there will be.
    """

    def start(self, label: str, total: int) -> None:
        """A run of `total` steps begins."""

    def update(self, step: int, text: str) -> None:
        """`step` steps are done; `text` holds the losses."""

    def stop(self) -> None:
        """The run is over."""


class _Quiet:
    def start(self, label: str, total: int) -> None:
        pass

    def update(self, step: int, text: str) -> None:
        pass

    def stop(self) -> None:
        pass


def quiet() -> Progress:
    """A progress that says nothing."""
    return _Quiet()


class ProgressBar:
    """A bar with steps, losses and the time left on standard error; a plain line per run where that is no terminal.

    After the first seconds a line says how long all runs will take, if that is long.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar: RichProgress | None = None
        self._left, self._told = TimeLeft(), False

    def __reduce__(self) -> tuple[type[ProgressBar], tuple[()]]:
        """In another process it is a new bar: a console has locks, which cannot be sent there."""
        return ProgressBar, ()

    def expect(self, runs: int) -> None:
        """So many runs of one kind begin now."""
        self._left, self._told = TimeLeft(runs), False

    def start(self, label: str, total: int) -> None:
        """Draw a new bar."""
        self._label, self._text = label, ""
        self._left.start(total)
        if not self._console.is_terminal:
            return
        bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
        )
        self._task = bar.add_task(label, total=total, text="")
        bar.start()
        self._bar = bar

    def update(self, step: int, text: str) -> None:
        """Move the bar."""
        self._text = text or self._text
        seconds = None if self._told else self._left.seconds(step)
        if seconds is not None:
            self._told = True
            if seconds >= _WORTH_A_LINE:
                console = self._console if self._bar is None else self._bar.console
                console.print(_sentence(self._left.runs, seconds), highlight=False)
        if self._bar is not None:
            self._bar.update(self._task, completed=step, text=self._text)

    def stop(self) -> None:
        """Leave the finished bar standing."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        else:
            self._console.print(_("{label}: {text}", label=self._label, text=self._text or _("done")), highlight=False)


class NotebookProgress:
    """A bar below the cell of a notebook, without widgets; of several runs each has its own line."""

    def __init__(self) -> None:
        self._left, self._lines, self._handle = TimeLeft(), list[str](), None
        self._drawn = 0.0

    def __reduce__(self) -> tuple[type[NotebookProgress], tuple[()]]:
        return NotebookProgress, ()

    def expect(self, runs: int) -> None:
        """So many runs of one kind begin now."""
        self._left, self._lines, self._handle = TimeLeft(runs), [], None

    def start(self, label: str, total: int) -> None:
        """Show a new bar."""
        self._label, self._total, self._text, self._step = label, total, "", 0
        self._left.start(total)
        self._lines.append("")
        self._show(always=True)

    def update(self, step: int, text: str) -> None:
        """Move the bar."""
        self._step, self._text = step, text or self._text
        self._show()

    def stop(self) -> None:
        """Leave the finished bar standing."""
        self._show(always=True)

    def _show(self, *, always: bool = False) -> None:
        from IPython.display import HTML, display

        now = time.monotonic()
        if not always and now - self._drawn < _REFRESH:
            return
        self._drawn = now
        seconds = self._left.seconds(self._step) if self._step < self._total else None
        left = "" if seconds is None else _(", about {seconds} left in all", seconds=duration(seconds))
        self._lines[-1] = (
            f"<div>{html.escape(self._label)} <progress value={self._step} max={self._total}></progress> "
            f"{self._step:,}/{self._total:,} {html.escape(self._text)}{left}</div>"
        )
        picture: Any = HTML("".join(self._lines))
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def default_progress(verbose: bool | None = None) -> Progress:
    """A bar where a person watches: in a notebook, or where standard error is a terminal; silence elsewhere.

    `verbose` True gives one in any case (plain lines where there is no terminal), False none.
    """
    if verbose is False:
        return quiet()
    if _in_notebook():
        return NotebookProgress()
    return ProgressBar() if verbose or sys.stderr.isatty() else quiet()


def check_verbose(verbose: object) -> None:
    """Raise InputError for what is neither None, nor True, nor False."""
    if verbose is not None and not isinstance(verbose, bool):
        raise InputError(
            _("verbose is {verbose!r}: expected True, False, or None for a progress bar in a terminal", verbose=verbose)
        )


def expect(progress: Progress, runs: int) -> None:
    """Tell a progress that wants to know it how many runs of one kind will follow."""
    if callable(told := getattr(progress, "expect", None)):
        told(runs)


@contextmanager
def following(progress: Progress, label: str, total: int) -> Iterator[Progress]:
    """`progress` around one run, stopped whatever happens."""
    progress.start(label, total)
    try:
        yield progress
    finally:
        progress.stop()


def _in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter, where displayed pictures can be changed."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def _sentence(runs: int, seconds: float) -> str:
    return _(
        "{runs}: about {seconds}, or less.",
        runs=_("{runs} trainings", runs=runs) if runs > 1 else _("The training"),
        seconds=duration(seconds),
    )
