"""All that a user can set about the learning of series."""

from __future__ import annotations

from dataclasses import dataclass

from recurra.nn.density import DensityOptions
from recurra.training import TrainingOptions

METHODS = ("likelihood", "gan")


@dataclass(frozen=True)
class Recipe:
    """`method` is the one whose network a model has; `whole`: series are generated and evaluated from their start."""

    cell: str
    network: DensityOptions
    window: int
    training: TrainingOptions
    seed: int
    method: str = "likelihood"
    whole: bool = False
