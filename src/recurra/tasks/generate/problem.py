"""Learning a text: its windows as a `training.Problem`, and what a network says of every symbol of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.nn.generator import GeneratorNetwork, regularised
from recurra.nn.projected_loss import projected_loss
from recurra.training.lanes import LaneSource, Window
from recurra.training.threads import fitting_threads

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

LEAST_LANES = 8  # of a text that is learnt
_PART, _WARM, _MOST = 4000, 256, 32  # symbols that a lane evaluates, those it reads before, lanes at most
_AT_ONCE = 1 << 22  # logits in memory


class TextProblem:
    """The `training.Problem` of symbols [N]: windows of all lanes at once; `held` symbols say when it goes wrong."""

    network: nn.Module
    lengths: Tensor | None = None

    def __init__(
        self, network: GeneratorNetwork, source: LaneSource, held: Ints, start: int, device: torch.device
    ) -> None:
        self.network, self.source, self._held, self._start = network.to(device), source, held, start
        self._device = device

    @property
    def examples(self) -> int:
        """Windows of one pass."""
        return max(1, len(self.source.sequence) // self.source.steps)

    def batch(self, numbers: Tensor) -> Any:
        """Windows come from the source alone."""
        raise AssertionError

    def loss(self, network: nn.Module, batch: Window) -> Tensor:
        """Nats per symbol, and what AR and TAR add; the state goes back to the lanes."""
        assert isinstance(network, GeneratorNetwork)
        read = network.read(batch.inputs.to(self._device), batch.state)
        if batch.lanes is not None:
            batch.lanes.keep(read.state)
        output = network.output
        nats = projected_loss(read.dropped, output.weight, output.bias, batch.targets.to(self._device))
        return nats + regularised(read, network.options)

    def validate(self, network: nn.Module) -> float:
        """Nats per symbol of the held-out part."""
        assert isinstance(network, GeneratorNetwork)
        total = sum(float(_nats(z, self._held[at]).sum()) for at, z in logits_of(network, self._held, self._start))
        return total / max(1, len(self._held))


def lanes_of(length: int, lanes: int, window: int) -> tuple[int, int]:
    """Lanes and steps of a window for a text of so many symbols: none is longer than its lane."""
    lanes = max(1, min(lanes, max(LEAST_LANES, length // (4 * window)), length // 2))
    return lanes, max(1, min(window, length // lanes))


@torch.no_grad()
def logits_of(
    network: GeneratorNetwork, symbols: Ints, start: int, *, least: int = _PART
) -> Iterator[tuple[Ints, Floats]]:
    """Places [n] of a text and the logits [n, V] of the symbols there, given all before; `start` stands before it.

    A long text is read in lanes, each from some hundred symbols before its own part on, at least `least` long.
    """
    if not len(symbols):
        return
    device = next(network.parameters()).device
    lanes = int(np.clip(len(symbols) // least, 1, _MOST))
    part = -(-len(symbols) // lanes)
    begins = np.maximum(np.arange(lanes) * part - _WARM, 0)
    given = np.append(start, symbols)
    steps = max(1, min(512, _AT_ONCE // (lanes * network.size)))
    state = None
    with fitting_threads(network):
        for first in range(0, part + _WARM, steps):
            at = begins + first + np.arange(min(steps, part + _WARM - first))[:, None]
            inputs = torch.from_numpy(given[np.minimum(at, len(symbols))]).to(device)
            logits, state = network(inputs, state)
            own = (at >= np.arange(lanes) * part) & (at < np.minimum(np.arange(1, lanes + 1) * part, len(symbols)))
            if own.any():
                yield at[own], logits.cpu().numpy()[own]


def _nats(logits: Floats, symbols: Ints) -> Floats:
    """What each symbol costs [n]."""
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), symbols]
