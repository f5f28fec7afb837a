"""The arguments of `NextEvent`: what is refused, and what follows from the events where nothing is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from recurra.data.events.log import EventLog
from recurra.data.events.reader import EventReader
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.nn.cell_layer import TRANSFORMER, options_of
from recurra.nn.next_event import NextEventOptions
from recurra.tasks.parameters import check_options, check_whole, chosen_options
from recurra.training import TrainingOptions
from recurra.training.progress import check_verbose
from recurra.training.run import pick_device

_FEW = 100  # items
_SAMPLED = 20_000  # items above which some are drawn in training


def check_arguments(estimator: Any) -> None:
    """Raise InputError for an argument of a `NextEvent` that cannot be."""
    options_of(estimator.cell)  # there is such a cell
    check_whole(estimator, members=1, seed=0, least=1)
    for name, known in (("seen", ("auto", "keep", "exclude")), ("split", ("time", "histories"))):
        value = getattr(estimator, name)
        if value not in known:
            raise InputError(
                _("{name} is {value!r}: expected one of {known}", name=name, value=value, known=listing(known))
            )
    check_verbose(estimator.verbose)
    pick_device(estimator.device)
    check_options("network", estimator.network, NextEventOptions)
    check_options("training", estimator.training, TrainingOptions)
    chosen_options(estimator.network, NextEventOptions()).check()


def refuse_numbers(names: tuple[str, ...], log: EventLog) -> None:
    """Raise InputError for numbers to predict that do not come with an event, or are words."""
    for name in names:
        if name not in log.context or log.context[name].dtype.kind != "f":
            raise InputError(
                _(
                    "numbers names {name!r}: expected numeric columns that come with an event, of {known}",
                    name=name,
                    known=listing(log.context) or _("which there is none"),
                )
            )


def default_network(reader: EventReader, cell: str) -> NextEventOptions:
    """Few items are seen often and need little noise; of very many some are drawn in training.

    A Transformer of about as many parameters as a GRU of 100 units has two blocks of 48.
    """
    items = len(reader.items)
    sizes = NextEventOptions(hidden=48, layers=2, recurrent_dropout=0.1) if cell == TRANSFORMER else NextEventOptions()
    if items <= _FEW:
        return replace(sizes, dropout=0.1)
    cold = reader.item_features.shape[1] > 0
    return replace(sizes, item_dropout=0.1 if cold else 0.0, negatives=2048 if items > _SAMPLED else 0)


def default_training(log: EventLog, reader: EventReader, cell: str) -> TrainingOptions:
    """Passes and batches by the number of histories; few items take larger steps."""
    histories = int((log.lengths > 1).sum())
    batch = int(np.clip(2 ** round(np.log2(max(histories, 1) / 500)), 16, 64))
    epochs = float(np.clip(800_000 / max(len(log), 1), 2, 30))
    rate = 1e-3 if cell == TRANSFORMER else 5e-3 if len(reader.items) <= _FEW else 3e-3
    return TrainingOptions(epochs=epochs, batch_size=batch, learning_rate=rate)
