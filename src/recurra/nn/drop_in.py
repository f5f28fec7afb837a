"""What the layers have in common that take the place of torch.nn's.

RNN, LSTM and GRU are subclasses of torch.nn's, so that `isinstance`, state dicts, hooks and pickles keep working; what
they add has defaults on the class, so that a torch.nn layer becomes one by its `__class__` alone (`nn.accelerate`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.kernels.contract import Call, Layout
from recurra.kernels.masks import Masks
from recurra.nn.calls import call, plain_call
from recurra.nn.layer import RecurrentLayer


class DropInLayer(RecurrentLayer, nn.RNNBase):
    """Base of RNN, LSTM and GRU."""

    TORCH: ClassVar[type[nn.RNNBase]]  # the layer of torch.nn whose place this one takes

    def call(
        self,
        x: Tensor,
        state: tuple[Tensor, ...] | None,
        layout: Layout,
        at: int,
        dtype: torch.dtype | None,
        masks: Masks | None,
    ) -> Call:
        """As `RecurrentLayer.call`, by a shorter way where torch.nn has this layer."""
        if masks is None:
            return plain_call(self, x, state, layout, at, dtype)
        return call(self, x, state, layout, at, dtype, masks)

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
