"""How an agent learns: everything of proximal policy optimisation that changes the result."""

from __future__ import annotations

from dataclasses import dataclass

from recurra.errors import InputError
from recurra.language import _


@dataclass(frozen=True)
class Practice:
    """From so many steps in so many environments an agent learns `passes` times, in so many `parts` at a time.

    frames        steps of all environments together, in all
    environments  B, played side by side
    steps         T, of each environment between two rounds of learning
    passes        over what was played in them
    parts         into which the environments are divided in a pass
    discount      of what comes a step later
    trace         lambda of the generalised advantage estimation
    clip          how far a probability may move, relative to what it was
    entropy       the weight of the policy's entropy
    value         the weight of the critic's loss

    Source: Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation".
    """

    frames: int = 100_000
    environments: int = 16
    steps: int = 128
    passes: int = 10
    parts: int = 4
    discount: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    entropy: float = 0.005
    value: float = 0.5

    def __post_init__(self) -> None:
        for name in ("frames", "environments", "steps", "passes", "parts"):
            value = getattr(self, name)
            if isinstance(value, bool) or int(value) != value or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
            object.__setattr__(self, name, int(value))
        for name in ("discount", "trace"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise InputError(_("{name} is {value}: expected a number from 0 to 1", name=name, value=value))
        if self.parts > self.environments:
            raise InputError(
                _(
                    "parts is {parts}: expected at most {environments}, the number of environments",
                    parts=self.parts,
                    environments=self.environments,
                )
            )

    @property
    def rounds(self) -> int:
        """How often it plays and learns."""
        return -(-self.frames // (self.environments * self.steps))

    @property
    def updates(self) -> int:
        """Steps of the optimiser in a round."""
        return self.passes * self.parts

    def check(self) -> None:
        """Of a model file: made as checked above."""
