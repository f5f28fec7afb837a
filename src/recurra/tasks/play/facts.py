"""What an agent and its environment are, in words."""

from __future__ import annotations

from recurra.data.schema.facts import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.environments.making import World
from recurra.environments.spaces import CHOICE, Acted, Part
from recurra.formatting import count, style_of_sizes
from recurra.language import _, listing
from recurra.options import option
from recurra.tasks.play.model import AgentModel


def world_facts(world: World) -> list[Fact]:
    """What is seen and done in an environment."""
    parts = [_part(part) for part in world.observed.parts[:4]]
    more = len(world.observed.parts) - len(parts)
    seen = listing([*parts, *([_("and {more} more", more=more)] if more else [])])
    return [
        Fact(_("environment"), world.name),
        Fact(_("observation"), seen),
        Fact(_("action"), _done(world.acted)),
    ]


def model_facts(model: AgentModel) -> list[Fact]:
    """One line for each decision, and the option that decides otherwise."""
    recipe, practice = model.recipe, model.recipe.practice
    network = _(
        "{members} x {cell} of {units}, and as many of the same size without memory",
        members=count(recipe.members, "agent"),
        cell=recipe.cell,
        units=count(recipe.network.hidden, "unit"),
    )
    trained = _(
        "{frames:,} frames of each, {steps} steps of {environments} environments at a time",
        frames=practice.rounds * practice.environments * practice.steps,
        steps=practice.steps,
        environments=practice.environments,
    )
    way = model.ways[model.best]
    acts = _("its likeliest action") if not way.drawn else _("an action drawn by its probability")
    validated = float("nan") if way.validated is None else way.validated
    style = style_of_sizes([validated])
    best = _(
        "agent {number}, return {value} in validation; it takes {acts}",
        number=model.best + 1,
        value=style.text(validated),
        acts=acts,
    )
    return [
        Fact(_("network"), network, option("cell")),
        Fact(_("training"), trained, option("frames")),
        *stopped(model.members, None),
        Fact(_("the agent that acts"), best),
        *(Fact("remark", remark) for remark in remarks_of(model.members)),
    ]


def _part(part: Part) -> str:
    if part.kind == CHOICE:
        return _("one of {choices}", choices=part.size)
    return count(part.size, "number")


def _done(acted: Acted) -> str:
    if acted.groups is not None:
        sizes = sorted(set(acted.groups))
        among = _("{least} to {most}", least=sizes[0], most=sizes[-1]) if len(sizes) > 1 else str(sizes[0])
        return _("{n}, each one of {among}", n=count(len(acted.groups), "choice"), among=among)
    if acted.chosen:
        return _("one of {choices}", choices=acted.size)
    ends = {"" if None in pair else "{:g} to {:g}".format(*pair) for pair in zip(acted.low, acted.high, strict=True)}
    told = count(acted.size, "number")
    return f"{told}, {next(iter(ends))}" if len(ends) == 1 and ends != {""} else told
