"""What a user gave an estimator, completed by defaults: options by name, networks by input, some rows of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.nn.sequence import SequenceOptions


def options_of(given: Any, default: Any) -> Any:
    """What was given, or the default with what was given of it."""
    if given is None or isinstance(given, Mapping):
        known = [field.name for field in fields(default)]
        wrong = next((name for name in given or () if name not in known), None)
        if wrong is not None:
            raise InputError(f"{wrong!r} is no option of {type(default).__name__}: expected some of {', '.join(known)}")
        return replace(default, **(given or {}))
    return given


def networks_of(given: Any, defaults: dict[str, SequenceOptions]) -> dict[str, SequenceOptions]:
    """The options by input: the same were given for all, or each of some inputs its own."""
    if not isinstance(given, Mapping) or not any(isinstance(v, SequenceOptions | Mapping) for v in given.values()):
        return {name: options_of(given, default) for name, default in defaults.items()}
    wrong = next((name for name in given if name not in defaults), None)
    if wrong is not None:
        raise InputError(f"network names {wrong!r}, which is no input: expected some of {', '.join(defaults)}")
    return {name: options_of(given.get(name), default) for name, default in defaults.items()}


def rows_of(y: Any, numbers: npt.NDArray[np.int64]) -> Any:
    """Some rows of the labels, whatever holds them."""
    if isinstance(y, pd.DataFrame | pd.Series):
        return y.iloc[numbers]
    return y[numbers] if isinstance(y, np.ndarray) else [y[k] for k in numbers]
