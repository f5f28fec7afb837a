"""Learning curves, and what a watcher has seen, for TensorBoard."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from recurra.errors import InputError
from recurra.language import _
from recurra.options import option
from recurra.training.guard import GuardedWatcher, Remarks


class Logger(Protocol):
    """Takes a row of figures per validation."""

    def write(self, row: dict[str, float]) -> None:
        """Log a row; its "step" is the x axis."""
        ...

    def show(self, watcher: GuardedWatcher, *, picture: bool) -> None:
        """Log what a watcher has seen, with a picture or without."""
        ...


class _Nowhere:
    def write(self, row: dict[str, float]) -> None:
        pass

    def show(self, watcher: GuardedWatcher, *, picture: bool) -> None:
        pass


class _TensorBoard:
    """After an error, such as a full disk, nothing more is written."""

    def __init__(self, folder: Path, remarks: Remarks) -> None:
        from torch.utils.tensorboard import SummaryWriter  # it takes a second to import

        self._writer, self._remarks = SummaryWriter(str(folder)), remarks
        self._broken = False

    def write(self, row: dict[str, float]) -> None:
        with self._guarded():
            for name, value in row.items():
                if name != "step" and not self._broken:
                    self._writer.add_scalar(name, value, int(row["step"]))

    def show(self, watcher: GuardedWatcher, *, picture: bool) -> None:
        if not self._broken:
            watcher.log(self._writer, picture=picture)

    def close(self) -> None:
        with self._guarded():
            self._writer.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  # of any kind: the training needs no log
            self._broken = True
            self._remarks.add(_("the log was not written to its end"), error)


@contextmanager
def open_log(folder: Path | None, name: str, remarks: Remarks) -> Iterator[Logger]:
    """A logger that writes event files to `folder`/`name`; one that writes nothing where `folder` is None.

    Raises InputError where none can be opened; what goes wrong later is one of the `remarks`.
    """
    if folder is None:
        yield _Nowhere()
        return
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(_("a log was asked for, but TensorBoard is not installed: pip install 'recurra[tensorboard]'"))
    try:
        board = _TensorBoard(Path(folder) / name, remarks)
    except OSError as error:
        raise InputError(
            _(
                "cannot write a log to {folder}: {reason}; choose another folder with {log_option}",
                folder=folder,
                reason=error.strerror or error,
                log_option=option("log"),
            )
        ) from error
    try:
        yield board
    finally:
        board.close()
