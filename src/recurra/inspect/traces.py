"""States and gates along a sequence: what each unit of each layer did at each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.cells import Cell, Gate, State
from recurra.errors import InputError
from recurra.inspect.recording import Passage, ran, recording

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Trace:
    """One layer and direction over B sequences.

    `values` by name, each [T, B, H] and NaN after a row's end: h [T, B, R] and the cell's other states (c of an LSTM),
    then its gates after their nonlinearities (i, f, g, o of an LSTM, r, z, n of a GRU). `passage` is what the figures
    of `holding` start from.
    """

    layer: str
    values: dict[str, Floats]
    passage: Passage

    @property
    def h(self) -> Floats:
        """The hidden state [T, B, R]."""
        return self.values["h"]

    def declared(self) -> dict[str, State | Gate]:
        """What each of `values` is, as the cell declares it."""
        return _declared(self.passage.cell)

    def kept(self) -> Floats | None:
        """The share of the old memory that the gates keep [T, B, H], NaN after a row's end; None without such gates."""
        shares = [self.passage.cell.kept(step.gates, step.old, step.new) for step in self.passage.steps]
        there = [share for share in shares if share is not None]
        return _in_order(self.passage, there) if there else None


def trace(model: nn.Module, *inputs: Any, **keywords: Any) -> dict[str, Trace]:
    """Run `model(*inputs, **keywords)` in evaluation mode and keep the states and gates of its recurrent layers.

    Works for the layers of Recurra and of torch.nn, for PackedSequence, and for torch.nn cells in a loop. The model is
    left as it was. Raises InputError for a model without recurrent layers, and for a sequence of one step.

    >>> import torch
    >>> import recurra as rc
    >>> traces = rc.inspect.trace(torch.nn.LSTM(3, 5), torch.randn(20, 2, 3))
    >>> list(traces["LSTM"].values), traces["LSTM"].values["f"].shape
    (['h', 'c', 'i', 'f', 'g', 'o'], (20, 2, 5))
    """
    modes = [(module, module.training) for module in model.modules()] if isinstance(model, nn.Module) else []
    try:
        with recording(model) as recorder, torch.no_grad():
            model.eval()
            model(*inputs, **keywords)
            return {passage.layer: _traced(passage) for passage in ran(recorder, "the call")}
    finally:
        for module, training in modes:
            module.training = training


def one(traces: dict[str, Trace], layer: str | None) -> Trace:
    """The trace of `layer`, or the only one; raises InputError where that is none or not clear."""
    names = ", ".join(map(repr, traces))
    if layer is None and len(traces) == 1:
        return next(iter(traces.values()))
    if layer is None:
        raise InputError(f"layer is None, but the model has several: expected one of {names}")
    if layer not in traces:
        raise InputError(f"layer is {layer!r}: expected one of {names}")
    return traces[layer]


def _traced(passage: Passage) -> Trace:
    """In the order of time and of the caller's rows, whatever the direction."""
    cell, steps = passage.cell, passage.steps
    values = {}
    for name, declared in _declared(cell).items():
        if isinstance(declared, State):
            k = cell.states.index(declared)
            parts = [step.new[k] for step in steps]
        else:
            j = cell.gates.index(declared)
            parts = [step.gates[j] for step in steps]
        values[name] = _in_order(passage, parts)
    return Trace(passage.layer, values, passage)


def _declared(cell: Cell) -> dict[str, State | Gate]:
    """States, then gates, by names that are told apart; a gate whose value is a state is that state."""
    found: dict[str, State | Gate] = {state.name: state for state in cell.states}
    for gate in cell.gates:
        if not gate.is_state:
            found[gate.name if gate.name not in found else f"{gate.name} gate"] = gate
    return found


def _in_order(passage: Passage, parts: list[Tensor]) -> Floats:
    """A value [b, .] of each step as [T, B, .], NaN after a row's end."""
    lengths = passage.lengths().numpy()
    table = np.full((len(parts), len(lengths), parts[0].shape[-1]), np.nan, dtype=np.float64)
    for step, part in zip(passage.steps, parts, strict=True):
        live = part.detach().cpu().double().numpy()
        table[step.t, : len(live)] = np.where((step.t < lengths[: len(live)])[:, None], live, np.nan)
    return table if passage.order is None else table[:, passage.order.numpy()]
