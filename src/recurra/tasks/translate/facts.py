"""What a translator decided by itself, in words."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count
from recurra.language import _, mark
from recurra.nn.cell_layer import TRANSFORMER
from recurra.options import option
from recurra.tasks.training_fact import training_fact
from recurra.tasks.translate.model import TranslationModel

_FORMS = {"multiplicative": mark("multiplicative"), "additive": mark("additive")}


def model_facts(model: TranslationModel) -> list[Fact]:
    """One line for each decision, and the option that decides otherwise."""
    recipe, network, training = model.recipe, model.recipe.network, model.recipe.training
    if model.source is None:
        words = _("{n:,} sub-words for both sides", n=len(model.target.tokens))
    else:
        words = _(
            "{source:,} sub-words of the source, {target:,} of the target",
            source=len(model.source.tokens),
            target=len(model.target.tokens),
        )
    if recipe.cell == TRANSFORMER:
        told = _(
            "{members} x Transformer, {layers} of {width} each",
            members=recipe.members,
            layers=count(network.layers, "layer"),
            width=network.embedding,
        )
    else:
        told = _(
            "{members} x {cell}: encoder {layers} of {units} both ways, {form} attention, decoder of {wide}",
            members=recipe.members,
            cell=recipe.cell,
            layers=count(network.layers, "layer"),
            units=count(network.hidden, "unit"),
            form=_(_FORMS[network.attention]),
            wide=count(2 * network.hidden, "unit"),
        )
    return [
        Fact("vocabulary", words, option("vocabulary")),
        Fact("network", told, option("cell")),
        training_fact(training),
        *stopped(model.members, training.epochs),
        Fact(
            "search",
            _(
                "a beam of {beam}, length penalty {penalty:g}, no run of four tokens twice",
                beam=model.search.beam,
                penalty=model.search.penalty,
            ),
            option("beam"),
        ),
        *(Fact("remark", remark) for remark in remarks_of(model.members)),
    ]
