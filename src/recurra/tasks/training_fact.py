"""How long a training is, as pages and the terminal say it."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.language import _
from recurra.options import option
from recurra.training import TrainingOptions


def training_fact(training: TrainingOptions) -> Fact:
    """Passes or seconds, and the size of batches."""
    if training.seconds is not None:
        told = _(
            "{seconds:g} s of the processor, in batches of {batch_size}",
            seconds=training.seconds,
            batch_size=training.batch_size,
        )
        return Fact("training", told, option("seconds"))
    passes = f"{training.epochs:.3g}" if training.epochs is not None else _("by steps")
    told = _("{passes} passes in batches of {batch_size}", passes=passes, batch_size=training.batch_size)
    return Fact("training", told, option("epochs"))
