"""How long a training is, as pages and the terminal say it."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.language import _, several
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
    if training.epochs is None:
        return Fact(
            "training", _("by steps, in batches of {batch_size}", batch_size=training.batch_size), option("epochs")
        )
    told = several(
        "{passes} pass in batches of {batch_size}",
        "{passes} passes in batches of {batch_size}",
        1 if training.epochs == 1 else 2,
        passes=f"{training.epochs:.3g}",
        batch_size=training.batch_size,
    )
    return Fact("training", told, option("epochs"))
