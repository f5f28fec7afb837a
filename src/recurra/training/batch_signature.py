"""Of what kind a batch is: everything but the numbers in its tensors."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from torch import Tensor

_PLAIN = (int, float, bool, str, type(None))


def kind_of(part: Any, tensors: list[Tensor]) -> Hashable:
    """What two batches of one record have in common; None for what no record can take. Collects the tensors."""
    if isinstance(part, Tensor):
        tensors.append(part)
        if part.requires_grad or type(part) is not Tensor:
            return None
        return part.shape, part.stride(), part.dtype, part.device
    if isinstance(part, _PLAIN):
        return type(part), part
    kinds: tuple[Hashable, ...]
    if is_dataclass(part) and not isinstance(part, type):
        kinds = tuple([kind_of(getattr(part, field.name), tensors) for field in fields(part)])
    elif isinstance(part, (tuple, list)):
        kinds = tuple([kind_of(each, tensors) for each in part])
    else:
        return None
    return None if None in kinds else (type(part), kinds)


def rebuilt(part: Any, tensors: Iterator[Tensor]) -> Any:
    """The same with other tensors."""
    if isinstance(part, Tensor):
        return next(tensors)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: rebuilt(getattr(part, field.name), tensors) for field in fields(part)})
    if isinstance(part, (tuple, list)):
        parts = [rebuilt(each, tensors) for each in part]
        return type(part)(*parts) if hasattr(part, "_fields") else type(part)(parts)
    return part
