"""What every backend is asked, and what it answers: one call of one layer and direction.

B rows, T steps, F features, H hidden units, R the width of h, G gate blocks, N rows of a sequence tensor (T*B, or the
sum of the lengths).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from recurra.cells import Cell, Weights


@dataclass(frozen=True)
class Recurrence:
    """What one layer and direction computes.

    With `reverse` every row starts at its own end. `zoneout` holds the rates for h and for the other states: where
    there are no masks, a state becomes the expectation rate * old + (1 - rate) * new.
    """

    cell: Cell
    reverse: bool = False
    zoneout: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Layout:
    """Where row b of step t lies among the N rows of a 2-D tensor.

    Padded, N = T*B: at t*B + b, or at b*T + t with `batch_first`; `lengths` [B] (int64, on the CPU) end a row early.
    Packed, with `offsets` [T] (int64, on the CPU): at offsets[t] + b; `lengths` are there too, longest first, and
    N is their sum, as in torch's PackedSequence.
    """

    steps: int
    batch: int
    batch_first: bool = False
    lengths: Tensor | None = None
    offsets: Tensor | None = None


class DropoutMasks(NamedTuple):
    """The masks that were drawn for one call.

    dropout    [B, R]        variational dropout, scaled by 1 / keep, on the h that enters U   Gal and Ghahramani (2016)
    zoneout_h  uint8 [N, R]  1 where h keeps its old value                                     Krueger et al. (2016)
    zoneout_c  uint8 [N, H]  1 where c does; the new h is that of the c that was not kept
    """

    dropout: Tensor | None = None
    zoneout_h: Tensor | None = None
    zoneout_c: Tensor | None = None


NO_MASKS = DropoutMasks()


class Frame(NamedTuple):
    """What of a call is no tensor to differentiate by; `states`: how many tensors its state has, 0 where it is None."""

    recurrence: Recurrence
    layout: Layout
    masks: DropoutMasks
    states: int


class Call(NamedTuple):
    """Everything that a backend needs to know.

    x             [N, F]      the inputs of all steps and rows; [N, G*H], projected already, without an `input_weight`
    input_weight  [G*H, F]    W
    input_bias    [G*H]       b, or None; added to an x that is projected already, too
    state         a tuple     h [B, R] and what else the cell carries [B, H], or None for zeros
    weights                   those of the recurrence
    """

    recurrence: Recurrence
    x: Tensor
    input_weight: Tensor | None
    input_bias: Tensor | None
    state: tuple[Tensor, ...] | None
    weights: Weights
    layout: Layout
    masks: DropoutMasks = NO_MASKS

    def frame(self) -> Frame:
        """The call without the tensors of `tensors`."""
        return Frame(self.recurrence, self.layout, self.masks, 0 if self.state is None else len(self.state))

    def sizes(self) -> tuple[int, int]:
        """H and R, as the weights have them."""
        x, weights = self.x, self.weights
        of = weights.recurrent if weights.recurrent is not None else self.input_weight
        hidden = (x.shape[-1] if of is None else of.shape[0]) // self.recurrence.cell.blocks
        return hidden, hidden if weights.projection is None else weights.projection.shape[0]

    def tensors(self) -> tuple[Tensor | None, ...]:
        """What a gradient may be asked for: x, W, b, each of the state, each of the weights."""
        *weights, own = self.weights
        return (self.x, self.input_weight, self.input_bias, *(self.state or ()), *weights, *own)


_NAMED = len(Weights._fields) - 1  # all but those of a cell's own


def call_of(frame: Frame, tensors: Sequence[Tensor | None]) -> Call:
    """The call whose `frame` and `tensors` these are."""
    recurrence, layout, masks, states = frame
    at = 3 + states
    named = at + _NAMED
    x, input_weight, input_bias = tensors[:3]
    state: Any = tuple(tensors[3:at]) if states else None
    weights: Any = Weights(*tensors[at:named], own=tuple(tensors[named:]))  # type: ignore[arg-type]
    return Call(recurrence, x, input_weight, input_bias, state, weights, layout, masks)  # type: ignore[arg-type]


class Answer(NamedTuple):
    """What a backend's forward pass gives.

    outputs  [N, R]   zero after a row's end
    last     a tuple  each row's state at its own end; the initial one where its length, or T, is 0
    saved             tensors that its backward pass needs
    """

    outputs: Tensor
    last: tuple[Tensor, ...]
    saved: tuple[Tensor | None, ...] = ()


# (call, saved, needed, grads) -> the gradient of each of `Call.tensors`, None where not needed. `grads` are those of
# the outputs and of each last state, None for zeros.
Backward = Callable[[Call, Sequence[Any], Sequence[bool], Sequence[Any]], Sequence[Any]]


class Backend(Protocol):
    """One way to compute a call. A backend is a folder, and its place in the order of preference a line in `chooser`.

    `packs`: rows with lengths come to it packed (`kernels.packing`), so that it sees only steps that are there. A
    `backward` of None says that its forward pass consists of operations that autograd differentiates by itself.
    """

    name: str
    packs: bool

    def why_not(self, cell: Cell, x: Tensor, weight: Tensor) -> str | None:
        """Why it cannot take calls of this cell on such tensors; None where it can. `weight`: one of the weights.

        It is asked once for all layers and directions of a module, before there are calls.
        """
        ...

    def forward(self, call: Call, save: bool) -> Answer:
        """All steps; with `save` what `backward` needs is kept."""
        ...

    @property
    def backward(self) -> Backward | None:
        """Its backward pass, or None."""
        ...


Run = Callable[[Call], tuple[Tensor, tuple[Tensor, ...]]]

# Whether `kernels.recorded` stands in for the engine, whose calls a tracer of tensor operations does not see.
being_recorded: ContextVar[bool] = ContextVar("recurra_being_recorded", default=False)
