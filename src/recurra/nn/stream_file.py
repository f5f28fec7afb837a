"""The state of a stream as a safetensors file: the tensors of each layer, and what they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recurra.cells import Cell
from recurra.errors import ModelFileError
from recurra.kernels.steps import Head, StackedCall
from recurra.state_file import read_state, write_state

_MAGIC = "recurra stream"
_WHAT = "the state of a stream, as Stream.save writes it"
States = Sequence[tuple[np.ndarray, ...]]


def fingerprint(layers: Sequence[StackedCall], head: Head | None) -> str:
    """SHA-256 of the weights and of what is computed with them."""
    digest = hashlib.sha256()
    for layer in layers:
        digest.update(f"{layer.call.recurrence.cell!r} {layer.call.recurrence.zoneout} {layer.adds}".encode())
        _weigh(digest, layer.call.tensors()[1:])
    _weigh(digest, () if head is None else head)
    return digest.hexdigest()


def write_states(path: str | Path, cells: Sequence[Cell], states: States, weights: str) -> None:
    """Write a file, whole or not at all."""
    header = {"layers": [cell.variant or cell.name for cell in cells], "weights": weights}
    write_state(path, _MAGIC, header, named_states(cells, states))


def read_states(
    path: str | Path, cells: Sequence[Cell], states: States, weights: str | None
) -> list[tuple[np.ndarray, ...]]:
    """The states of a file, which must fit those given; `weights` None: of whatever weights."""

    def check(path: Path, header: dict[str, Any]) -> None:
        _check_header(path, header, cells, weights)

    found = read_state(path, _MAGIC, _WHAT, named_states(cells, states), check, "rows and units of the stream")
    return [tuple(found[f"{k}.{state.name}"] for state in cell.states) for k, cell in enumerate(cells)]


def named_states(cells: Sequence[Cell], states: States) -> dict[str, np.ndarray]:
    """The arrays of all layers by their names in a file."""
    return {
        f"{k}.{state.name}": array
        for k, (cell, arrays) in enumerate(zip(cells, states, strict=True))
        for state, array in zip(cell.states, arrays, strict=True)
    }


def _check_header(path: Path, header: dict[str, Any], cells: Sequence[Cell], weights: str | None) -> None:
    expected = [cell.variant or cell.name for cell in cells]
    layers, theirs = header["layers"], header["weights"]
    if not isinstance(layers, list) or not isinstance(theirs, str):
        raise ValueError
    if layers != expected:
        raise ModelFileError(f"{path} is the state of the layers {layers}: expected {expected}")
    if weights is not None and theirs != weights:
        raise ModelFileError(
            f"{path} is the state of a stream with other weights, whose numbers mean something else: load it into a "
            "stream of the same model, or pass any_weights=True to take it nevertheless"
        )


def _weigh(digest: Any, tensors: Sequence[torch.Tensor | None]) -> None:
    for tensor in tensors:
        if tensor is None:
            digest.update(b"none")
            continue
        plain = tensor.detach().cpu().resolve_neg().contiguous()
        digest.update(f"{plain.dtype} {tuple(plain.shape)}".encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().data if plain.numel() else b"")
