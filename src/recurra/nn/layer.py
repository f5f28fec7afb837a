"""What the recurrent layers have in common: their parameters beyond torch's, and who runs them.

RNN, LSTM and GRU are subclasses of torch.nn's, so that `isinstance`, state dicts, hooks and pickles keep working; what
they add has defaults on the class, so that a torch.nn layer becomes one by its `__class__` alone (`nn.accelerate`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from recurra.cells import Cell
from recurra.errors import InputError
from recurra.nn.checks import Lengths
from recurra.nn.forward import forward
from recurra.nn.regularisation import Regularisation

States = Tensor | tuple[Tensor, ...]


class RecurrentLayer(nn.RNNBase):
    """Base of RNN, LSTM and GRU."""

    TORCH: ClassVar[type[nn.RNNBase]]  # the layer of torch.nn whose place this one takes

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
        raise NotImplementedError

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
        hx       the initial h [L*D, B, R], for an LSTM the pair (h, c [L*D, B, H]); zeros where None
        lengths  one whole number per row, 0 to T, in any order: the row ends there, outputs after it are zero, its
                 last state is the one at its end, and the reverse direction starts there

        Returns the outputs, in the form of the input with D*R features, and the last state, in that of `hx`.
        Raises ShapeError (an InputError, ValueError and RuntimeError) where shapes, dtypes or devices do not fit.
        """
        return forward(self, input, hx, lengths)

    def reset_parameters(self) -> None:
        """Draw the weights from U(-1/sqrt(H), 1/sqrt(H)), as torch; gains of layer norms become 1, their biases 0."""
        super().reset_parameters()
        self._reset_norms()

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        given = [super().extra_repr()]
        given += [f"{name}=True" for name in ("peepholes", "layer_norm") if getattr(self, name)]
        if self.regularisation is not None:
            given.append(f"regularisation={self.regularisation}")
        return ", ".join(given)

    def suffixes(self) -> Iterator[str]:
        """How the names of each layer's and direction's parameters end: `_l0`, `_l0_reverse`, `_l1`, ..."""
        for layer in range(self.num_layers):
            yield f"_l{layer}"
            if self.bidirectional:
                yield f"_l{layer}_reverse"

    def _add(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """Add a parameter of each name and shape to every layer and direction."""
        bound, first = self.hidden_size**-0.5, self._parameters["weight_ih_l0"]
        assert first is not None
        for suffix in self.suffixes():
            for name, shape in shapes.items():
                parameter = nn.Parameter(torch.empty(*shape, dtype=first.dtype, device=first.device))
                nn.init.uniform_(parameter, -bound, bound)
                self.register_parameter(name + suffix, parameter)
        self._reset_norms()

    def _reset_norms(self) -> None:
        with torch.no_grad():
            for name, parameter in self.named_parameters(recurse=False):
                if "_norm_" in name:
                    parameter.fill_(0.0 if name.startswith("bias_") else 1.0)

    def __prepare_scriptable__(self) -> nn.RNNBase:
        # torch.jit.script asks for what it can compile, which is torch's own forward
        if not self.is_plain:
            raise InputError(
                f"torch.jit.script cannot take {self}: expected a layer that torch.nn has, without options. "
                "Take torch.export or torch.jit.trace"
            )
        twin = copy.copy(self)
        twin.__class__ = self.TORCH  # pyright: ignore[reportAttributeAccessIssue]  # of one layout
        return twin
