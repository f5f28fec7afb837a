"""The model file: one `.safetensors` with its configuration as JSON in the metadata; no pickle, nothing that runs.

The file says its kind, the version of its format, and a checksum over configuration and tensors, so that a
truncated, altered or newer file is refused before anything is built from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from recurra.deploy.layout import Unreadable, read_layout, stored_bytes, strict_json
from recurra.errors import InputError, ModelFileError
from recurra.files import whole_file
from recurra.language import _

FORMAT = 2
_MAGIC = "recurra"
_HEADER = {"kind": str, "config": dict, "sha256": str}  # beside the version
_READING = {"missing": list, "decimal": str, "thousands": str}  # what may be kept of how a file was read


@dataclass(frozen=True)
class Contents:
    """What a model file holds: the kind of estimator, its configuration (plain JSON), and tensors by name.

    `version` is the format of the file that it was read from, `reading` what `recurra.read_table` was told of the cells
    of the file that the model learnt from: a later one is read the same way.
    """

    kind: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    version: int = FORMAT
    reading: dict[str, Any] = field(default_factory=dict)


def write_model(path: str | Path, contents: Contents) -> None:
    """Write `contents` to `path`, whole or not at all; the same contents give the same bytes."""
    tensors = _apart(contents.tensors)
    header = {"version": FORMAT, "kind": contents.kind, "config": contents.config}
    if contents.reading:
        header["reading"] = contents.reading
    header["sha256"] = _checksum(header, tensors, ((key, _bytes_of(tensors[key])) for key in sorted(tensors)))
    # One entry, because safetensors writes several in an order that differs from run to run.
    metadata = {_MAGIC: json.dumps(header, sort_keys=True, ensure_ascii=False, allow_nan=False)}
    try:
        with whole_file(path) as temporary:
            save_file(tensors, temporary, metadata=metadata)
    except (OSError, SafetensorError) as error:  # a full disk is either
        reason = getattr(error, "strerror", None) or error
        raise InputError(_("cannot write {path}: {reason}; choose another place", path=path, reason=reason)) from error


def read_model(path: str | Path) -> Contents:
    """Read and check a model file.

    Raises `InputError` where there is no such file and `ModelFileError` for one that is not ours, damaged, altered or
    of a newer version.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(_("{path} is a folder: expected a model file such as sales.safetensors", path=path))
    if not path.exists():
        raise InputError(
            _(
                "there is no model file {path}: expected the .safetensors file that a command such as `recurra "
                "forecast` wrote, or an estimator's `save`",
                path=path,
            )
        )
    try:
        metadata, layout = read_layout(path)
        header = _header(path, metadata)
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in layout}
        checksum = _checksum(header, tensors, stored_bytes(path, layout))
    except (SafetensorError, OSError, Unreadable) as error:
        raise ModelFileError(
            _(
                "{path} is not a readable model file ({error}): it is truncated, damaged, or something "
                "else; copy it again, train again, or give the model before the table, as in `recurra "
                "predict MODEL FILE`",
                path=path,
                error=error,
            )
        ) from error
    if checksum != header["sha256"]:
        raise ModelFileError(
            _("{path} was altered after it was written (its checksum is wrong): train again", path=path)
        )
    return Contents(header["kind"], header["config"], tensors, header["version"], header.get("reading", {}))


def _header(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    if _MAGIC not in metadata:
        raise ModelFileError(_("{path} is a safetensors file, but not a Recurra model", path=path))
    try:
        header = strict_json(metadata[_MAGIC], _("its configuration"))
        version = header["version"]
        whole = type(version) is int and version > 0
        newer = whole and version > FORMAT
        reading = header.pop("reading", {})
        complete = whole and {key: type(header[key]) for key in _HEADER} == _HEADER and len(header) == len(_HEADER) + 1
        complete = complete and all(type(value) is _READING.get(key) for key, value in reading.items())
        complete = complete and all(isinstance(word, str) for word in reading.get("missing", ()))
    except (Unreadable, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(
            _("{path} has a damaged header ({error}): it was altered; train again", path=path, error=error)
        ) from error
    if newer:
        raise ModelFileError(
            _(
                "{path} was made by a newer version of Recurra (file format {version}, this one reads "
                "{format}): upgrade with pip install --upgrade recurra",
                path=path,
                version=version,
                format=FORMAT,
            )
        )
    if not complete or len(metadata) > 1:
        raise ModelFileError(_("{path} has a damaged header: it was altered; train again", path=path))
    return header | ({"reading": reading} if reading else {})


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by name, copies where several lie in one memory, as those of a stacked model that is a baseline too.

    safetensors refuses these.
    """
    found, taken = {}, set()
    for name, tensor in sorted(tensors.items()):
        alone = tensor.detach().cpu().contiguous()
        memory = alone.untyped_storage()
        if memory.data_ptr() in taken or memory.nbytes() > alone.nbytes:
            alone = alone.clone()
        taken.add(alone.untyped_storage().data_ptr())
        found[name] = alone
    return found


def _checksum(
    header: dict[str, Any], tensors: Mapping[str, Tensor], parts: Iterable[tuple[str, bytes | memoryview]]
) -> str:
    """Over the header and the tensors, whose bytes come in the order of their names, each in one part or several."""
    digest = hashlib.sha256()
    signed = {key: header[key] for key in ("version", "kind", "config", "reading") if key in header}
    digest.update(json.dumps(signed, sort_keys=True).encode())
    for key, own in groupby(parts, key=itemgetter(0)):
        digest.update(f"{key}:{tensors[key].dtype}:{tuple(tensors[key].shape)}\n".encode())
        for _key, part in own:
            digest.update(part)
    return digest.hexdigest()


def _bytes_of(tensor: Tensor) -> bytes | memoryview:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""
