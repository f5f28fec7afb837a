"""`--resume`: where a run keeps its checkpoints, and how it knows them again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recurra import __version__
from recurra.data.panel import ARRAYS, Panel
from recurra.errors import InputError
from recurra.training.checkpoint import CheckpointFolder


def checkpoint_path(out: Path, name: str) -> Path:
    """The hidden folder in `out` that holds the checkpoints of an unfinished run on the table `name`."""
    return out / f".{name}.recurra-run"


def open_checkpoints(path: Path, panel: Panel, options: Mapping[str, Any], *, resume: bool) -> CheckpointFolder:
    """The checkpoints at `path` for this data and these options; without `resume` older ones are removed.

    Raises InputError where the folder is somebody else's, ModelFileError where it belongs to another run.
    """
    if path.exists() and any(path.iterdir()) and not (path / "run.json").is_file():
        raise InputError(f"{path} is in the way: it holds something else than checkpoints; choose another --out")
    fingerprint = {
        "data": data_digest(panel),
        "options": json.dumps(options, sort_keys=True, default=str),
        "version of recurra": __version__,
    }
    return CheckpointFolder(path, fingerprint, resume)


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


def data_digest(panel: Panel) -> str:
    """A digest of everything in a panel: another one wherever a value, a column's part or a time differs."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([asdict(panel.schema), asdict(panel.grid), panel.series], sort_keys=True).encode())
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(panel, name))
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
