"""What a model of labelled sequences decided by itself, in words."""

from __future__ import annotations

from recurra.data.encoders.reader import TOKENS, Encoder
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, TextEncoder
from recurra.data.examples.inputs import Audio, Kind
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.ensemble.members import remarks_of
from recurra.nn.own import OwnNetwork
from recurra.nn.sequence import SequenceOptions
from recurra.options import option
from recurra.tasks.labelled.model import SequenceModel


def model_facts(model: SequenceModel) -> list[Fact]:
    """One line for each decision, and the flag that decides otherwise."""
    recipe, training = model.recipe, model.recipe.training
    kinds = model.reader.kinds
    facts = [Fact(f"input {name}", _reading(encoder, kinds[name])) for name, encoder in model.reader.encoders.items()]
    several = len(model.reader.sequences) > 1
    for name in model.reader.sequences:
        of = f" of {name}" if several else ""
        network = model.members[0].network
        own = isinstance(network, OwnNetwork)
        what = f"{network.name}, your own" if own else _network(recipe.cell, recipe.networks[name])
        facts.append(Fact(f"network{of}", f"{recipe.members} x {what}", option("cell")))
    passes = f"{training.epochs:.3g}" if training.epochs is not None else "by steps"
    facts.append(Fact("training", f"{passes} passes in batches of {training.batch_size}", option("epochs")))
    facts += model.objective.facts()
    blend = model.blend
    facts.append(
        Fact("confidence", f"the networks' outputs times {blend.network:.2f} (calibrated on held-out examples)")
    )
    if model.stacked is not None:
        facts.append(Fact("correction", f"plus {blend.stacked:.2f} times {model.stacked.name}"))
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]


def _reading(encoder: Encoder, kind: Kind) -> str:
    if isinstance(kind, Audio):
        return f"recordings at {kind.rate:,} Hz as {kind.bands} log-mel bands every {1000 * kind.hop:.3g} ms"
    if isinstance(encoder, TextEncoder):
        return f"text as {encoder.level}, {len(encoder.tokens):,} different ones"
    if isinstance(encoder, TOKENS):
        what = "events" if isinstance(encoder, EventEncoder) else "letters"
        return f"{len(encoder.tokens):,} different {what}"
    if isinstance(encoder, SeriesEncoder):
        more = ", with times" if encoder.pace is not None else ""
        return f"a series of {len(encoder.names):,} feature{'' if len(encoder.names) == 1 else 's'}{more}"
    if isinstance(encoder, ColumnEncoder):
        parts = [(len(encoder.numeric), "number", ""), (len(encoder.categories), "category", "categories")]
        return ", ".join(counted(count, noun, plural) for count, noun, plural in parts if count)
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
