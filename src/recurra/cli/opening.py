"""What a command imports and opens, and keeps until it ends.

Python looks through all that there is for garbage, again and again while torch, pandas and a task are imported, which
make none, and once more as it ends: a fifth of the time of a quick command.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def staying() -> Iterator[None]:
    """Inside, and among what was made by its end, nothing is looked for; once in a process."""
    if gc.get_freeze_count() or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def open_model(path: Path) -> Any:
    """The estimator in a model file, as `recurra.load` opens it."""
    with staying():
        from recurra.tasks import load

        return load(path)
