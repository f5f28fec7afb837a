"""Digests of data: whether a resumed run finds what it began with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.data.panel.panel import ARRAYS, Panel

if TYPE_CHECKING:
    from recurra.data.examples.examples import Examples


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


def text_digest(*texts: str) -> str:
    """A digest of texts."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        _feed(digest, [text])
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
    panel = panel.packed()
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([asdict(panel.schema), asdict(panel.grid), panel.series], sort_keys=True).encode())
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(panel, name))
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
