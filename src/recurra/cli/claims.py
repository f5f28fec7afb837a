"""What a command is going to write is its own until it ends: a second command that would write the same is refused.

A claim is a lock of the operating system on a small file in a hidden folder beside the output. It ends with its
process, however that ends, so that what a killed one leaves behind stands in nobody's way.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any

from recurra.cli.console import stderr
from recurra.errors import InputError
from recurra.language import _

CLAIMS = ".recurra-claims"  # the folder in which the locks lie while commands run
_PATIENCE = 0.2  # seconds, within which one that just ends is waited for


class _Claims(ExitStack):
    """What a command holds."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: set[Path] = set()


_command: ContextVar[_Claims | None] = ContextVar("_command", default=None)


@contextmanager
def claims_of_a_command() -> Iterator[None]:
    """Around a command: what it claims is free again when the block ends."""
    with _Claims() as held:
        before = _command.set(held)
        try:
            yield
        finally:
            _command.reset(before)


def claim(paths: Sequence[Path]) -> None:
    """Hold these files and folders until the command ends; nothing outside of one.

    Raises InputError where another process holds one of them. Where a disk has no locks, that is said, and no more.
    """
    held = _command.get()
    if held is None:
        return
    for path in dict.fromkeys(path.absolute() for path in paths if path.absolute() not in held.paths):
        try:
            held.enter_context(_held(path))
            held.paths.add(path)
        except (OSError, NotImplementedError) as error:  # the latter from a disk without locks
            reason = getattr(error, "strerror", None) or error
            text = _(
                "note: {folder} cannot be locked ({reason}): start no second run there before this one ends",
                folder=path.parent,
                reason=reason,
            )
            stderr().print(text, markup=False, highlight=False, soft_wrap=True)
            return


@contextmanager
def _held(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # here: the command line starts without it

    folder = path.parent / CLAIMS
    made = [folder, *(each for each in path.parents if not each.exists())]
    lock, holder = folder / f"{path.name}.lock", folder / f"{path.name}.json"
    try:
        claimed = _locked(FileLock(lock, timeout=_PATIENCE))
    except Timeout as error:
        raise InputError(_refusal(path, _told(holder))) from error
    try:
        holder.write_text(json.dumps(_myself()), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        with suppress(OSError):  # Windows removes no file that is open: there the lock does it when it is released
            lock.unlink()
        claimed.release()
        for each in made:
            with suppress(OSError):  # something else is in it
                each.rmdir()


def _locked(lock: Any) -> Any:
    """The lock, taken; its folder is made, again where another command that ended has just removed it."""
    while True:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(poll_interval=_PATIENCE / 4)
        except FileNotFoundError:
            continue
        return lock


def _myself() -> dict[str, Any]:
    return {
        "process": os.getpid(),
        "machine": platform.node(),
        "command": shlex.join(["recurra", *sys.argv[1:]]),
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
    }


def _told(holder: Path) -> dict[str, Any]:
    """What the process that holds a lock says of itself; nothing where it has not come to it yet."""
    try:
        return json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _refusal(path: Path, told: dict[str, Any]) -> str:
    remedy = _("wait until it has ended, stop it, or choose another place with --out")
    if not {"process", "machine", "command", "since"} <= told.keys():
        return _(
            "{folder} is in use: another run is writing {file} there; {remedy}",
            folder=path.parent,
            file=path.name,
            remedy=remedy,
        )
    process = str(told["process"])
    if told["machine"] != platform.node():
        process = _("{process} on {machine}", process=process, machine=told["machine"])
    return _(
        "{folder} is in use: process {process} ({command}, started {since}) is writing {file} there; {remedy}",
        folder=path.parent,
        process=process,
        command=told["command"],
        since=told["since"],
        file=path.name,
        remedy=remedy,
    )
