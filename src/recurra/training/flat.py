"""The trainable parameters of a network as views of one tensor, and their gradients as views of another.

What is done to every parameter (zeroing, norm, Adam) then takes one call however many parameters there are: for a
small network the calls cost more than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.language import _

_LINE = 64  # bytes; each parameter begins a cache line, as torch's own allocations do


@dataclass(frozen=True)
class _Slot:
    """A parameter, its shape, and where it begins in the flat tensors: in elements and in bytes."""

    name: str
    parameter: nn.Parameter
    shape: torch.Size
    place: int
    offset: int

    def part(self, flat: Tensor) -> Tensor:
        """Its elements of `flat` [n], in its shape."""
        return flat[self.place : self.place + self.shape.numel()].view(self.shape)


class FlatGroup:
    """Parameters of one dtype, on one device.

    `gradient` [n] holds all gradients, and zeros in the gaps between them. `values` and `gradients` are what an
    optimiser works on: one tensor [n] each where `flat`, else the parameters as they are and the parts of `gradient`
    in their shapes.
    """

    def __init__(self, parameters: dict[str, nn.Parameter], flat: bool = True) -> None:
        like = next(iter(parameters.values()))
        line = max(1, _LINE // like.element_size())
        self._held: list[_Slot] = []
        size = 0
        for name, parameter in parameters.items():
            self._held.append(_Slot(name, parameter, parameter.shape, size, size * like.element_size()))
            size += -(-parameter.numel() // line) * line
        self.gradient = torch.zeros(size, dtype=like.dtype, device=like.device)
        self._flat = torch.zeros_like(self.gradient) if flat else None
        self.values = [held.parameter.data for held in self._held] if self._flat is None else [self._flat]
        self.gradients = [held.part(self.gradient) for held in self._held] if self._flat is None else [self.gradient]
        self.hold()

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters of the group."""
        return [held.parameter for held in self._held]

    @property
    def parts(self) -> list[Tensor]:
        """The parts of `gradient` that are theirs, in their shapes."""
        return [held.part(self.gradient) for held in self._held]

    def hold(self) -> None:
        """Take back what has been replaced: values by `parameter.data = ...`, gradients by `zero_grad`.

        Raises `InputError` where a parameter now has another device, dtype or shape.
        """
        gradients = self.gradient.data_ptr()
        values = None if self._flat is None else self._flat.data_ptr()
        for k, held in enumerate(self._held):
            parameter, gradient = held.parameter, held.parameter.grad
            expected = self.values[k].data_ptr() if values is None else values + held.offset
            if parameter.data_ptr() != expected:
                self._take_back(k)
            # By address: `network.double()` puts other memory behind the same gradient.
            if gradient is None or gradient.data_ptr() != gradients + held.offset:
                parameter.grad = held.part(self.gradient)

    def _take_back(self, k: int) -> None:
        held = self._held[k]
        parameter = held.parameter
        for what, then in (("device", self.gradient.device), ("dtype", self.gradient.dtype), ("shape", held.shape)):
            now = getattr(parameter, what)
            if now != then:
                raise InputError(
                    _(
                        "parameter {held} has changed its {what} from {then} to {now} since the training began: "
                        "make a new Stepper after changing the network",
                        held=held.name,
                        what=what,
                        then=then,
                        now=now,
                    )
                )
        if self._flat is None:
            self.values[k] = parameter.data
        else:
            parameter.data = held.part(self._flat).copy_(parameter.data)


def flatten(network: nn.Module, without: Sequence[nn.Parameter] = ()) -> list[FlatGroup]:
    """The parameters of `network` that need gradients, `without` some, a group per dtype; a shared one is held once.

    Parameters and modules stay the objects they are; only the memory behind `data` and `grad` changes. Raises
    `InputError` where there is nothing to train, and for parameters on several devices or of complex numbers.
    """
    left_out = set(map(id, without))
    named = {
        name: p for name, p in network.named_parameters() if p.requires_grad and p.numel() and id(p) not in left_out
    }
    if not named:
        raise InputError(
            _("network is a {type} without a parameter that requires a gradient", type=type(network).__name__)
        )
    devices = sorted({str(parameter.device) for parameter in named.values()})
    if len(devices) > 1:
        raise InputError(
            _("network has parameters on {devices}: move it to one device first", devices=_(" and ").join(devices))
        )
    for name, parameter in named.items():
        if not parameter.is_floating_point():
            raise InputError(
                _(
                    "parameter {name} is of {dtype}: expected real floating-point numbers",
                    name=name,
                    dtype=parameter.dtype,
                )
            )
    dtypes = dict.fromkeys(parameter.dtype for parameter in named.values())
    # On a GPU cuDNN wants the weights of a recurrence side by side, in an order of its own.
    flat = devices == ["cpu"]
    return [FlatGroup({name: p for name, p in named.items() if p.dtype == dtype}, flat) for dtype in dtypes]
