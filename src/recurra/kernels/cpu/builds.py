"""The builds of the C++ engine, one per instruction set: which there are, which runs, and how to force one."""

from __future__ import annotations

import os

from recurra.errors import InputError
from recurra.kernels.cpu import _engine

ISA = "RECURRA_ISA"


def describe() -> str:
    """Which build of the engine runs, and which there are."""
    others = [name for name in _engine.supported_builds() if name != _engine.chosen_build()]
    chosen = f"instruction set {_engine.chosen_build()}"
    if os.environ.get(ISA):
        chosen += f", forced by {ISA}"
    return chosen + (f" (also here: {', '.join(others)})" if others else "")


def choose_build(name: str) -> None:
    """Use the engine's build for this instruction set; InputError where this processor or installation has none."""
    if not _engine.choose_build(name):
        raise InputError(
            f"{ISA} is {name!r}: expected one of {', '.join(_engine.supported_builds())}, which this processor and "
            "this installation have. Unset it to take the best"
        )


if os.environ.get(ISA):
    choose_build(os.environ[ISA])
