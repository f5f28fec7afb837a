"""One step at a time: a stack of layers whose rows keep their state from call to call, and who computes it.

What is prepared once (weights packed, memory taken) is prepared when the stack is made; a step is one call.
"""

from __future__ import annotations

from recurra.errors import InputError
from recurra.kernels import chooser
from recurra.kernels.contract import Call
from recurra.kernels.reference.stepping import ReferenceSteps
from recurra.kernels.steps import Head, StackedCall, Steps


def chosen(layers: tuple[StackedCall, ...]) -> tuple[str, str]:
    """Who computes the stack here and now, "cpu" or "reference", and by which build of the engine.

    Raises InputError where `recurra.backend` forces one that cannot.
    """
    forced = chooser.forced()
    if forced == "torch":
        raise InputError("backend is 'torch', which has no steps of its own: take 'auto', 'cpu' or 'reference'")
    reason = next(filter(None, (_why_not(layer.call) for layer in layers)), None)
    if reason is not None and forced == "cpu":
        raise InputError(f"backend is 'cpu', but {reason}. Take 'auto' or 'reference'")
    if reason is not None or forced == "reference":
        return "reference", ""
    from recurra.kernels.cpu.stepping import build_in_use  # not there without a compiler

    return "cpu", build_in_use()


def steps_of(
    layers: tuple[StackedCall, ...], head: Head | None, rows: int, threads: int, *, int8: bool = False
) -> Steps:
    """The stack with a state of zeros for each of so many rows, computed by the engine where it can.

    `int8`: weights are float32, rounded to 8 bits by row already, and the engine multiplies them so.

    Raises InputError as `chosen` does.
    """
    if chosen(layers)[0] == "reference":
        return ReferenceSteps(layers, head, rows)
    from recurra.kernels.cpu.stepping import engine_steps

    return engine_steps(layers, head, rows, threads, int8=int8)


def _why_not(call: Call) -> str | None:
    weight = call.weights.recurrent if call.weights.recurrent is not None else call.x
    return chooser.why_not("cpu", call.recurrence.cell, call.x, weight)
