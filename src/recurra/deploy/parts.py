"""Frozen dataclasses as plain JSON and tensors, and back: what a model file keeps of a model beside its networks.

Every class that may come out of a file is named by the reader. A field is checked against its annotation, strictly; one
that a class does not have, or that is missing, is refused. Nothing is called but these classes.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from pydantic import ConfigDict, TypeAdapter
from torch import Tensor

from recurra.errors import ModelFileError

_KIND = "is a"
_UNSIGNED = "uint64"


def taken_apart(part: Any, name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A dataclass as JSON, which says its class, and its arrays as tensors whose names begin with `name`.

    Fields are plain values, arrays, dataclasses, and dicts of dataclasses.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Line:
    ...     slope: np.ndarray
    ...     name: str
    >>> plain, tensors = taken_apart(Line(np.ones(2), "a"), "line")
    >>> plain, list(tensors)
    ({'is a': 'Line', 'name': 'a'}, ['line/slope'])
    >>> put_together(plain, tensors, "line", [Line]).slope
    array([1., 1.])
    """
    tensors: dict[str, Tensor] = {}

    def plain_of(value: Any, place: str) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            found = {_KIND: type(value).__name__}
            for field in fields(value):
                below, there = getattr(value, field.name), f"{place}/{field.name}"
                if isinstance(below, np.ndarray):
                    tensors.update(_tensor(below, there))
                else:
                    found[field.name] = plain_of(below, there)
            return found
        if isinstance(value, dict):
            return {key: plain_of(each, f"{place}/{key}") for key, each in value.items()}
        return value

    return json.loads(json.dumps(plain_of(part, name), allow_nan=False)), tensors


def put_together(plain: Any, tensors: Mapping[str, Tensor], name: str, classes: Sequence[type]) -> Any:
    """What `taken_apart` gave, as one of `classes`, which also hold those of its parts.

    Raises `ModelFileError` for another class and for fields that do not fit, and what the class raises.
    """
    if not isinstance(plain, Mapping):
        raise ModelFileError(f"{name} is {plain!r}: expected a {' or '.join(each.__name__ for each in classes)}")
    known = {each.__name__: each for each in classes}
    kind = known.get(str(plain.get(_KIND)))
    if kind is None:
        raise ModelFileError(f"{name} is a {plain.get(_KIND)!r}: expected one of {', '.join(known)}")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        place, given = f"{name}/{field.name}", plain.get(field.name)
        if (array := _array(tensors, place)) is not None:
            if not _may_be_array(hints[field.name], array.dtype):
                raise ModelFileError(f"{place} is an array of {array.dtype}: expected {hints[field.name]}")
            values[field.name] = array
        elif field.name not in plain:
            raise ModelFileError(f"{place} is missing")
        elif fitting := _parts_in(hints[field.name]):
            values[field.name] = _parts_of(given, tensors, place, hints[field.name], fitting, classes)
        else:
            values[field.name] = _adapter(hints[field.name]).validate_json(json.dumps(given))
    unknown = set(plain) - set(values) - {_KIND}
    if unknown:
        raise ModelFileError(f"{name} has a field {sorted(unknown)[0]!r}, which no {kind.__name__} has")
    return kind(**values)


def _parts_of(
    given: Any,
    tensors: Mapping[str, Tensor],
    place: str,
    hint: Any,
    fitting: frozenset[type],
    classes: Sequence[type],
) -> Any:
    """A field that is a dataclass, a dict of them, or nothing."""
    if given is None and type(None) in typing.get_args(hint):
        return None
    if typing.get_origin(hint) is not dict:
        return _fitting(put_together(given, tensors, place, classes), fitting, place)
    if not isinstance(given, dict):
        raise ModelFileError(f"{place} is {given!r}: expected several parts by name")
    return {
        key: _fitting(put_together(each, tensors, f"{place}/{key}", classes), fitting, f"{place}/{key}")
        for key, each in given.items()
    }


def _fitting(part: Any, fitting: frozenset[type], place: str) -> Any:
    if type(part) not in fitting:
        expected = " or ".join(sorted(each.__name__ for each in fitting))
        raise ModelFileError(f"{place} is a {type(part).__name__}: expected a {expected}")
    return part


def _tensor(array: np.ndarray, place: str) -> dict[str, Tensor]:
    if array.dtype == np.uint64:
        return {f"{place}:{_UNSIGNED}": torch.from_numpy(np.ascontiguousarray(array.view(np.int64)))}
    return {place: torch.from_numpy(np.ascontiguousarray(array))}


def _array(tensors: Mapping[str, Tensor], place: str) -> np.ndarray | None:
    if place in tensors:
        return tensors[place].numpy()
    unsigned = f"{place}:{_UNSIGNED}"
    return tensors[unsigned].numpy().view(np.uint64) if unsigned in tensors else None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _parts_in(hint: Any) -> frozenset[type]:
    """The dataclasses in an annotation."""
    if is_dataclass(hint) and isinstance(hint, type):
        return frozenset([hint])
    return frozenset().union(*map(_parts_in, typing.get_args(hint)))


def _may_be_array(hint: Any, dtype: np.dtype | None = None) -> bool:
    """Whether an annotation allows an array, of a dtype where one is given."""
    origin = typing.get_origin(hint) or hint
    if origin in (typing.Union, types.UnionType):
        return any(_may_be_array(each, dtype) for each in typing.get_args(hint))
    if not (isinstance(origin, type) and issubclass(origin, np.ndarray)):
        return False
    if dtype is None or not typing.get_args(hint):
        return True
    scalar = typing.get_args(typing.get_args(hint)[1])[0]
    scalar = typing.get_origin(scalar) or scalar
    return not isinstance(scalar, type) or np.issubdtype(dtype, scalar)


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    """Checks plain values of a type; arrays among its alternatives do not count."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        plain = [each for each in typing.get_args(hint) if not _may_be_array(each)]
        hint = typing.Union[tuple(plain)]  # noqa: UP007  # made of parts
    return TypeAdapter(hint, config=ConfigDict(strict=True, allow_inf_nan=False))
