"""Output files: all of them or none, never over the input, and by one command at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recurra.cli.claims import claim
from recurra.cli.console import stderr
from recurra.errors import InputError, MissingPackageError
from recurra.language import _

if TYPE_CHECKING:
    import pandas as pd

_JSON = (".jsonl", ".ndjson")


def check_outputs(paths: Sequence[Path], inputs: Sequence[str] = ()) -> None:
    """Refuse now what could not be written after an hour of training; what can be is this command's until it ends.

    Raises InputError where an output would replace an input, is a folder or a device, lies where nothing can be
    written, or is being written by another process.
    """
    for path in paths:
        for source in inputs:
            if path.exists() and Path(source).exists() and path.samefile(source):
                raise InputError(
                    _("{path} is the input and would be overwritten: choose another place with --out", path=path)
                )
        if path.is_dir():
            raise InputError(
                _("cannot write {path}: it is a folder; remove it, or choose another place with --out", path=path)
            )
        if path.exists() and not path.is_file():
            raise InputError(
                _("cannot write {path}: it is no regular file; choose another place with --out", path=path)
            )
    for folder in {path.parent for path in paths}:
        _check_folder(folder)
    claim(paths)


def _check_folder(folder: Path) -> None:
    standing = folder
    while not standing.exists():
        standing = standing.parent
    if not standing.is_dir():
        raise InputError(
            _(
                "cannot write in {folder}: {standing} is a file, expected a folder; choose one with --out",
                folder=folder,
                standing=standing,
            )
        )
    try:
        # permission bits say nothing about a read-only disk: only writing does
        os.rmdir(tempfile.mkdtemp(prefix=".recurra-", dir=standing))
    except OSError as error:
        raise InputError(
            _(
                "cannot write in {folder}: {reason}; choose another folder with --out",
                folder=folder,
                reason=error.strerror,
            )
        ) from error


@contextmanager
def written_together(folder: Path) -> Iterator[Path]:
    """A temporary folder inside `folder`; the files put there move to `folder` when the block ends without an error.

    An old file stays as it was until every new one is complete. `folder` is made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".recurra-", dir=folder))
    try:
        yield stage
        for path in sorted(stage.iterdir()):
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(stage)


@contextmanager
def surviving(failures: dict[str, Exception], name: str, stage: Path | None = None) -> Iterator[None]:
    """Around the making of a page or picture called `name`: what goes wrong is kept in `failures`, and no more is lost.

    A half-written file in `stage` is removed.
    """
    try:
        yield
    except OSError:  # a full disk ends everything, and the run can be resumed
        raise
    except Exception as error:  # noqa: BLE001  # whatever a picture fails of, the model is worth an hour
        failures[name] = error
        if stage is not None:
            (stage / name).unlink(missing_ok=True)


def tell_failures(failures: Mapping[str, Exception], *, debug: bool) -> None:
    """Say what could not be made and leave with the status of a fault, or with `debug` raise it; else nothing.

    A page or picture for which a package is missing is no fault.
    """
    for name, error in failures.items():
        if debug:
            raise error
        if isinstance(error, MissingPackageError):
            stderr().print(
                _("note: {name} was not made: {error}", name=name, error=error),
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            continue
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        stderr().print(
            _(
                "error: {name} could not be made; the other files are complete. This is a bug in recurra: {reason} "
                "(run again with --debug and report what it prints)",
                name=name,
                reason=reason,
            ),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if any(not isinstance(error, MissingPackageError) for error in failures.values()):
        raise typer.Exit(1)


def csv_text(frame: pd.DataFrame) -> str:
    """A result as CSV: nine significant digits, which is all that a float32 holds."""
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def plain_texts(frame: pd.DataFrame) -> str:
    """Texts as they stand, what each goes on from before it; several apart by a line of dashes."""
    before = frame["prompt"] if "prompt" in frame else [""] * len(frame)
    texts = [f"{prompt}{text}".strip("\n") for prompt, text in zip(before, frame["text"], strict=True)]
    return f"\n\n{'-' * 40}\n\n".join(texts) + "\n"


def as_text(
    frames: Iterator[pd.DataFrame], out: Path, *, see: Callable[[pd.DataFrame], None] = lambda frame: None
) -> Iterator[str]:
    """Parts of a table as parts of the file `out`: JSON lines by its name, the column of texts as they stand where it
    ends in .txt, else CSV with its header once.

    `see` is shown each part.
    """
    from recurra.data.files.cells_out import cell_text, json_lines

    lines = out.suffix.lower() in _JSON
    for number, frame in enumerate(frames):
        see(frame)
        if out.suffix.lower() == ".txt" and "text" in frame:
            yield plain_texts(frame)
        elif lines:
            yield json_lines(frame)
        else:
            text = csv_text(cell_text(frame))
            yield text if number == 0 else text[text.index("\n") + 1 :]
