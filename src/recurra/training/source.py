"""Where batches come from: a data set of numbered examples, a stream, or experience that grows while it is learnt from.

A source is asked for the batch of a step. For a data set that is a function of (seed, step) alone, so that a run that
was stopped goes on to the same bits; a stream is read in order, and experience is drawn from what there is by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, final, runtime_checkable

import torch
from torch import Tensor

from recurra.errors import InputError, TrainingError
from recurra.language import _
from recurra.training.sampler import bucketed, shuffled

_SHOWN = 64  # examples of a batch that a watcher is shown


class Source(Protocol):
    """Batches by the number of a step, from 0."""

    def batch(self, step: int) -> Any:
        """The batch of a step."""
        ...

    def glance(self, step: int) -> Any:
        """Some of the batch that a watcher is shown."""
        ...


@runtime_checkable
class Carrying(Protocol):
    """A source with a state of its own, which goes into the checkpoints of a run and comes back out of them."""

    def tensors(self) -> dict[str, Tensor]:
        """The state by name."""
        ...

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to it."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A source that knows how it goes: what is logged beside the losses, and shown in place of them."""

    def figures(self) -> dict[str, float]:
        """Numbers by name, of the time since they were last asked for."""
        ...

    def told(self) -> str:
        """The same for a person, short."""
        ...


class SourceEnded(Exception):
    """There will be no further batch, for a reason that the user is told: what was learnt so far is kept."""


class Numbered(Protocol):
    """What a data set must tell: how many examples there are, how long each is, and those of some numbers."""

    @property
    def examples(self) -> int:
        """How many there are now."""
        ...

    @property
    def lengths(self) -> Tensor | None:
        """Of each example [N], where batches of about equal length are worth having."""
        ...

    def batch(self, numbers: Tensor) -> Any:
        """The examples `numbers` [B]."""
        ...


@final
class DataSource:
    """The examples of a data set, shuffled anew for every epoch, the epochs laid end to end.

    `share` is the part of a batch's numbers that this process reads.
    """

    def __init__(
        self, data: Numbered, size: int, seed: int, share: Callable[[Tensor], Tensor] = lambda numbers: numbers
    ) -> None:
        self.data, self.size, self.seed, self.share = data, min(size, data.examples), seed, share
        self._order: tuple[int, Tensor] | None = None

    def batch(self, step: int) -> Any:
        """The next stretch."""
        return self.data.batch(self.numbers(step))

    def glance(self, step: int) -> Any:
        """Its first examples."""
        return self.data.batch(self.numbers(step)[:_SHOWN])

    def numbers(self, step: int) -> Tensor:
        """The examples of a step [B]."""
        epoch, place = divmod(step * self.size, self.data.examples)
        numbers = self._shuffled(epoch)[place : place + self.size]
        if len(numbers) < self.size:
            numbers = torch.cat([numbers, self._shuffled(epoch + 1)[: self.size - len(numbers)]])
        return self.share(numbers)

    def _shuffled(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            examples, lengths = self.data.examples, self.data.lengths
            if lengths is None:
                order = shuffled(examples, generator)
            else:
                order = bucketed(lengths, self.size, -epoch * examples % self.size, generator)
            self._order = epoch, order
        return self._order[1]


@final
class StreamSource:
    """Batches as they come, each once and in order: a run from a stream cannot be resumed."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches, self._step, self._last = batches, -1, None

    def batch(self, step: int) -> Any:
        """The next batch. Raises TrainingError where the stream has ended, or another step is asked for."""
        if step == self._step:
            return self._last
        if step != self._step + 1:
            raise TrainingError(
                _(
                    "a stream cannot go to step {step}, it is at {reached}: begin a new run",
                    step=step + 1,
                    reached=self._step + 1,
                )
            )
        try:
            self._last = next(self._batches)
        except StopIteration:
            raise TrainingError(
                _("the stream ended after {step} batches: expected one for every step", step=step)
            ) from None
        self._step = step
        return self._last

    def glance(self, step: int) -> Any:
        """The batch itself."""
        return self.batch(step)


@final
class GrowingSource:
    """Experience that grows while it is learnt from: `size` of the examples that there are by then, drawn anew.

    `grow`, called before each step with its number, may add examples to `data`.
    """

    def __init__(self, data: Numbered, size: int, seed: int, grow: Callable[[int], None]) -> None:
        if size < 1:
            raise InputError(_("size is {size}: expected a whole number of at least 1", size=size))
        self.data, self.size, self.seed, self.grow = data, size, seed, grow
        self._grown = -1

    def batch(self, step: int) -> Any:
        """Examples of all that there are."""
        return self.data.batch(self.numbers(step))

    def glance(self, step: int) -> Any:
        """Its first examples."""
        return self.data.batch(self.numbers(step)[:_SHOWN])

    def numbers(self, step: int) -> Tensor:
        """The examples of a step [B]: none twice, where there are enough."""
        if step != self._grown:
            self.grow(step)
            self._grown = step
        if self.data.examples < 1:
            raise TrainingError(
                _("there is no experience at step {step}: expected an example before the first step", step=step + 1)
            )
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return shuffled(self.data.examples, generator)[: self.size]
