"""Adam with decoupled weight decay, one fused call for all parameters of a dtype.

    m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
    w = w - rate * (decay w + (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps))

Kingma and Ba (2015), "Adam: a method for stochastic optimization"; Loshchilov and Hutter (2019), "Decoupled weight
decay regularization". Without decay it is plain Adam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from recurra.errors import InputError, ModelFileError
from recurra.language import _
from recurra.training.flat import FlatGroup


@dataclass(frozen=True)
class Adam:
    """The learning rate, the decay rates of the moments, what keeps the quotient finite, the decay of the weights."""

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise InputError(
                _("learning_rate is {learning_rate}: expected a number above 0", learning_rate=self.learning_rate)
            )
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise InputError(_("betas is {betas}: expected two numbers of at least 0 and below 1", betas=self.betas))
        for name in ("eps", "weight_decay"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise InputError(_("{name} is {value}: expected a number of at least 0", name=name, value=value))


def move(
    adam: Adam,
    learning_rate: float,
    values: list[Tensor],
    gradients: list[Tensor],
    first: list[Tensor],
    second: list[Tensor],
    steps: Tensor,
) -> None:
    """Step number `steps` of values and moments, in place, by one fused call."""
    # What torch.optim.AdamW(fused=True) calls; its own bookkeeping takes five times as long as the call itself.
    torch._fused_adamw_(  # pyright: ignore[reportPrivateImportUsage]  # the public class is what costs the time
        values,
        gradients,
        first,
        second,
        [],
        [steps] * len(values),
        lr=learning_rate,
        beta1=adam.betas[0],
        beta2=adam.betas[1],
        weight_decay=adam.weight_decay,
        eps=adam.eps,
        amsgrad=False,
        maximize=False,
    )


def take_back(own: dict[str, Tensor], saved: dict[str, Tensor]) -> None:
    """Copy saved tensors into an optimiser's own by name; `ModelFileError` where they are another's."""
    for name, tensor in own.items():
        found = saved.get(name)
        if found is None or found.shape != tensor.shape:
            raise ModelFileError(
                _(
                    "the optimiser's state {name!r} is {shape}: expected {expected}; it was saved for another "
                    "network or by another version, start again",
                    name=name,
                    shape=_("missing") if found is None else tuple(found.shape),
                    expected=tuple(tensor.shape),
                )
            )
        tensor.copy_(found)


class Moments:
    """The running moments m and v [n] of a group, and the steps t made."""

    def __init__(self, group: FlatGroup) -> None:
        self.group = group
        self.first, self.second = ([torch.zeros_like(g) for g in group.gradients] for _unused in range(2))
        self.steps = torch.zeros((), dtype=torch.float32, device=group.gradient.device)

    def step(self, adam: Adam, learning_rate: float) -> None:
        """Move the group's values against its gradient."""
        group = self.group
        self.steps += 1
        move(adam, learning_rate, group.values, group.gradients, self.first, self.second, self.steps)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a later run needs to go on, by name."""
        named = {f"first/{k}": m for k, m in enumerate(self.first)}
        named |= {f"second/{k}": v for k, v in enumerate(self.second)}
        return named | {"steps": self.steps}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to what `tensors` gave; `ModelFileError` where they belong to other parameters."""
        take_back(self.tensors(), tensors)
