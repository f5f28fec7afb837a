"""What a voice decided by itself, in words."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.speak.model import VoiceModel

_LEVELS = {
    "characters": mark("characters"),
    "pinyin": mark("initials and finals with their tones, by pypinyin"),
    "phones": mark("phones, by espeak-ng"),
}


def model_facts(model: VoiceModel) -> list[Fact]:
    """How it reads, hears and speaks, and what went wrong beside the training."""
    kind, network, rules = model.vocoder.kind, model.recipe.network, model.pronunciation
    heard = model.recipe.hearing
    told = _("{n} {level}", n=len(rules.names) - rules.pauses, level=_(_LEVELS[rules.level]))
    facts = [
        Fact("units", told, option("units")),
        Fact(
            "sound",
            _(
                "{n} log-mel bands every {hop:.3g} ms at {rate:,} Hz; back by {iterations} rounds of Griffin-Lim",
                n=kind.bands,
                hop=1000 * kind.hop,
                rate=kind.rate,
                iterations=model.vocoder.iterations,
            ),
            option("iterations"),
        ),
        Fact(
            "aligner",
            _(
                "CTC, {cell}, {layers} of {units} both ways; its spikes begin the segments",
                cell=model.recipe.cell,
                layers=count(heard.layers, "layer"),
                units=count(heard.hidden, "unit"),
            ),
        ),
        Fact(
            "network",
            _(
                "{cell} both ways: {read} over symbols, {sung} for the pitch, {layers} of {units} for the bands",
                cell=model.recipe.cell,
                read=count(network.encoder, "unit"),
                sung=count(network.melody, "unit"),
                layers=count(network.layers, "layer"),
                units=count(network.hidden, "unit"),
            ),
            option("cell"),
        ),
        *stopped(model.members, model.recipe.training.epochs),
    ]
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]
