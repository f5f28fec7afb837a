"""What a model of labelled sequences decided by itself, in words."""

from __future__ import annotations

from recurra.data.encoders.reader import TOKENS, Encoder
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, TextEncoder
from recurra.data.examples.declaring import STATIC
from recurra.data.examples.inputs import Audio, Kind
from recurra.data.schema.facts import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count, joined
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.nn.own import OwnNetwork
from recurra.nn.sequence import SequenceOptions
from recurra.options import option
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.training_fact import training_fact


def model_facts(model: SequenceModel) -> list[Fact]:
    """One line for each decision, and the flag that decides otherwise."""
    recipe, training = model.recipe, model.recipe.training
    kinds = model.reader.kinds
    facts = [
        Fact(_("input {name}", name=_(name) if name == STATIC else name), _reading(encoder, kinds[name]))
        for name, encoder in model.reader.encoders.items()
    ]
    several = len(model.reader.sequences) > 1
    for name in model.reader.sequences:
        network = model.members[0].network
        own = isinstance(network, OwnNetwork)
        what = _("{name}, your own", name=network.name) if own else _network(recipe.cell, recipe.networks[name])
        facts.append(
            Fact(
                _("network of {name}", name=name) if several else "network",
                f"{recipe.members} x {what}",
                option("cell"),
            )
        )
    facts += [training_fact(training), *stopped(model.members, training.epochs)]
    facts += model.objective.facts()
    blend = model.blend
    facts.append(
        Fact(
            "confidence",
            _("the networks' outputs times {network:.2f} (calibrated on held-out examples)", network=blend.network),
        )
    )
    if model.stacked is not None:
        name = method_name(model.stacked.name)
        facts.append(Fact("correction", _("plus {stacked:.2f} times {name}", stacked=blend.stacked, name=name)))
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]


def _reading(encoder: Encoder, kind: Kind) -> str:
    if isinstance(kind, Audio):
        return _(
            "recordings at {rate:,} Hz as {bands} log-mel bands every {hop:.3g} ms",
            rate=kind.rate,
            bands=kind.bands,
            hop=1000 * kind.hop,
        )
    if isinstance(encoder, TextEncoder):
        return _("text as {level}, {n:,} different ones", level=_(encoder.level), n=len(encoder.tokens))
    if isinstance(encoder, TOKENS):
        number = len(encoder.tokens)
        if isinstance(encoder, EventEncoder):
            return _("{n:,} different events", n=number)
        return _("{n:,} different letters", n=number)
    if isinstance(encoder, SeriesEncoder):
        features = count(len(encoder.names), "feature")
        if encoder.pace is not None:
            return _("a series of {features}, with times", features=features)
        return _("a series of {features}", features=features)
    if isinstance(encoder, ColumnEncoder):
        parts = [(len(encoder.numeric), "number", ""), (len(encoder.categories), "category", "categories")]
        return listing(count(number, noun, plural or None) for number, noun, plural in parts if number)
    if encoder.shape is None:
        return _("sounds")
    return _("images of {height} x {width}", height=encoder.shape[1], width=encoder.shape[2])


def _network(cell: str, options: SequenceOptions) -> str:
    layers = count(options.layers, "layer")
    parts = {"cell": cell, "layers": layers, "units": count(options.hidden, "unit")}
    if options.bidirectional:
        told = _("{cell}, {layers} of {units} both ways", **parts)
    else:
        told = _("{cell}, {layers} of {units} one way", **parts)
    if options.convolution:
        steps = joined(map(str, options.convolution))
        told += _(", a convolution over {steps} steps before it", steps=steps)
    if options.shrink > 1:
        told += _(", {n} of which become one", n=options.shrink)
    return told
