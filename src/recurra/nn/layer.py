"""What all recurrent layers have in common: how they are called, over a sequence or one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from recurra.cells import Cell
from recurra.kernels.contract import Call, Layout
from recurra.kernels.masks import Masks
from recurra.nn.calls import call
from recurra.nn.contract import Lengths, States, weight_of
from recurra.nn.forward import forward, one_step
from recurra.nn.regularisation import Regularisation
from recurra.nn.stream import Stream


class RecurrentLayer(nn.Module):
    """Base of the recurrent layers: one cell over a sequence, in one or more layers and one or two directions."""

    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int
    _all_weights: list[list[str]]

    layer_norm: bool = False
    peepholes: bool = False
    regularisation: Regularisation | None = None

    @property
    def cell(self) -> Cell:
        """The cell that every layer and direction computes."""
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether torch.nn has this very layer."""
        return False

    @property
    def width(self) -> int:
        """R, the width of h: H, or that of the projection."""
        return self.proj_size or self.hidden_size

    @property
    def directions(self) -> int:
        """D: 2 where `bidirectional`, else 1."""
        return 2 if self.bidirectional else 1

    def forward(  # type: ignore[override]
        self, input: Tensor | PackedSequence, hx: States | None = None, *, lengths: Lengths | None = None
    ) -> tuple[Any, Any]:
        """Run the layer over a sequence, as torch.nn's forward.

        input    [T, B, F], [B, T, F] with `batch_first`, [T, F] unbatched, or a PackedSequence
        hx       the initial h [L*D, B, R]; of a cell with more states all of them, for an LSTM the pair
                 (h, c [L*D, B, H]); zeros where None
        lengths  one whole number per row, 0 to T, in any order: the row ends there, outputs after it are zero, its
                 last state is the one at its end, and the reverse direction starts there

        Returns the outputs, in the form of the input with D*R features, and the last state, in that of `hx`.
        Raises ShapeError (an InputError, ValueError and RuntimeError) where shapes, dtypes or devices do not fit.
        """
        return forward(self, input, hx, lengths)

    def step(self, input: Tensor, hx: States | None = None) -> tuple[Tensor, Any]:
        """Run the layer over the next step of a stream: what `forward` gives for the sequence, a step at a time.

        input  [B, F], or [F] unbatched
        hx     the state that the step before returned; None at the beginning

        Returns the outputs of the step, [B, R] or [R], and the state for the next one, in the form of `forward`'s.
        Raises InputError for a layer that needs the whole sequence, being bidirectional, or drawing masks in training.

        >>> import torch
        >>> import recurra as rc
        >>> layer, x = rc.nn.LSTM(3, 5), torch.randn(7, 2, 3)
        >>> state = None
        >>> for x_t in x:
        ...     y_t, state = layer.step(x_t, state)
        >>> bool((y_t - layer(x)[0][-1]).abs().max() < 1e-6)
        True
        """
        return one_step(self, input, hx)

    def stream(
        self, batch: int = 1, *, head: nn.Linear | None = None, threads: int | None = None, int8: bool = False
    ) -> Stream:
        """The layer as a stream that goes on one step at a time, NumPy in and out, each step one call.

        batch    B, the rows: each has a state of its own
        head     a linear layer behind the last one
        threads  how many may take part in a step; as torch where None
        int8     weights of 8 bits with a scale for each output (float32 only): rows whose weights do not fit the cache
                 go on several times as fast

        The weights are copied now. Raises InputError as `step` does.

        >>> import numpy as np
        >>> import recurra as rc
        >>> rc.nn.GRU(3, 5).stream().step(np.zeros(3, np.float32)).shape
        (5,)
        """
        return Stream([(self, False)], alone=True, batch=batch, head=head, threads=threads, int8=int8)

    def call(
        self,
        x: Tensor,
        state: tuple[Tensor, ...] | None,
        layout: Layout,
        at: int,
        dtype: torch.dtype | None,
        masks: Masks | None,
    ) -> Call:
        """What a kernel is asked for the layer and direction number `at`; `dtype` is what autocast asks for."""
        return call(self, x, state, layout, at, dtype, masks)

    def some_weight(self) -> Tensor:
        """One of the weights of the recurrence, U where there is one: of the dtype and on the device of all."""
        return weight_of(self, "weight_hh_l0")

    def suffixes(self) -> Iterator[str]:
        """How the names of each layer's and direction's parameters end: `_l0`, `_l0_reverse`, `_l1`, ..."""
        for layer in range(self.num_layers):
            yield f"_l{layer}"
            if self.bidirectional:
                yield f"_l{layer}_reverse"

    def open_gates(self) -> None:
        """Let the gates that keep a memory begin open, where the cell says by how much: a bias of 1 for the forget gate
        of an LSTM (Jozefowicz et al. 2015), half of it in each of two biases."""
        with torch.no_grad():
            for k, gate in enumerate(self.cell.gates):
                if not gate.opened:
                    continue
                rows = slice(k * self.hidden_size, (k + 1) * self.hidden_size)
                for suffix in self.suffixes():
                    names = [name for name in ("bias_ih", "bias_hh") if name + suffix in self._parameters]
                    for name in names:
                        weight_of(self, name + suffix)[rows].fill_(gate.opened / len(names))
