"""One long sequence in contiguous lanes: the state at the end of a batch is where the next one begins.

    lane k of B reads symbols s_k, s_k + 1, ...    s_k = floor(k N / B),    T at a step, N of them in a circle

The gradient ends at the beginning of a window (truncated back-propagation through time: Williams and Peng 1990, "An
efficient gradient-based algorithm for on-line training of recurrent network trajectories"), the state does not: what a
network remembers is never forgotten between windows. A lane goes on into the next one's part, so that the windows of
every pass begin elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from recurra.errors import InputError
from recurra.language import _

_SHOWN = 8  # lanes that a watcher is shown


class Window(NamedTuple):
    """T steps of B lanes.

    inputs   [T, B, ...] and `targets`, the same one symbol later
    state    the network's where the window begins, None for zeros
    lanes    where the state at its end is put; None where a window is only looked at
    """

    inputs: Tensor
    targets: Tensor
    state: tuple[Tensor, ...] | None
    lanes: LaneSource | None


@final
class LaneSource:
    """The windows of `sequence` [N, ...] in `lanes` lanes of `steps` steps; a `training.Source` that carries a state.

    The loss of a window gives its last state to `keep`. Raises InputError for a sequence shorter than the lanes.

    >>> source = LaneSource(torch.arange(10), lanes=2, steps=3)
    >>> source.batch(0).inputs.T.tolist(), source.batch(1).inputs.T.tolist()
    ([[0, 1, 2], [5, 6, 7]], [[3, 4, 5], [8, 9, 0]])
    """

    def __init__(self, sequence: Tensor, lanes: int, steps: int) -> None:
        if len(sequence) < 2 * lanes:
            raise InputError(
                _(
                    "the sequence has {sequence} steps: expected at least two for each of {lanes} lanes",
                    sequence=len(sequence),
                    lanes=lanes,
                )
            )
        self.sequence, self.lanes, self.steps = sequence, lanes, steps
        self.state: tuple[Tensor, ...] | None = None
        self._starts = torch.arange(lanes) * len(sequence) // lanes

    @property
    def per_pass(self) -> float:
        """Steps of training in which every symbol is learnt once."""
        return len(self.sequence) / (self.lanes * self.steps)

    def batch(self, step: int) -> Window:
        """The next window of every lane."""
        return Window(*self._read(step, self._starts), self.state, self)

    def glance(self, step: int) -> Window:
        """The window of the first lanes, from no state."""
        return Window(*self._read(step, self._starts[:_SHOWN]), None, None)

    def keep(self, state: Sequence[Tensor]) -> None:
        """Go on from this state, without its graph."""
        self.state = tuple(part.detach() for part in state)

    def tensors(self) -> dict[str, Tensor]:
        """The carried state, for a checkpoint."""
        return {str(k): part for k, part in enumerate(self.state or ())}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to the state that `tensors` gave."""
        self.state = tuple(tensors[str(k)] for k in range(len(tensors))) or None

    def _read(self, step: int, starts: Tensor) -> tuple[Any, Any]:
        at = starts + step * self.steps + torch.arange(self.steps + 1).unsqueeze(1)
        found = self.sequence[at % len(self.sequence)]
        return found[:-1], found[1:]
