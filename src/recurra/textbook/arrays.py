"""Arrays of float64 that are checked on the way in and cannot be written to afterwards, and the logistic sigmoid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError

Array = npt.NDArray[np.float64]


def as_array(name: str, value: npt.ArrayLike, *sizes: int | str) -> Array:
    """A read-only copy of `value` as float64, of the given shape; a size that is a word may be any number from 1.

    Errors: InputError for what is not a finite number, or is of another shape.

    >>> as_array("W_hh", [[0.8]], 1, 1)
    array([[0.8]])
    """
    wanted = f"[{', '.join(map(str, sizes))}]"
    array = _as_floats(name, value, wanted)
    fits = array.ndim == len(sizes) and all(
        has >= 1 if isinstance(size, str) else has == size for has, size in zip(array.shape, sizes, strict=True)
    )
    if not fits:
        raise InputError(f"{name} has shape {list(array.shape)}: expected {wanted}; reshape it or the parameters")
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds {array[~np.isfinite(array)][0]}: expected finite numbers; fill or drop them")
    array.flags.writeable = False
    return array


def as_sequence(name: str, value: npt.ArrayLike, width: int, steps: int | None = None) -> Array:
    """A sequence as float64 [T, width]; a flat list of T numbers is taken where the width is 1.

    Errors: InputError for another width or number of steps, for no step at all, and for what is not finite.

    >>> as_sequence("x", [0.5, -0.3, 0.8], 1).shape
    (3, 1)
    """
    array = _as_floats(name, value, f"[T, {width}]")
    if array.ndim == 1 and width == 1:
        array = array[:, np.newaxis]
    return as_array(name, array, "T" if steps is None else steps, width)


def _as_floats(name: str, value: npt.ArrayLike, wanted: str) -> Array:
    try:
        if np.iscomplexobj(value):
            raise TypeError
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {value!r}: expected real numbers of shape {wanted}") from error


def as_count(name: str, value: object, *, least: int) -> int:
    """A whole number of at least `least`.

    Errors: InputError for anything else.

    >>> as_count("units", 3, least=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} is {value!r}: expected a whole number from {least}")
    return int(value)


def as_gated(gates: int, arrays: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    """weight_ih [G*H, F], weight_hh [G*H, H], bias_ih and bias_hh [G*H] of a cell with G `gates`, as torch stacks them.

    Errors: InputError as `as_array`.
    """
    weight_hh = as_array("weight_hh", arrays["weight_hh"], f"{gates}H", "H")
    rows, units = gates * weight_hh.shape[1], weight_hh.shape[1]
    shapes = {"weight_ih": (rows, "F"), "weight_hh": (rows, units), "bias_ih": (rows,), "bias_hh": (rows,)}
    return {name: as_array(name, arrays[name], *shape) for name, shape in shapes.items()}


def zeros(count: int, *shape: int) -> tuple[Array, ...]:
    """So many arrays of zeros of one shape, to be filled step by step."""
    return tuple(np.zeros((count, *shape)))


def sigmoid(x: Array) -> Array:
    """The logistic function 1 / (1 + exp(-x)), written so that no exp overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return 0.5 * (1.0 + np.tanh(0.5 * x))
