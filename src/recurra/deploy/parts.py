"""Frozen dataclasses as plain JSON and tensors, and back: what a model file keeps of a model beside its networks.

Only classes that the reader names come out, and those that their annotations name. A field is checked against its
annotation, strictly; one that a class does not have is refused, and so is one that is missing, unless it has a default:
then the file is older than the field. A class with a method `check` looks at what became of it and raises `InputError`
where its fields do not belong together. Nothing is called but these.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from pydantic import ConfigDict, TypeAdapter
from torch import Tensor

from recurra.errors import ModelFileError
from recurra.language import _, listing

_KIND = "is a"
_UNSIGNED = "uint64"

Given = Mapping[str, Callable[[Mapping[str, Any]], Any]]


def taken_apart(part: Any, name: str, *, without: Collection[str] = ()) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A dataclass as JSON, which says its class, and its arrays as tensors whose names begin with `name`.

    Fields are plain values, arrays, dataclasses, and dicts and tuples of dataclasses. Those of `part` itself that are
    named in `without` stay out: networks, and what a file does not keep.

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

    def plain_of(value: Any, place: str, without: Collection[str] = ()) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            found = {_KIND: type(value).__name__}
            for field in fields(value):
                below, there = getattr(value, field.name), f"{place}/{field.name}"
                if field.name in without:
                    continue
                if isinstance(below, np.ndarray):
                    tensors.update(_tensor(below, there))
                else:
                    found[field.name] = plain_of(below, there)
            return found
        if isinstance(value, dict):
            return {key: plain_of(each, f"{place}/{key}") for key, each in value.items()}
        if isinstance(value, tuple):
            return [plain_of(each, f"{place}/{k}") for k, each in enumerate(value)]
        return value

    return json.loads(json.dumps(plain_of(part, name, without), allow_nan=False)), tensors


def put_together(
    plain: Any, tensors: Mapping[str, Tensor], name: str, classes: Sequence[type], *, given: Given | None = None
) -> Any:
    """What `taken_apart` gave, as one of `classes`.

    `given` makes fields that the file does not hold from those that it does, in their order. Raises `ModelFileError`
    for another class and for fields that do not fit, and what the class raises.
    """
    if not isinstance(plain, Mapping):
        raise ModelFileError(
            _(
                "{name} is {plain!r}: expected a {classes}",
                name=name,
                plain=plain,
                classes=_(" or ").join(each.__name__ for each in classes),
            )
        )
    known = {each.__name__: each for each in classes}
    kind = known.get(str(plain.get(_KIND)))
    if kind is None:
        raise ModelFileError(
            _(
                "{name} is a {plain!r}: expected one of {known}",
                name=name,
                plain=plain.get(_KIND),
                known=listing(sorted(known)),
            )
        )
    given = given or {}
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in given:
            values |= _field(field, plain, tensors, f"{name}/{field.name}", _hints(kind)[field.name])
    unknown = sorted(set(plain) - set(values) - {_KIND})
    if unknown:
        raise ModelFileError(
            _(
                "{name} has a field {unknown!r}, which no {type} has: it is of another version of recurra; use that "
                "one, or train the model again",
                name=name,
                unknown=unknown[0],
                type=kind.__name__,
            )
        )
    for field, make in given.items():
        values[field] = make(values)
    part = kind(**values)
    if callable(check := getattr(part, "check", None)):
        check()
    return part


def _field(
    field: Field[Any], plain: Mapping[str, Any], tensors: Mapping[str, Tensor], place: str, hint: Any
) -> dict[str, Any]:
    """The value of a field by its name; nothing where it is missing and has a default."""
    if (array := _array(tensors, place)) is not None:
        if not _may_be_array(hint, array.dtype):
            raise ModelFileError(
                _("{place} is an array of {dtype}: expected {hint}", place=place, dtype=array.dtype, hint=hint)
            )
        if field.name in plain:
            raise ModelFileError(_("{place} is there twice, as an array and not", place=place))
        return {field.name: array}
    if field.name not in plain:
        if field.default is MISSING and field.default_factory is MISSING:
            raise ModelFileError(
                _(
                    "{place} is missing: an earlier version of recurra wrote it; train the model again",
                    place=place,
                )
            )
        return {}
    if fitting := _parts_in(hint):
        return {field.name: _parts_of(plain[field.name], tensors, place, hint, fitting)}
    return {field.name: _adapter(hint).validate_json(json.dumps(plain[field.name]))}


def _parts_of(given: Any, tensors: Mapping[str, Tensor], place: str, hint: Any, fitting: tuple[type, ...]) -> Any:
    """A field that is a dataclass, a dict or a tuple of them, or nothing."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and type(None) in typing.get_args(hint):
        if given is None:
            return None
        hint = typing.Union[tuple(each for each in typing.get_args(hint) if each is not type(None))]  # noqa: UP007
    origin = typing.get_origin(hint)
    if origin not in (dict, tuple):
        return put_together(given, tensors, place, fitting)
    if origin is tuple and isinstance(given, list):
        return tuple(put_together(each, tensors, f"{place}/{k}", fitting) for k, each in enumerate(given))
    if origin is dict and isinstance(given, dict):
        return {key: put_together(each, tensors, f"{place}/{key}", fitting) for key, each in given.items()}
    raise ModelFileError(_("{place} is {given!r}: expected several parts", place=place, given=given))


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
def _parts_in(hint: Any) -> tuple[type, ...]:
    """The dataclasses in an annotation."""
    if is_dataclass(hint) and isinstance(hint, type):
        return (hint,)
    return tuple(dict.fromkeys(part for each in typing.get_args(hint) for part in _parts_in(each)))


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
