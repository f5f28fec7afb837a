"""Steps by the C++ engine: `Stepper` holds packed weights, states and memory, and a step is one call of it."""

from __future__ import annotations

from typing import Any

import torch

from recurra.kernels.contract import NO_MASKS
from recurra.kernels.cpu import _engine
from recurra.kernels.cpu.passes import CELLS, asked_of_step
from recurra.kernels.steps import Head, StackedCall


class EngineSteps:
    """A stack in the engine; `step` and `step_rows` are the engine's own, without anything between."""

    name = "cpu"

    def __init__(self, stepper: Any, carried: tuple[int, ...]) -> None:
        """`carried`: how many states each layer has."""
        self._stepper, self._carried = stepper, carried
        self.states = tuple(tuple(stepper.state(k, s) for s in range(count)) for k, count in enumerate(carried))
        self.step = stepper.step
        self.step_rows = stepper.step_rows

    def another(self, rows: int, threads: int) -> EngineSteps:
        """The same stack, its packed weights shared."""
        return EngineSteps(self._stepper.another(rows, threads), self._carried)


def build_in_use() -> str:
    """The build of the engine that a stack is made with now."""
    return _engine.chosen_build()


def engine_steps(
    layers: tuple[StackedCall, ...], head: Head | None, rows: int, threads: int, *, int8: bool = False
) -> EngineSteps:
    """The stack, its weights copied; `int8`: multiplied in 8 bits."""
    x = layers[0].call.x
    with torch.no_grad():
        stepper = None
        for layer in layers:
            assert layer.call.masks is NO_MASKS
            args = asked_of_step(layer.call)
            if stepper is None:
                stepper = _engine.Stepper(rows, x.shape[1], args.type, threads, int8)
            stepper.add_layer(args.call, layer.keeps, layer.adds)
        assert stepper is not None
        if head is not None:
            weight = head.weight.detach().resolve_neg().contiguous()
            bias = None if head.bias is None else head.bias.detach().resolve_neg().contiguous()
            stepper.add_head(weight.data_ptr(), 0 if bias is None else bias.data_ptr(), len(weight))
        stepper.finish()
    return EngineSteps(stepper, tuple(1 + CELLS[layer.call.recurrence.cell.variant].carries_c for layer in layers))
