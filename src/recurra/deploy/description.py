"""What a model file says of itself, told without building anything from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurra.deploy.model_file import read_model

Tensors = tuple[tuple[str, str, tuple[int, ...], int], ...]


@dataclass(frozen=True)
class PartDescription:
    """A part of a model file: its name, its class, the bytes of its JSON, its tensors and their bytes."""

    name: str
    kind: str
    text: int
    tensors: int
    numbers: int


@dataclass(frozen=True)
class FileDescription:
    """What is in a model file: its kind, format, maker and verdict, its size in bytes, its parts, its tensors.

    `tensors` holds of each its name, type, shape and bytes.
    """

    kind: str
    version: int
    made_by: str
    verdict: str | None
    size: int
    parts: tuple[PartDescription, ...]
    tensors: Tensors


def describe(path: str | Path) -> FileDescription:
    """What is in the file; raises as `read_model` does, whose checks it passes, its checksum among them."""
    contents = read_model(path)
    tensors = tuple(
        (name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), tensor.numel() * tensor.element_size())
        for name, tensor in sorted(contents.tensors.items())
    )
    config = contents.config
    header = config.get("header", config)  # a forecaster of format 1 has none
    header = header if isinstance(header, Mapping) else {}
    names = sorted({*config, *(_part_of(name, config) for name, *_ in tensors)})
    parts = tuple(_described(name, config, tensors) for name in names)
    verdict = header.get("verdict")
    return FileDescription(
        contents.kind,
        contents.version,
        str(header.get("made_by")),
        None if verdict is None else str(verdict),
        Path(path).stat().st_size,
        parts,
        tensors,
    )


def _described(name: str, config: Mapping[str, Any], tensors: Tensors) -> PartDescription:
    plain = config.get(name)
    text = len(json.dumps(plain).encode()) if name in config else 0
    kind = str(plain.get("is a", "")) if isinstance(plain, Mapping) else ""
    sizes = [size for tensor, *_, size in tensors if _part_of(tensor, config) == name]
    return PartDescription(name, kind, text, len(sizes), sum(sizes))


def _part_of(tensor: str, config: Mapping[str, Any]) -> str:
    """The part that a tensor belongs to: weights/K, or what its name begins with."""
    pieces = tensor.split("/")
    two = "/".join(pieces[:2])
    return two if two in config or (pieces[0] == "weights" and len(pieces) > 2) else pieces[0]
