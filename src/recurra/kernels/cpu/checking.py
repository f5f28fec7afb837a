"""Every tensor of every call of the engine checked against fields.def: with RECURRA_CHECK=1, and in the tests.

The engine reads memory by address. What users give is checked before (`kernels.shapes`); this checks what the passes
make of it, at a cost that a release does without.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from recurra.kernels.cpu import _engine, passes

CHECK = "RECURRA_CHECK"
_STORED = (torch.float32, torch.float64, torch.bfloat16)
_ARRAYS = {name: (element, shape.split()) for name, element, shape in _engine.FIELDS if element}


def check_fields(fields: dict[str, Any]) -> None:
    """Raise AssertionError where a tensor among the fields of a call has not the dtype and shape that its line says."""
    stored = _STORED[int(fields["type"])]
    dtypes = {
        "stored": stored, "computed": torch.float32 if stored is torch.bfloat16 else stored, "byte": torch.uint8,
        "index": torch.int64,
    }  # fmt: skip
    hidden, number = fields["hidden"], fields["cell"]
    units = _engine.CELLS[number][1] * hidden
    sizes = {
        "B": fields["batch"], "T": fields["steps"], "F": fields["features"], "H": hidden, "R": fields["width"],
        "N": fields["rows"], "GH": units,
    }  # fmt: skip
    for name, (element, letters) in _ARRAYS.items():
        tensor = fields.get(name)
        if tensor is None:
            continue
        expected = [sizes[letter] if letter in sizes else int(letter) for letter in letters if letter != "*"]
        found = list(tensor.shape)[: len(expected)] if "*" in letters else list(tensor.shape)
        dtype = tensor.element_size() == 1 if element == "byte" else tensor.dtype is dtypes[element]
        if found != expected or not dtype or not tensor.is_contiguous() or not tensor.is_cpu:
            raise AssertionError(
                f"{name} is {tensor.dtype} {tuple(tensor.shape)}: expected {dtypes[element]} of {' '.join(letters)}, "
                f"{tuple(expected)}, without gaps, on the CPU"
            )


class WatchedCall(_engine.Call):
    """A call that remembers its fields, and shows them before the engine reads any memory."""

    watcher: Callable[[dict[str, Any]], object] = staticmethod(check_fields)

    def __setattr__(self, name: str, value: Any) -> None:
        _engine.Call.__setattr__(self, name, value)
        self.__dict__[name] = value

    def check(self) -> None:
        """What the engine calls."""
        type(self).watcher(dict(self.__dict__))


def watch(watcher: Callable[[dict[str, Any]], object] | None) -> None:
    """Have the fields of every call looked at before it runs; None for no longer."""
    if watcher is not None:
        WatchedCall.watcher = staticmethod(watcher)
    passes._new_call = _engine.Call if watcher is None else WatchedCall


if os.environ.get(CHECK):
    watch(check_fields)
