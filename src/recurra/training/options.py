"""How a network is trained: everything that changes the result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Literal

from recurra.errors import InputError
from recurra.language import _, listing

LEAST_STEPS, MOST_STEPS, PASSES = 300, 750, 6.0


@dataclass(frozen=True)
class TrainingOptions:
    """AdamW on shuffled batches, gradients clipped by norm, the weights of the best validation kept, or the last ones.

    `epochs` counts passes over all training windows; None takes six, but no fewer than 300 and no more than 750
    steps. With `early_stopping` the weights of the best validation are kept (the last where they are as good within
    5 %), and training stops after `patience` validations (of about 25 in a run) that were worse than that; without, it
    goes to its end, and the last weights are kept.
    `seconds` of processor time (two busy threads spend two a second) end each training in place of `epochs`; the
    learning rate then follows the time, and the result depends on how fast the machine is.
    """

    epochs: float | None = None
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    schedule: Literal["one-cycle", "plateau"] = "one-cycle"
    early_stopping: bool = True
    patience: int = 10
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.early_stopping, bool):
            raise InputError(
                _("early_stopping is {early_stopping!r}: expected True or False", early_stopping=self.early_stopping)
            )
        for name in ("batch_size", "patience"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
            object.__setattr__(self, name, int(value))
        for name in ("learning_rate", "clip_norm", "epochs", "seconds"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise InputError(_("{name} is {value}: expected a number above 0", name=name, value=value))
            if value is not None:
                object.__setattr__(self, name, float(value))
        if not (self.weight_decay >= 0 and math.isfinite(self.weight_decay)):
            raise InputError(
                _("weight_decay is {weight_decay}: expected a number of at least 0", weight_decay=self.weight_decay)
            )
        object.__setattr__(self, "weight_decay", float(self.weight_decay))
        for name, allowed in (("schedule", ("one-cycle", "plateau")), ("precision", ("auto", "float32", "bfloat16"))):
            if getattr(self, name) not in allowed:
                raise InputError(
                    _(
                        "{name} is {name2!r}: expected one of {allowed}",
                        name=name,
                        name2=getattr(self, name),
                        allowed=listing(allowed),
                    )
                )

    def part(self, share: float) -> TrainingOptions:
        """The same for a share of its time; steps are for the caller to count."""
        return self if self.seconds is None else replace(self, seconds=share * self.seconds)

    def steps(self, examples: int) -> int:
        """Optimiser steps for so many training examples."""
        per_epoch = examples / min(self.batch_size, examples)
        if self.epochs is not None:
            return max(1, math.ceil(self.epochs * per_epoch))
        return int(min(MOST_STEPS, max(LEAST_STEPS, PASSES * per_epoch)))
