"""Learning curves, and what a watcher has seen, for TensorBoard."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from recurra.errors import InputError
from recurra.training.callback import Watcher


class Logger(Protocol):
    """Takes a row of figures per validation."""

    def write(self, row: dict[str, float]) -> None:
        """Log a row; its "step" is the x axis."""
        ...

    def show(self, watcher: Watcher | None, *, picture: bool) -> None:
        """Log what a watcher has seen, with a picture or without."""
        ...


class _Nowhere:
    def write(self, row: dict[str, float]) -> None:
        pass

    def show(self, watcher: Watcher | None, *, picture: bool) -> None:
        pass


class _TensorBoard:
    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter  # it takes a second to import

        self.writer = SummaryWriter(str(folder))

    def write(self, row: dict[str, float]) -> None:
        for name, value in row.items():
            if name != "step":
                self.writer.add_scalar(name, value, int(row["step"]))

    def show(self, watcher: Watcher | None, *, picture: bool) -> None:
        if watcher is not None:
            watcher.log(self.writer, picture=picture)


@contextmanager
def open_log(folder: Path | None, name: str) -> Iterator[Logger]:
    """A logger that writes event files to `folder`/`name`; one that writes nothing where `folder` is None."""
    if folder is None:
        yield _Nowhere()
        return
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError("a log was asked for, but TensorBoard is not installed: pip install 'recurra[tensorboard]'")
    board = _TensorBoard(Path(folder) / name)
    try:
        yield board
    finally:
        board.writer.close()
