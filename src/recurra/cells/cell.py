"""What a recurrent cell is: its name, the states it carries, its gates, its weights, and one pure step.

A cell is one file: a frozen dataclass of its variant, derived from `Cell`. Everything else follows from what it
declares: the layer of `recurra.nn`, the operator of graphs, the choice of a kernel, the command line's `--cell`, what a
model file may name, one-step streaming, and what `recurra.inspect` shows. `recurra.cells.register` adds a cell.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from recurra.cells.weights import Weights
from recurra.errors import InputError


@dataclass(frozen=True)
class State:
    """A tensor that a cell carries from step to step; the first one is h, the output.

    `memory`: this state is what remembers (c of an LSTM, h of a GRU), so that inspection looks at it.
    """

    name: str
    label: str
    memory: bool = False


@dataclass(frozen=True)
class Gate:
    """A block of H rows of a cell's weights, and what its values mean.

    activation  "sigmoid", "tanh", "relu", "exp" (at most 1, by a stabiliser), "identity", or the cell's own word
    keeps       "open" where a value of 1 keeps the memory as it is, "shut" where a value of 0 does; "" for the others
    is_state    its value is the new h itself, and need not be shown beside it
    opened      what is added to its bias where a network asks for a long memory to begin with
    """

    name: str
    label: str
    activation: str = "sigmoid"
    keeps: Literal["", "open", "shut"] = ""
    is_state: bool = False
    opened: float = 0.0

    @property
    def is_share(self) -> bool:
        """Whether its values lie between 0 and 1."""
        return self.activation in ("sigmoid", "exp")


OPTIONS = ("bias", "layer_norm", "peepholes", "proj_size", "recurrent_dropout", "zoneout")
# The option that a weight belongs to; a weight that is not here is always there.
OPTION_OF = {
    "bias": "bias", "projection": "proj_size", "peephole": "peepholes",
    "norm": "layer_norm", "norm_cell": "layer_norm", "norm_input": "layer_norm",
}  # fmt: skip


class Cell(ABC):
    """Base of the cells.

    name      as the command line and the model file have it
    states    what is carried; the first is h
    gates     one per block of H rows in W x, in their order
    options   what a layer of it takes, of `OPTIONS`; `refusals` says why not, where that is not plain
    blocks    G, the blocks of W x: as many as gates

    Sizes: B rows, F features, H hidden units, R the width of h (H, or P with a projection).
    """

    name: ClassVar[str]
    states: ClassVar[tuple[State, ...]]
    gates: ClassVar[tuple[Gate, ...]]
    options: ClassVar[frozenset[str]] = frozenset({"bias"})
    refusals: ClassVar[Mapping[str, str]] = {}
    blocks: ClassVar[int]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declared = cls.__dict__.get("gates")
        if isinstance(declared, tuple) and "blocks" not in cls.__dict__:
            cls.blocks = len(declared)

    # ---- the mathematics

    def step(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """One time step: `projected_input` = W x_t + b [B, G*H], the old state, `dropout` [B, R] on the h that enters
        U -> the new state."""
        return self.update(self.activate(projected_input, state, weights, dropout), state, weights)

    @abstractmethod
    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: the value [B, H] of every gate, then whatever `update` needs besides."""

    @abstractmethod
    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: the values of `activate` and the old state -> the new one."""

    def scan(self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...] | None:
        """All steps at once, where the recurrence is linear in its state: [T, B, G*H] -> each state [T, B, .]; or None.

        It gives what `step` gives, to rounding, and autograd differentiates it.
        """
        return None

    # ---- the weights

    @abstractmethod
    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """The shape of every weight of the recurrence, for H and R: fields of `Weights`, or names of the cell's own.

        Own ones come to the step as `weights.own`, in this order. W [G*H, F] and b [G*H] are not among them.
        """

    def initialise(self, name: str, parameter: Tensor, hidden: int, depth: float, features: int) -> None:
        """Draw a weight in place: "input_weight" [G*H, F], "input_bias", or a name of `parameters`.

        `depth`: 0 for the first of several layers, 1 for the last; `features`: F. As torch does it: from
        U(-1/sqrt(H), 1/sqrt(H)).
        """
        nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    # ---- what inspection sees

    def memory(self, state: tuple[Tensor, ...]) -> Tensor:
        """What remembers, of a state: c of an LSTM, h of a GRU [B, .]."""
        return state[self._memory]

    def with_memory(self, state: tuple[Tensor, ...], memory: Tensor) -> tuple[Tensor, ...]:
        """The state with another memory in it."""
        at = self._memory
        return (*state[:at], memory, *state[at + 1 :])

    def kept(self, gates: tuple[Tensor, ...], old: tuple[Tensor, ...], new: tuple[Tensor, ...]) -> Tensor | None:
        """The share of the old memory that a step keeps by its gates [B, H]; None where no gate keeps any."""
        for gate, value in zip(self.gates, gates, strict=False):
            if gate.keeps:
                return value if gate.keeps == "open" else 1 - value
        return None

    @property
    def _memory(self) -> int:
        return next((k for k, state in enumerate(self.states) if state.memory), 0)

    # ---- the variant

    @cached_property
    def variant(self) -> str:
        """The cell as text: its name, and the fields that differ from their defaults; "" where one is a callable."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        defaults = {field.name: field.default for field in fields(self)}  # type: ignore[arg-type]
        changed = {name: value for name, value in given.items() if value != defaults[name]}
        if any(not isinstance(value, bool | int | float | str) for value in changed.values()):
            return ""
        return self.name + (f" {json.dumps(changed, sort_keys=True)}" if changed else "")

    @cached_property
    def known_shapes(self) -> dict[tuple[int, int], Any]:
        """What `kernels.shapes` has made of `parameters`, by (H, R): making it takes as long as a small recurrence."""
        return {}

    def require(self, option: str) -> None:
        """Raise InputError where a layer of this cell does not take an option."""
        if option in self.options:
            return
        taken = ", ".join(name for name in OPTIONS if name in self.options and name != "bias") or "no option"
        reason = self.refusals.get(option)
        raise InputError(
            f"the cell {self.name!r} takes no {option}{f', because {reason}' if reason else ''}: expected {taken}"
        )


def zeros(cell: Cell, like: Tensor, batch: int, hidden: int, width: int) -> tuple[Tensor, ...]:
    """The state before the first step: h [B, R], the others [B, H]."""
    widths = (width, *[hidden] * (len(cell.states) - 1))
    return tuple(like.new_zeros(batch, each) for each in widths)
