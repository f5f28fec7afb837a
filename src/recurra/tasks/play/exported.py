"""An agent as graphs: what it sees in, what it does out; its memory is the state of the step model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.environments.making import World
from recurra.errors import InputError
from recurra.language import _
from recurra.tasks.play.model import AgentModel, Player
from recurra.tasks.play.normalising import FAR, Scale

_ROWS, _STEPS = 3, 12  # of the vectors


def exported(model: AgentModel) -> Exported:
    """The graphs of the agent that acts: the best of those that remember, with its best action.

    Raises InputError for actions that are neither one choice nor numbers.
    """
    if model.world.acted.groups is not None:
        raise InputError(
            _("an agent that makes several choices at once has no export: expected one choice, or numbers")
        )
    player = model.player(model.best, 1, drawn=False)
    whole, step = (_graph(player, model.world, whole=whole) for whole in (True, False))
    cases = tuple(_case(player, model.world, row, steps) for row, steps in enumerate((*[_STEPS] * (_ROWS - 1), 1)))
    first = cases[0]
    steps = tuple(
        Case({"seen": first.inputs["seen"][t]}, {name: np.atleast_1d(each[t]) for name, each in first.outputs.items()})
        for t in range(_STEPS)
    )
    return Exported("play", whole, step, _sidecar(model.world), cases, steps)


def _graph(player: Player, world: World, *, whole: bool) -> Graph:
    b, network, scale = Builder(), player.network, player.scale
    seen = b.input("seen", world.observed.width, at=b.axis("steps") if whole else "")
    x = b.clip(b.scale(seen, 1.0 / scale.spread, -scale.mean / scale.spread), -FAR, FAR)
    y, _number = add_layer(b, x, network.actor, False, 0)
    policy = b.linear(y, network.policy.weight, network.policy.bias)
    if world.acted.chosen:
        return b.finish(b.softmax(policy), b.argmax(policy), names=("probability", "action"))
    return b.finish(_limited(b, policy, world), names=("action",))


def _limited(b: Builder, means: Vector, world: World) -> Vector:
    """The numbers as the environment takes them: `Acted.given`, one number after the other."""
    low, high, middle, half = world.acted.limits
    within = b.scale(means, half, middle)
    parts = [b.clip(b.part(within, k, 1), low[k], high[k]) for k in range(within.width)]
    return b.join(parts)


def _case(player: Player, world: World, row: int, steps: int) -> Case:
    """Observations at random about as those of the training, and what the agent does."""
    scale: Scale = player.scale
    drawn = np.random.default_rng(row).normal(size=(steps, world.observed.width))
    seen = (scale.mean + scale.spread * drawn).astype(np.float32)
    with torch.no_grad():
        (policy, _values), _state = player.network(torch.from_numpy(scale(seen).astype(np.float32))[:, None])
    outputs: npt.NDArray[Any] = policy[:, 0].numpy()
    if world.acted.chosen:
        probability = policy[:, 0].softmax(-1).numpy()
        return Case({"seen": seen}, {"probability": probability, "action": outputs.argmax(axis=1)[:, None]})
    return Case({"seen": seen}, {"action": np.stack([world.acted.given(each).reshape(-1) for each in outputs])})


def _sidecar(world: World) -> dict[str, Any]:
    """What the graphs cannot say: what is seen and done."""
    parts = [{"kind": part.kind, "size": part.size, "first": part.start} for part in world.observed.parts]
    taken = {"kind": world.acted.kind, "size": world.acted.size}
    if world.acted.chosen:
        taken |= {"first": world.acted.start, "taken": "the action's number + first"}
    return {
        "task": "play",
        "environment": world.name,
        "seen": {"parts": parts, "written": "one after the other; a choice as a vector with one 1"},
        "action": taken,
        "episode": "a new one begins with the state at zero",
    }
