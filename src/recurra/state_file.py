"""State as a safetensors file: arrays by name, beside a header that says what they belong to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from recurra.errors import InputError, ModelFileError
from recurra.files import whole_file
from recurra.language import _

FORMAT = 1
_DTYPES = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8"}
_DTYPES |= {"bool": "BOOL"}


def write_state(path: str | Path, magic: str, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Write a file, whole or not at all; `magic` says what kind of state it is."""
    text = json.dumps({"format": FORMAT, **header}, sort_keys=True)
    with whole_file(path) as temporary:
        parts = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
        save_file(parts, str(temporary), metadata={magic: text})


def read_state(
    path: str | Path,
    magic: str,
    what: str,
    like: Mapping[str, np.ndarray],
    check: Callable[[Path, dict[str, Any]], None],
    sizes: str = "",
) -> dict[str, np.ndarray]:
    """The arrays of a file, whose names, shapes and types must be those of `like`.

    `what` names such a file in messages, `sizes` the dimensions of its arrays; `check` is given the header, and raises
    for one that does not fit. Raises InputError where there is no file, ModelFileError for another one.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(_("there is no file {path}: expected {what}", path=path, what=what))
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = _header(path, magic, what, dict(file.metadata() or {}))
            _checked(path, header, check)
            if set(file.keys()) != set(like):
                raise ModelFileError(
                    _(
                        "{path} holds the tensors {found}: expected {expected}",
                        path=path,
                        found=sorted(file.keys()),
                        expected=sorted(like),
                    )
                )
            for name, array in like.items():
                _check_shape(path, name, file, array, sizes)
            return {name: file.get_tensor(name) for name in like}
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            _(
                "{path} is no readable safetensors file ({error}): it is damaged, or something else",
                path=path,
                error=error,
            )
        ) from error


def _checked(path: Path, header: dict[str, Any], check: Callable[[Path, dict[str, Any]], None]) -> None:
    try:
        check(path, header)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(_("{path} has a damaged header", path=path)) from error


def _header(path: Path, magic: str, what: str, metadata: dict[str, str]) -> dict[str, Any]:
    if magic not in metadata:
        raise ModelFileError(_("{path} is a safetensors file, but not {what}", path=path, what=what))
    try:
        header = json.loads(metadata[magic])
        version = int(header["format"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(_("{path} has a damaged header ({error})", path=path, error=error)) from error
    if version > FORMAT:
        raise ModelFileError(
            _(
                "{path} was made by a newer version of Recurra (format {version}, this one reads {known})",
                path=path,
                version=version,
                known=FORMAT,
            )
        )
    return header


def _check_shape(path: Path, name: str, file: Any, like: np.ndarray, sizes: str) -> None:
    part = file.get_slice(name)
    shape, dtype = tuple(part.get_shape()), part.get_dtype()
    expected = _DTYPES[like.dtype.name]
    if shape != like.shape or dtype != expected:
        raise ModelFileError(
            _(
                "{path}: {name} is {dtype} {shape}: expected {expected} {sizes}",
                path=path,
                name=name,
                dtype=dtype,
                shape=shape,
                expected=expected,
                sizes=f"{like.shape}{sizes and f', {sizes}'}",
            )
        )
