"""Telling a person how far a training is: a protocol, a silent one, and a bar for terminals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """Follows one run at a time: `start`, any number of `update`s, `stop`."""

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
    """A bar with steps, losses and the time left on standard error; a plain line per run where that is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar: RichProgress | None = None

    def __reduce__(self) -> tuple[type[ProgressBar], tuple[()]]:
        """In another process it is a new bar: a console has locks, which cannot be sent there."""
        return ProgressBar, ()

    def start(self, label: str, total: int) -> None:
        """Draw a new bar."""
        self._label, self._text = label, ""
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
        if self._bar is not None:
            self._bar.update(self._task, completed=step, text=self._text)

    def stop(self) -> None:
        """Leave the finished bar standing."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        else:
            self._console.print(f"{self._label}: {self._text}", highlight=False)


def default_progress() -> Progress:
    """A bar where standard error is a terminal, silence elsewhere."""
    return ProgressBar() if sys.stderr.isatty() else quiet()


@contextmanager
def following(progress: Progress, label: str, total: int) -> Iterator[Progress]:
    """`progress` around one run, stopped whatever happens."""
    progress.start(label, total)
    try:
        yield progress
    finally:
        progress.stop()
