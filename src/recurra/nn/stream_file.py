"""The state of a stream as a safetensors file: the tensors of each layer, and what they belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from recurra.cells import Cell
from recurra.errors import InputError, ModelFileError
from recurra.files import whole_file
from recurra.kernels.steps import Head, StackedCall

FORMAT = 1
_MAGIC = "recurra stream"
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
    tensors = {
        f"{k}.{state.name}": array
        for k, (cell, arrays) in enumerate(zip(cells, states, strict=True))
        for state, array in zip(cell.states, arrays, strict=True)
    }
    header = {"format": FORMAT, "layers": [cell.variant or cell.name for cell in cells], "weights": weights}
    with whole_file(path) as temporary:
        save_file(tensors, str(temporary), metadata={_MAGIC: json.dumps(header, sort_keys=True)})


def read_states(
    path: str | Path, cells: Sequence[Cell], states: States, weights: str | None
) -> list[tuple[np.ndarray, ...]]:
    """The states of a file, which must fit those given; `weights` None: of whatever weights."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}: expected the state of a stream, as Stream.save writes it")
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = _header(path, dict(file.metadata() or {}))
            _check_header(path, header, cells, weights)
            names = {f"{k}.{s.name}" for k, cell in enumerate(cells) for s in cell.states}
            if set(file.keys()) != names:
                raise ModelFileError(f"{path} holds the tensors {sorted(file.keys())}: expected {sorted(names)}")
            found = []
            for k, (cell, arrays) in enumerate(zip(cells, states, strict=True)):
                for state, array in zip(cell.states, arrays, strict=True):
                    _check_shape(path, f"{k}.{state.name}", file, array)
                found.append(tuple(file.get_tensor(f"{k}.{state.name}") for state in cell.states))
            return found
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"{path} is no readable safetensors file ({error}): it is damaged, or something else"
        ) from error


def _header(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    if _MAGIC not in metadata:
        raise ModelFileError(f"{path} is a safetensors file, but not the state of a stream, as Stream.save writes it")
    try:
        header = json.loads(metadata[_MAGIC])
        version = int(header["format"])
        known = isinstance(header["layers"], list) and isinstance(header["weights"], str)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path} has a damaged header ({error})") from error
    if version > FORMAT:
        raise ModelFileError(
            f"{path} was made by a newer version of Recurra (format {version}, this one reads {FORMAT})"
        )
    if not known:
        raise ModelFileError(f"{path} has a damaged header")
    return header


def _check_header(path: Path, header: dict[str, Any], cells: Sequence[Cell], weights: str | None) -> None:
    expected = [cell.variant or cell.name for cell in cells]
    if header["layers"] != expected:
        raise ModelFileError(f"{path} is the state of the layers {header['layers']}: expected {expected}")
    if weights is not None and header["weights"] != weights:
        raise ModelFileError(
            f"{path} is the state of a stream with other weights, whose numbers mean something else: load it into a "
            "stream of the same model, or pass any_weights=True to take it nevertheless"
        )


def _check_shape(path: Path, name: str, file: Any, like: np.ndarray) -> None:
    part = file.get_slice(name)
    shape, dtype = tuple(part.get_shape()), part.get_dtype()
    expected = "F64" if like.dtype == np.float64 else "F32"
    if shape != like.shape or dtype != expected:
        raise ModelFileError(
            f"{path}: {name} is {dtype} {shape}: expected {expected} {like.shape}, rows and units of the stream"
        )


def _weigh(digest: Any, tensors: Sequence[torch.Tensor | None]) -> None:
    for tensor in tensors:
        if tensor is None:
            digest.update(b"none")
            continue
        plain = tensor.detach().cpu().resolve_neg().contiguous()
        digest.update(f"{plain.dtype} {tuple(plain.shape)}".encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().data if plain.numel() else b"")
