"""`--resume`: where a run keeps its checkpoints, and how it knows them again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from recurra import __version__
from recurra.errors import InputError
from recurra.language import _, mark
from recurra.tasks.provenance import command_of
from recurra.training.checkpoint import CheckpointFolder


def checkpoint_path(out: Path, name: str) -> Path:
    """The hidden folder in `out` that holds the checkpoints of an unfinished run on the table `name`."""
    return out / f".{name}.recurra-run"


def open_checkpoints(
    path: Path, data: str, options: Mapping[str, Any], *, resume: bool, arguments: Sequence[str] = ()
) -> CheckpointFolder:
    """The checkpoints at `path` for the data of this digest and these options; without `resume` older ones are removed.

    `arguments` are those of the command that begins a run, which are told where another one is refused.

    Raises InputError where the folder is somebody else's, ModelFileError where it belongs to another run.
    """
    if path.exists() and any(path.iterdir()) and not (path / "run.json").is_file():
        raise InputError(
            _("{path} is in the way: it holds something else than checkpoints; choose another --out", path=path)
        )
    told = {name: value for name, value in options.items() if name != "verbose"}  # of what is shown no bit depends
    fingerprint = {
        mark("data"): data,
        mark("options"): json.dumps(told, sort_keys=True, default=_plain),
        mark("version of recurra"): __version__,
    }
    begun = [each for each in arguments if each != "--resume"]
    return CheckpointFolder(path, fingerprint, resume, again=command_of([*begun, "--resume"]) if begun else "")


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def tell_of_unfinished(console: Console, path: Path, *, resume: bool) -> None:
    """Say what becomes of an unfinished run, or that there is none."""
    if path.exists() and not resume:
        console.print(_("Discarding an unfinished run; pass --resume to continue it."))
    if resume and not path.exists():
        console.print(_("Nothing to resume: starting a new run."))


@contextmanager
def refusing_without_trace(path: Path) -> Iterator[None]:
    """Around the use of the checkpoints at `path`: a refusal leaves neither them nor the folders made for them.

    What was refused cannot be resumed. Any other end keeps them, so that `--resume` can go on.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        yield
    except InputError:
        if (path / "run.json").is_file():
            shutil.rmtree(path)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
