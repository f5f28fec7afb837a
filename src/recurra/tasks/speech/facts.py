"""What a transcriber decided by itself, in words."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count, percent
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.speech.model import TranscriptionModel
from recurra.tasks.speech.streaming import delay_of

_LEVELS = {"characters": mark("characters"), "subwords": mark("sub-words"), "phones": mark("phones")}
_NORMALISED = {
    "speaker": mark("of each speaker"),
    "utterance": mark("of each recording"),
    "corpus": mark("of all recordings that were learnt from"),
}


def model_facts(model: TranscriptionModel) -> list[Fact]:
    """How it hears, what it says, how its words are searched, and what went wrong beside the training."""
    reader, kind, network = model.reader, model.reader.kind, model.recipe.network
    told = _("{n} features a frame", n=len(reader.mean))
    if kind is not None:
        told = _(
            "{n} {what} every {hop:.3g} ms at {rate:,} Hz",
            n=len(reader.mean),
            what=_("cepstra") if reader.options.cepstra else _("log-mel bands"),
            hop=1000 * kind.hop,
            rate=kind.rate,
        )
    told += _(", mean and spread {whose} taken off", whose=_(_NORMALISED[reader.options.normalise]))
    if reader.options.deltas:
        told += _(", with their differences")
    told += _("; {n} frames are a step", n=reader.options.stack)
    ways = _("both ways") if network.bidirectional else _("one way")
    layers = count(network.layers, "layer")
    facts = [
        Fact("features", told, option("features")),
        Fact(
            "units",
            _("{n:,} {level}", n=len(model.spelling.names) - 1, level=_(_LEVELS[model.spelling.level])),
            option("units"),
        ),
        Fact(
            "network",
            _(
                "{cell}, {layers} of {units} {ways}",
                cell=model.recipe.cell,
                layers=layers,
                units=count(network.hidden, "unit"),
                ways=ways,
            ),
            option("cell"),
        ),
    ]
    facts += stopped(model.members, model.recipe.training.epochs)
    if not network.bidirectional:
        facts.append(Fact("delay", _("{delay:.2f} seconds", delay=delay_of(reader, network.ahead)), option("delay")))
    facts.append(Fact("search", _search(model), option("beam")))
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]


def _search(model: TranscriptionModel) -> str:
    if model.attends:
        share = model.recipe.network.ctc
        return _(
            "an attention decoder, a beam of {n}, {other} of the score its own and {share} CTC's",
            n=max(1, model.beam.width),
            other=percent(1 - share, 0),
            share=percent(share, 0),
        )
    if not model.beam.width:
        return _("the likeliest unit of every step")
    told = _("a beam of {n}", n=model.beam.width)
    told += (
        _(", {n:,} words of the lexicon", n=len(model.words))
        if model.words
        else _(", any words, since texts have new ones")
    )
    if model.language is not None:
        told += _(
            ", a language model of {order} words (weight {weight:g}, {bonus:g} a word)",
            order=model.language.order,
            weight=model.beam.weight,
            bonus=model.beam.bonus,
        )
    return told
