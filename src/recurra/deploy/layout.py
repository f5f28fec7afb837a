"""The layout of a safetensors file: what it says of its tensors and of itself, checked before any of it is used.

    8 bytes     n, the length of the header, little-endian
    n bytes     JSON: {"__metadata__": {text: text}, NAME: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
    the rest    the tensors, end to end

The library `safetensors` reads the tensors. What it lets pass is refused here: names twice, numbers that are no JSON,
text that is no Unicode, types and shapes that no model has; and nothing is read of a file whose sizes do not add up,
so that neither time nor memory go beyond what its bytes account for.
"""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from recurra.language import _, listing

_LONGEST = 100 << 20  # bytes of a header: the format's own limit
_DEEPEST = 8  # dimensions of a tensor
_LARGEST = 1 << 48  # numbers along one of them
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_PART = 1 << 20  # bytes read at a time
_FIELDS = {"dtype", "shape", "data_offsets"}


class Unreadable(Exception):
    """Why a file is no safetensors file, in words for the message of whoever reads it."""


@dataclass(frozen=True)
class TensorLayout:
    """What the header says of a tensor: its type, its shape, and where it begins and ends behind the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.begin


def read_layout(path: Path) -> tuple[dict[str, str], dict[str, TensorLayout]]:
    """The metadata of a file and the layout of its tensors by name.

    Raises `Unreadable` where it is no whole safetensors file, and `OSError` where it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unreadable(_("it is no file on a disk"))
    with path.open("rb") as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _LONGEST):
            raise Unreadable(
                _("its header would be {length:,} bytes long, and it has {size:,}", length=length, size=size)
            )
        header = strict_json(file.read(length), _("its header"))
    if not isinstance(header, dict):
        raise Unreadable(_("its header is no JSON object"))
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Unreadable(_("its metadata are no texts by name"))
    tensors = {name: _tensor(name, entry) for name, entry in header.items()}
    place = 0
    for name, tensor in sorted(tensors.items(), key=lambda entry: (entry[1].begin, entry[1].end)):
        if tensor.begin != place:
            raise Unreadable(
                _(
                    "its tensor {name!r} begins at {begin:,}: expected {place:,}",
                    name=name,
                    begin=tensor.begin,
                    place=place,
                )
            )
        place = tensor.end
    if place != size - 8 - length:
        raise Unreadable(
            _("its tensors end at {place:,}, and the file at {size:,}", place=place, size=size - 8 - length)
        )
    return metadata, tensors


def stored_bytes(path: Path, layout: Mapping[str, TensorLayout]) -> Iterator[tuple[str, bytes]]:
    """The bytes of the tensors of a file, in the order of their names, a part at a time with the name of the tensor.

    They are read, not mapped: a process does not hold what it has only looked at.
    """
    first = path.stat().st_size - sum(tensor.size for tensor in layout.values())
    with path.open("rb") as file:
        for name, tensor in sorted(layout.items()):
            file.seek(first + tensor.begin)
            left = tensor.size
            yield name, file.read(min(left, _PART))
            while (left := left - _PART) > 0:
                yield name, file.read(min(left, _PART))


def _tensor(name: str, entry: Any) -> TensorLayout:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        raise Unreadable(_("its tensor {name!r} has not exactly {fields}", name=name, fields=listing(sorted(_FIELDS))))
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _SIZES:
        raise Unreadable(
            _(
                "its tensor {name!r} is of type {dtype!r}: expected one of {sizes}",
                name=name,
                dtype=dtype,
                sizes=listing(_SIZES),
            )
        )
    if not _are_counts(shape, _LARGEST) or len(shape) > _DEEPEST or math.prod(n for n in shape if n) > _LARGEST:
        raise Unreadable(_("its tensor {name!r} is of shape {shape}", name=name, shape=str(shape)[:100]))
    if not _are_counts(offsets, math.inf) or len(offsets) != 2:
        raise Unreadable(_("its tensor {name!r} lies at {offsets}", name=name, offsets=str(offsets)[:100]))
    begin, end = offsets
    if end - begin != math.prod(shape) * _SIZES[dtype]:
        raise Unreadable(
            _(
                "its tensor {name!r} of shape {shape} lies at {begin:,} to {end:,}",
                name=name,
                shape=shape,
                begin=begin,
                end=end,
            )
        )
    return TensorLayout(dtype, tuple(shape), begin, end)


def _are_counts(values: Any, most: float) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n <= most for n in values)


def strict_json(text: bytes | str, what: str) -> Any:
    """What JSON says; raises `Unreadable` where it is not JSON to the letter, or says something twice."""
    try:
        found = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = _("it is nested too deep") if isinstance(error, RecursionError) else error
        raise Unreadable(_("{what} is no JSON that can be used ({reason})", what=what, reason=reason)) from error
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _unused in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
