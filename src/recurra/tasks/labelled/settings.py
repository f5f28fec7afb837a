"""Arguments of an estimator's constructor that cannot be used are refused when it is fitted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import options_of
from recurra.nn.own import check_own
from recurra.nn.sequence import SequenceOptions
from recurra.tasks.parameters import check_options, check_whole
from recurra.training import TrainingOptions
from recurra.training.progress import check_verbose
from recurra.training.run import pick_device


def check_settings(estimator: Any) -> None:
    """Raise `InputError` for the first argument of an estimator of labelled sequences that is none."""
    options_of(estimator.cell)
    check_whole(estimator, members=1, seed=0)
    check_verbose(estimator.verbose)
    check_own(estimator.network, estimator.loss)
    pick_device(estimator.device)
    if estimator.empty not in ("refuse", "drop"):
        raise InputError(_("empty is {empty!r}: expected 'refuse' or 'drop'", empty=estimator.empty))
    if isinstance(estimator.optional, str) or not isinstance(estimator.optional, Collection):
        raise InputError(
            _("optional is {optional!r}: expected the names of inputs, such as ['title']", optional=estimator.optional)
        )
    check_options("network", estimator.network, SequenceOptions, factory=True)
    check_options("training", estimator.training, TrainingOptions)
