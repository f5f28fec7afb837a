"""What the parts of a model file demand of themselves when they come out of one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError

LARGEST = 1 << 20  # of a number of steps or units


def require(fits: bool, complaint: str) -> None:
    """Raise `InputError` with the complaint where something does not fit."""
    if not fits:
        raise InputError(complaint)


def require_sizes(owner: object, *names: str, least: int = 1, most: int = LARGEST) -> None:
    """Require whole numbers from `least` to `most` of these attributes."""
    for name in names:
        value = getattr(owner, name)
        require(least <= value <= most, f"{name} is {value}: expected a whole number from {least} to {most:,}")


def require_floats(name: str, array: npt.NDArray, shape: tuple[int, ...], *, above: float | None = None) -> None:
    """Require finite floats of a shape, all above a number where one is given."""
    fits = array.shape == shape and array.dtype.kind == "f" and bool(np.isfinite(array).all())
    require(fits, f"{name} is of shape {array.shape} and {array.dtype}, or not finite: expected floats of {shape}")
    require(above is None or bool((array > above).all()), f"{name} is not above {above}")


def check_standardising(mean: npt.NDArray, scale: npt.NDArray) -> None:
    """Require a scale for every mean [D]."""
    require(mean.ndim == 1 and mean.shape == scale.shape, "there are other means than scales")
