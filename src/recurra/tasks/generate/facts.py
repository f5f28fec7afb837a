"""What was understood of a text and decided about its generator, one line each."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import count
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.options import option
from recurra.tasks.generate.kinds import KINDS, Kind
from recurra.tasks.generate.model import Recipe, TextModel
from recurra.tasks.generate.study import TextParts
from recurra.tasks.training_fact import training_fact


def text_facts(parts: TextParts, kind: Kind) -> list[Fact]:
    """How long the parts are."""
    learnt, judge = (counted(kind.count(text), kind.unit) for text in (parts.learnt, parts.judge))
    told = _("{size}, {m} different symbols", size=learnt, m=f"{len(set(parts.learnt)):,}")
    how = _("another file") if parts.given else _("the end of the text")
    return [
        Fact("learnt from", told),
        Fact("test part", _("{judge}, {how}", judge=judge, how=how), option("test" if parts.given else "share")),
    ]


def model_facts(model: TextModel) -> list[Fact]:
    """Symbols, network, training, mixture."""
    recipe, alphabet = model.recipe, model.alphabet
    network = recipe.network
    size = sum(parameter.numel() for parameter in model.network.parameters())
    facts = [
        Fact(
            "symbols",
            KINDS[model.kind].told(alphabet),
            option("level") if model.kind == "text" else "",
        ),
        Fact(
            "network",
            _(
                "{cell}, {layers} of {units}, {size:,} weights",
                cell=recipe.cell,
                layers=count(network.layers, "layer"),
                units=count(network.hidden, "unit"),
                size=size,
            ),
            option("cell"),
        ),
        _training(recipe),
        *stopped(model.members, recipe.training.epochs),
    ]
    blend = model.blend
    if blend.stacked:
        facts.append(
            Fact(
                "mixture",
                _(
                    "evaluated with the network's logits times {a:.2f} and those of {name} times "
                    "{b:.2f}; texts are written by the network alone",
                    a=blend.network,
                    name=method_name(model.corrector.name),
                    b=blend.stacked,
                ),
            )
        )
    if model.costs:
        told = _("{precision} while it writes", precision=model.precision)
        told += _("; nats per symbol more than float32 on held-out text: {costs}").format(
            costs=listing(f"{name} {cost:+.5f}" for name, cost in model.costs.items())
        )
        facts.append(Fact("weights", told, option("weights")))
    return [*facts, *(Fact("remark", remark) for remark in remarks_of(model.members))]


def _training(recipe: Recipe) -> Fact:
    training = recipe.training
    if training.seconds is not None:
        return training_fact(training)
    told = _(
        "{passes:g} passes, {lanes} lanes, windows of {window} steps, the state carried on",
        passes=training.epochs or 1.0,
        lanes=training.batch_size,
        window=recipe.window,
    )
    return Fact("training", told, option("epochs"))
