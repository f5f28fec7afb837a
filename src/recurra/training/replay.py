"""The loss and gradients of a training step as one flat list of calls, recorded once and played again.

At the sizes of most recurrent networks the arithmetic of a step takes less time than what torch does around it:
building the graph of a step, walking it back, and asking every operation anew what it is given. None of that changes
between batches of one kind. So the operations of a whole step, forward and backward, are recorded by `make_fx`, and
from then on called one after the other.

A record is used only once it has given the same bits as the plain step for the same batch: the loss, every gradient,
every buffer, and the state of torch's generator.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recurra.hooks import has_hooks
from recurra.kernels.chooser import forced
from recurra.kernels.recorded import recording
from recurra.training.batch_signature import kind_of, rebuilt
from recurra.training.codegen import written

SEEN = 2  # plain steps with a kind of batch before it is recorded: one that comes once is not worth it
MOST = 16  # records at most

KINDS = 1024  # kinds that are remembered at all; a number that changes at every step makes one each time

Play = Callable[[list[Tensor]], Tensor]


class Replay:
    """The records of the step of a network, by the kind of batch: shapes, dtypes and everything that is no tensor.

    `plain(*batch)` makes the step without a record: it returns the loss and leaves the gradient of each of `parameters`
    in `gradients`, as a record does. `loss(network, *batch)` is what is differentiated.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[..., Tensor],
        parameters: list[nn.Parameter],
        gradients: list[Tensor],
        plain: Callable[..., Tensor],
    ) -> None:
        self.network, self.loss, self.plain = network, loss, plain
        self.parameters, self.gradients = parameters, gradients
        self.refused: dict[Hashable, str] = {}  # the kinds that are not recorded, and why
        self._modules = list(network.modules())
        self._frozen = [parameter for parameter in network.parameters() if not parameter.requires_grad]
        self._seen: dict[Hashable, int] = {}
        self._records: dict[Hashable, Play] = {}

    def __call__(self, *batch: Any) -> Tensor:
        """The loss of `batch`, without a graph."""
        tensors: list[Tensor] = []
        kind = (*[kind_of(part, tensors) for part in batch], *self._mode())
        play = self._records.get(kind)
        if play is not None and not self._hooked():
            return play(tensors)
        if None in kind or kind in self.refused or len(self._records) >= MOST or self._hooked():
            return self.plain(*batch)
        if len(self._seen) >= KINDS:
            self._seen.clear()
        self._seen[kind] = self._seen.get(kind, 0) + 1
        return self.plain(*batch) if self._seen[kind] <= SEEN else self._record(kind, batch, tensors)

    def _mode(self) -> tuple[Hashable, ...]:
        """What a step depends on besides its batch, as far as torch knows it."""
        # A record writes to the memory that was there. (Trained parameters stay where they are: `FlatGroup.hold`.)
        held = [buffer.data_ptr() for m in self._modules for buffer in m._buffers.values() if buffer is not None]
        return (
            forced(),
            torch.is_grad_enabled(),
            torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else "",
            *[module.training for module in self._modules],
            *held,
            *[parameter.data_ptr() for parameter in self._frozen],
        )

    def _hooked(self) -> bool:
        """Whether somebody wants to see what goes through the modules, or the gradients."""
        return any(map(has_hooks, self._modules)) or any(
            p._backward_hooks or p._post_accumulate_grad_hooks for p in self.parameters
        )

    def _record(self, kind: Hashable, batch: tuple[Any, ...], tensors: list[Tensor]) -> Tensor:
        """Make the step, and keep a record of it if that would have made the same."""
        before, versions = self._state(), [tensor._version for tensor in tensors]
        drawn = _other_generators()
        loss = self.plain(*batch)
        if versions != [tensor._version for tensor in tensors]:
            self.refused[kind] = "the step writes into its batch"
        elif drawn != _other_generators():
            self.refused[kind] = "the step draws random numbers of Python or NumPy, and a record only those of torch"
        if kind in self.refused:
            return loss
        gradients, after = [gradient.clone() for gradient in self.gradients], self._state()
        self._restore(before)
        try:
            play = self._play(batch, tensors)
            self._restore(before)
            found = play(tensors)
        except Exception as error:  # noqa: BLE001  # tracing may raise anything, and the plain step has just worked
            self.refused[kind] = f"{type(error).__name__}: {error}"
        else:
            if _same([loss, *gradients, *after], [found, *self.gradients, *self._state()]):
                self._records[kind] = play
            else:
                self.refused[kind] = "played again, the step has another result"
        self._seen.pop(kind)
        self._restore(after)
        for gradient, value in zip(self.gradients, gradients, strict=True):
            gradient.copy_(value)
        return loss

    def _state(self) -> list[Tensor]:
        """What a step changes besides its gradients."""
        return [torch.get_rng_state(), *(buffer.clone() for buffer in self.network.buffers())]

    def _restore(self, state: list[Tensor]) -> None:
        torch.set_rng_state(state[0])
        for buffer, value in zip(self.network.buffers(), state[1:], strict=True):
            buffer.copy_(value)

    def _play(self, batch: tuple[Any, ...], tensors: list[Tensor]) -> Play:
        """A record of the step."""
        from torch.fx.experimental.proxy_tensor import make_fx  # takes a second to load

        reached: list[bool] = []

        def step(*parts: Tensor) -> list[Tensor]:
            given = iter(parts)
            loss = self.loss(self.network, *[rebuilt(part, given) for part in batch])
            found = torch.autograd.grad(loss, self.parameters, allow_unused=True)
            reached.extend(gradient is not None for gradient in found)
            return [loss.detach(), *(gradient for gradient in found if gradient is not None)]

        with recording() as calls:
            traced = make_fx(step, tracing_mode="real")(*[tensor.detach() for tensor in tensors])  # one input each
        forward = written(traced, calls)
        filled = [gradient for gradient, there in zip(self.gradients, reached, strict=True) if there]
        empty = [gradient for gradient, there in zip(self.gradients, reached, strict=True) if not there]

        def play(parts: list[Tensor]) -> Tensor:
            with torch.no_grad():
                loss, *found = forward(*parts)
                torch._foreach_copy_(filled, found)  # pyright: ignore[reportPrivateImportUsage]
                if empty:
                    torch._foreach_zero_(empty)  # pyright: ignore[reportPrivateImportUsage]
            return loss

        return play


def _other_generators() -> Hashable:
    """The state of the generators that torch's seed does not reach."""
    _, keys, position, *_ = np.random.get_state()  # noqa: NPY002  # NumPy's global one
    return random.getstate(), np.asarray(keys).tobytes(), position


def _same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
