"""Every state of every recurrent layer while a model runs, as tensors that a gradient can be taken for.

The layers run on the reference kernel, whose loop shows each step; torch.nn's cells, whose loop is the user's own, are
seen by a hook.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.errors import InputError
from recurra.inspect.layers import computed_by_reference, directed_names, left_as_it_was, recurrent_layers
from recurra.kernels.contract import Layout, Recurrence
from recurra.kernels.reference import Step, observing

_LATEST = 8  # passages of a layer that a call of one step may go on with


@dataclass(eq=False)
class Passage:
    """One sequence's way through one layer and direction; `steps` in the order in which they were computed.

    `order` [B]: where the caller's rows stand, if the layer has others (a PackedSequence).
    """

    layer: str
    recurrence: Recurrence
    weights: Weights
    layout: Layout
    order: Tensor | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def cell(self) -> Cell:
        """What was computed at each step."""
        return self.recurrence.cell

    def lengths(self) -> Tensor:
        """int64 [B] on the CPU."""
        if self.layout.lengths is not None:
            return self.layout.lengths
        stored = torch.tensor([len(step.projected) for step in self.steps])
        return (stored.unsqueeze(1) > torch.arange(int(stored.max()))).sum(0)

    def place(self, row: int) -> int:
        """Where a row of the caller's stands."""
        return row if self.order is None else int(self.order[row])

    def goes_on(self, step: Step) -> bool:
        """Whether a call of one step starts from the state in which this passage ended, or its first rows.

        In a loop of such calls the state may also be changed between them, unless it is the first one again.
        """
        if self.layout.lengths is not None or self.recurrence.reverse:
            return False
        last, first = self.steps[-1].new, self.steps[0].old
        return _begins_with(last, step.old) or (
            self.layout.steps == 1 and _shapes(last) == _shapes(step.old) and not _begins_with(first, step.old)
        )

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
        self._of: defaultdict[str, list[Passage]] = defaultdict(list)
        self._names: list[str] = []
        self._order: Tensor | None = None

    def enter(self, names: list[str], order: Tensor | None = None) -> None:
        """A module begins to run, whose layers and directions have these names, and its rows this order."""
        self._names, self._order = list(names), None if order is None else order.cpu()

    def begin(self, recurrence: Recurrence, weights: Weights, layout: Layout) -> Callable[[Step], tuple[Tensor, ...]]:
        """As `kernels.reference.Observer` has it."""
        name = self._names.pop(0) if self._names else "recurrence"
        fresh = Passage(name, recurrence, weights, layout, self._order)

        def seen(step: Step) -> tuple[Tensor, ...]:
            passage = fresh if fresh.steps else self._passage(name, fresh, step)
            t = step.t if layout.steps > 1 else len(passage.steps)
            step = step._replace(t=t, new=tuple(_own(state) for state in step.new))
            passage.steps.append(step)
            return step.new

        return seen

    def _passage(self, name: str, fresh: Passage, step: Step) -> Passage:
        """The one that a call of a single step goes on with, in a user's loop; else a new one, with a name."""
        earlier = self._of[name]
        if fresh.layout.steps == 1 and fresh.layout.lengths is None:
            latest = earlier[: -_LATEST - 1 : -1]
            exact = (p for p in latest if p.layout.lengths is None and _begins_with(p.steps[-1].new, step.old))
            changed = (p for p in latest[:1] if p.goes_on(step))
            for found in (*exact, *changed):
                if found.goes_on(step):
                    return found
        if earlier:
            fresh.layer = f"{name} call {len(earlier) + 1}"
        earlier.append(fresh)
        self.passages.append(fresh)
        return fresh


def _begins_with(states: tuple[Tensor, ...], old: tuple[Tensor, ...]) -> bool:
    """Whether `old` are the first rows of `states`."""
    return all(
        len(b) <= len(a) and a.shape[1:] == b.shape[1:] and torch.equal(a[: len(b)].to(b.dtype), b)
        for a, b in zip(states, old, strict=True)
    )


def _shapes(states: tuple[Tensor, ...]) -> list[torch.Size]:
    return [state.shape for state in states]


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
    if torch.is_inference_mode_enabled():
        raise InputError("torch.inference_mode() is on, where no gradient exists: expected a call outside of it")
    recorder = Recorder()
    with contextlib.ExitStack() as stack:
        for name, module in layers.items():
            if isinstance(module, nn.RNNCellBase):
                handle = module.register_forward_hook(_cell_hook(recorder, name), with_kwargs=True)
            else:
                hook = _layer_hook(recorder, directed_names(name, module))
                handle = module.register_forward_pre_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        stack.enter_context(left_as_it_was(model))
        stack.enter_context(computed_by_reference(layers))
        stack.enter_context(observing(recorder))
        yield recorder


def ran(recorder: Recorder, what: str) -> list[Passage]:
    """The passages; raises InputError where there are none, or none of more than a step."""
    if not recorder.passages:
        raise InputError(
            f"{what} ran no recurrent layer of the model: expected it to call the model that is inspected, "
            "in this thread; of torch.nn.DataParallel give model.module"
        )
    longer = [passage for passage in recorder.passages if int(passage.lengths().max()) > 1]
    if not longer:
        raise InputError(
            f"{what} ran the recurrent layers over a single step: expected a sequence of at least two, because with "
            "one there is no way through time"
        )
    return longer


def _layer_hook(recorder: Recorder, names: list[str]) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        x = args[0] if args else kwargs.get("input")
        recorder.enter(names, x.unsorted_indices if isinstance(x, PackedSequence) else None)

    return hook


def _cell_hook(recorder: Recorder, name: str) -> Any:
    def hook(module: nn.RNNCellBase, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        x = args[0] if args else kwargs["input"]
        hx = args[1] if len(args) > 1 else kwargs.get("hx")
        new = tuple(output) if isinstance(output, tuple) else (output,)
        old = (
            tuple(torch.zeros_like(s) for s in new)
            if hx is None
            else tuple(hx)
            if isinstance(hx, tuple | list)
            else (hx,)
        )
        single = x.dim() == 1
        if single:
            x, new, old = x.unsqueeze(0), tuple(s.unsqueeze(0) for s in new), tuple(s.unsqueeze(0) for s in old)
        cell = _cell_of(module)
        weights = Weights(module.weight_hh, module.bias_hh)
        with torch.no_grad():
            projected = functional.linear(x, module.weight_ih, module.bias_ih)
            gates = cell.activate(projected, old, weights)
        recorder.enter([name])
        own = recorder.begin(Recurrence(cell), weights, Layout(1, len(x)))(Step(0, projected, gates, old, new))
        own = tuple(s.squeeze(0) for s in own) if single else own
        return own if isinstance(output, tuple) else own[0]

    return hook


def _cell_of(module: nn.RNNCellBase) -> Cell:
    if isinstance(module, nn.LSTMCell):
        return LSTM()
    return GRU() if isinstance(module, nn.GRUCell) else RNN(str(getattr(module, "nonlinearity", "tanh")))
