"""What a model of labelled sequences decided by itself, in words."""

from __future__ import annotations

from recurra.data.encoders.reader import TOKENS, Encoder
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, TextEncoder
from recurra.data.schema.facts import Fact
from recurra.nn.sequence import SequenceOptions
from recurra.options import option
from recurra.tasks.labelled.model import SequenceModel


def model_facts(model: SequenceModel) -> list[Fact]:
    """One line for each decision, and the flag that decides otherwise."""
    recipe, training = model.recipe, model.recipe.training
    facts = [Fact(f"input {name}", _reading(encoder)) for name, encoder in model.reader.encoders.items()]
    several = len(model.reader.sequences) > 1
    for name in model.reader.sequences:
        of = f" of {name}" if several else ""
        facts.append(
            Fact(f"network{of}", f"{recipe.members} x {_network(recipe.cell, recipe.networks[name])}", option("cell"))
        )
    passes = f"{training.epochs:.3g}" if training.epochs is not None else "by steps"
    facts.append(Fact("training", f"{passes} passes in batches of {training.batch_size}", option("epochs")))
    blend = model.blend
    facts.append(
        Fact("confidence", f"the networks' outputs times {blend.network:.2f} (calibrated on held-out examples)")
    )
    if model.stacked is not None:
        facts.append(Fact("correction", f"plus {blend.stacked:.2f} times {model.stacked.name}"))
    return facts


def _reading(encoder: Encoder) -> str:
    if isinstance(encoder, TextEncoder):
        return f"text as {encoder.level}, {len(encoder.tokens):,} different ones"
    if isinstance(encoder, TOKENS):
        what = "events" if isinstance(encoder, EventEncoder) else "letters"
        return f"{len(encoder.tokens):,} different {what}"
    if isinstance(encoder, SeriesEncoder):
        more = ", with times" if encoder.pace is not None else ""
        return f"a series of {len(encoder.names):,} feature{'' if len(encoder.names) == 1 else 's'}{more}"
    if isinstance(encoder, ColumnEncoder):
        return f"{len(encoder.numeric):,} numbers, {len(encoder.categories):,} categories"
    return "sounds" if encoder.shape is None else f"images of {encoder.shape[1]} x {encoder.shape[2]}"


def _network(cell: str, options: SequenceOptions) -> str:
    way = "both ways" if options.bidirectional else "one way"
    layers = f"{options.layers} layers" if options.layers > 1 else "1 layer"
    before = (
        f", a convolution over {' and '.join(map(str, options.convolution))} steps before it"
        if options.convolution
        else ""
    )
    before += f", {options.shrink} of which become one" if options.shrink > 1 else ""
    return f"{cell}, {layers} of {options.hidden} units {way}{before}"
