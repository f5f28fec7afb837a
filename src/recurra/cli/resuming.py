"""`--resume`: where a run keeps its checkpoints, and how it knows them again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from recurra import __version__
from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.data.panel.panel import ARRAYS, Panel
from recurra.errors import InputError
from recurra.training.checkpoint import CheckpointFolder


def checkpoint_path(out: Path, name: str) -> Path:
    """The hidden folder in `out` that holds the checkpoints of an unfinished run on the table `name`."""
    return out / f".{name}.recurra-run"


def open_checkpoints(path: Path, data: str, options: Mapping[str, Any], *, resume: bool) -> CheckpointFolder:
    """The checkpoints at `path` for the data of this digest and these options; without `resume` older ones are removed.

    Raises InputError where the folder is somebody else's, ModelFileError where it belongs to another run.
    """
    if path.exists() and any(path.iterdir()) and not (path / "run.json").is_file():
        raise InputError(f"{path} is in the way: it holds something else than checkpoints; choose another --out")
    told = {name: value for name, value in options.items() if name != "verbose"}  # of what is shown no bit depends
    fingerprint = {
        "data": data,
        "options": json.dumps(told, sort_keys=True, default=_plain),
        "version of recurra": __version__,
    }
    return CheckpointFolder(path, fingerprint, resume)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def tell_of_unfinished(console: Console, path: Path, *, resume: bool) -> None:
    """Say what becomes of an unfinished run, or that there is none."""
    if path.exists() and not resume:
        console.print("Discarding an unfinished run; pass --resume to continue it.")
    if resume and not path.exists():
        console.print("Nothing to resume: starting a new run.")


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


def examples_digest(examples: Examples, *others: pd.Series | pd.DataFrame | np.ndarray | None) -> str:
    """A digest of examples and of what belongs to them: another one wherever a value or an input's kind differs."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr(sorted((name, repr(kind)) for name, kind in examples.kinds.items())).encode())
    for name, column in sorted(examples.columns.items()):
        digest.update(name.encode())
        _feed(digest, column)
    for other in others:
        _feed(digest, other)
    return digest.hexdigest()


def _feed(digest: hashlib.blake2b, value: Any) -> None:
    """Add a column of any kind, and where it ends."""
    if isinstance(value, Ragged):
        _feed(digest, value.offsets)
        _feed(digest, value.values)
    elif isinstance(value, Steps):
        digest.update(repr(value.names).encode())
        _feed(digest, value.values)
        _feed(digest, value.times)
    elif isinstance(value, pd.DataFrame):
        for name in value.columns:
            digest.update(str(name).encode())
            _feed(digest, value[name].to_numpy())
    elif isinstance(value, pd.Series):
        _feed(digest, value.to_numpy())
    elif isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"")
    elif isinstance(value, np.ndarray | list):
        digest.update(f"{len(value)} cells".encode())
        for cell in value:
            if isinstance(cell, str):
                digest.update(b"s%d" % len(cell) + cell.encode("utf-8", "surrogatepass"))
            else:
                _feed(digest, cell)
    else:
        digest.update(repr(value).encode())


def data_digest(panel: Panel) -> str:
    """A digest of everything in a panel: another one wherever a value, a column's part or a time differs."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([asdict(panel.schema), asdict(panel.grid), panel.series], sort_keys=True).encode())
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(panel, name))
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
