"""Arguments of an estimator's constructor that cannot be used are refused when it is fitted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from recurra import cells
from recurra.errors import InputError
from recurra.nn.own import check_own
from recurra.nn.sequence import SequenceOptions
from recurra.tasks.parameters import check_options
from recurra.training import TrainingOptions
from recurra.training.progress import check_verbose
from recurra.training.run import pick_device

_LARGEST_SEED = 2**32 - 1


def check_settings(estimator: Any) -> None:
    """Raise `InputError` for the first argument of an estimator of labelled sequences that is none."""
    cells.get(estimator.cell)
    for name, value, least in (("members", estimator.members, 1), ("seed", estimator.seed, 0)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or not least <= value <= _LARGEST_SEED:
            raise InputError(f"{name} is {value!r}: expected a whole number of at least {least}")
    check_verbose(estimator.verbose)
    check_own(estimator.network, estimator.loss)
    pick_device(estimator.device)
    if estimator.empty not in ("refuse", "drop"):
        raise InputError(f"empty is {estimator.empty!r}: expected 'refuse' or 'drop'")
    if isinstance(estimator.optional, str) or not isinstance(estimator.optional, Collection):
        raise InputError(f"optional is {estimator.optional!r}: expected the names of inputs, such as ['title']")
    check_options("network", estimator.network, SequenceOptions, factory=True)
    check_options("training", estimator.training, TrainingOptions)
