"""States and gates along a sequence: what each unit of each layer did at each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from recurra.errors import InputError
from recurra.inspect.recording import Passage, ran, recording

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Trace:
    """One layer and direction over B sequences.

    `values` by name, each [T, B, H] and NaN after a row's end: h [T, B, R], the c of an LSTM, and the gates: i, f, g, o
    of an LSTM, r, z, n of a GRU, after their nonlinearities. `passage` is what the figures of `holding` start from.
    """

    layer: str
    values: dict[str, Floats]
    passage: Passage

    @property
    def h(self) -> Floats:
        """The hidden state [T, B, R]."""
        return self.values["h"]


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
    lengths = passage.lengths().numpy()
    shown = {name: [step.new[k] for step in passage.steps] for k, name in enumerate(("h", "c")[: passage.cell.STATES])}
    if passage.cell.GATES > 1:
        shown |= {name: [step.gates[j] for step in passage.steps] for j, name in enumerate(passage.cell.NAMES)}
    values = {}
    for name, parts in shown.items():
        table = np.full((len(parts), len(lengths), parts[0].shape[-1]), np.nan, dtype=np.float64)
        for step, part in zip(passage.steps, parts, strict=True):
            live = part.detach().cpu().double().numpy()
            table[step.t, : len(live)] = np.where((step.t < lengths[: len(live)])[:, None], live, np.nan)
        values[name] = table if passage.order is None else table[:, passage.order.numpy()]
    return Trace(passage.layer, values, passage)
