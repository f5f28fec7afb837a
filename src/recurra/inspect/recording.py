"""Every state of every recurrent layer while a model runs, as tensors that a gradient can be taken for.

The layers run on the reference kernel, whose loop shows each step; torch.nn's cells, whose loop is the user's own, are
seen by a hook.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.errors import InputError
from recurra.inspect.layers import computed_by_reference, directed_names, left_as_it_was, recurrent_layers
from recurra.kernels.contract import Layout, Recurrence
from recurra.kernels.reference import Step, observing


@dataclass(eq=False)
class Passage:
    """One sequence's way through one layer and direction; `steps` in the order in which they were computed."""

    layer: str
    recurrence: Recurrence
    weights: Weights
    layout: Layout
    steps: list[Step] = field(default_factory=list)

    @property
    def cell(self) -> Cell:
        """What was computed at each step."""
        return self.recurrence.cell

    def lengths(self) -> Tensor:
        """int64 [B] on the CPU."""
        if self.layout.lengths is not None:
            return self.layout.lengths
        return torch.full((len(self.steps[0].new[0]),), len(self.steps))

    def places(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the states of all steps below each other [N]: the row, how many steps were still to come in it, alive."""
        rows = torch.cat([torch.arange(len(step.projected)) for step in self.steps])
        t = torch.cat([torch.full((len(step.projected),), step.t) for step in self.steps])
        lengths = self.lengths()[rows]
        back = t if self.recurrence.reverse else lengths - 1 - t
        return rows, back, t < lengths


class Recorder:
    """The observer of the reference kernel: collects passages."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self._names: list[str] = []

    def enter(self, names: list[str]) -> None:
        """A module begins to run, whose layers and directions have these names."""
        self._names = list(names)

    def begin(self, recurrence: Recurrence, weights: Weights, layout: Layout) -> Callable[[Step], tuple[Tensor, ...]]:
        """As `kernels.reference.Observer` has it."""
        name = self._names.pop(0) if self._names else "recurrence"
        passage = self._continued(name) if layout.steps == 1 and layout.lengths is None else None
        if passage is None:
            passage = Passage(self._numbered(name), recurrence, weights, layout)
            self.passages.append(passage)
        first = len(passage.steps) if layout.steps == 1 else 0

        def seen(step: Step) -> tuple[Tensor, ...]:
            step = step._replace(t=step.t + first, new=tuple(_own(state) for state in step.new))
            passage.steps.append(step)
            return step.new

        return seen

    def _continued(self, name: str) -> Passage | None:
        """The passage that a call with a single step goes on with: that of the calls before it, in a user's loop."""
        last = next((p for p in reversed(self.passages) if p.layer == name), None)
        return last if last is not None and last.layout.steps == 1 else None

    def _numbered(self, name: str) -> str:
        calls = sum(p.layer == name or p.layer.startswith(f"{name} call ") for p in self.passages)
        return f"{name} call {calls + 1}" if calls else name


def _own(state: Tensor) -> Tensor:
    """The state as a tensor of its own, so that h and c are independent of each other, with a gradient in any case."""
    own = state.view_as(state)
    return own if own.requires_grad or not torch.is_grad_enabled() else own.requires_grad_()


@contextlib.contextmanager
def recording(model: nn.Module) -> Iterator[Recorder]:
    """Collect what the model's recurrent layers do inside the `with`; the model is left as it was.

    Raises InputError where it has none.
    """
    layers = recurrent_layers(model)
    recorder = Recorder()
    handles = []
    for name, module in layers.items():
        if isinstance(module, nn.RNNCellBase):
            handles.append(module.register_forward_hook(_cell_hook(recorder, name), with_kwargs=True))
        else:
            assert isinstance(module, nn.RNNBase)
            names = directed_names(name, module)
            handles.append(module.register_forward_pre_hook(_layer_hook(recorder, names)))
    try:
        with left_as_it_was(model), computed_by_reference(layers), observing(recorder):
            yield recorder
    finally:
        for handle in handles:
            handle.remove()


def ran(recorder: Recorder, what: str) -> list[Passage]:
    """The passages; raises InputError where there are none, or none of more than a step."""
    if not recorder.passages:
        raise InputError(f"{what} ran no recurrent layer of the model: expected it to call the model that is inspected")
    longer = [passage for passage in recorder.passages if len(passage.steps) > 1]
    if not longer:
        raise InputError(
            f"{what} ran the recurrent layers over a single step: expected a sequence of at least two, because with "
            "one there is no way through time"
        )
    return longer


def _layer_hook(recorder: Recorder, names: list[str]) -> Callable[[nn.Module, Any], None]:
    return lambda module, arguments: recorder.enter(names)


def _cell_hook(recorder: Recorder, name: str) -> Any:
    def hook(module: nn.RNNCellBase, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        x = args[0] if args else kwargs["input"]
        hx = args[1] if len(args) > 1 else kwargs.get("hx")
        new = tuple(output) if isinstance(output, tuple) else (output,)
        old = tuple(torch.zeros_like(s) for s in new) if hx is None else tuple(hx) if isinstance(hx, tuple) else (hx,)
        single = x.dim() == 1
        if single:
            x, new, old = x.unsqueeze(0), tuple(s.unsqueeze(0) for s in new), tuple(s.unsqueeze(0) for s in old)
        cell = _cell_of(module)
        weights = Weights(module.weight_hh, module.bias_hh)
        with torch.no_grad():
            projected = functional.linear(x, module.weight_ih, module.bias_ih)
            gates = cell.gates(projected, old, weights)
        recorder.enter([name])
        own = recorder.begin(Recurrence(cell), weights, Layout(1, len(x)))(Step(0, projected, gates, old, new))
        own = tuple(s.squeeze(0) for s in own) if single else own
        return own if isinstance(output, tuple) else own[0]

    return hook


def _cell_of(module: nn.RNNCellBase) -> Cell:
    if isinstance(module, nn.LSTMCell):
        return LSTM()
    return GRU() if isinstance(module, nn.GRUCell) else RNN(str(getattr(module, "nonlinearity", "tanh")))
