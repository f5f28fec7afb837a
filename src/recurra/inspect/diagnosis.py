"""What is wrong with a recurrent network that is being trained, in words, and what helps.

Every sign has one threshold, below. The signs come from the last looks (`Flow`), or from the training itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from recurra.formatting import percent
from recurra.inspect.flow import Flow, LayerFlow
from recurra.inspect.memory import GROWN, LEFT
from recurra.language import _, listing, several

Kind = Literal["vanishing", "exploding", "saturated", "dead units", "learning rate", "one-step direction", "not finite"]

LATEST = 5  # looks that count together
SHORT = 0.25  # vanishing: the memory spans less than this share of the sequence
SATURATED = 0.5  # of the values of all gates, an open gate that keeps the memory left out
DEAD = 1 / 3  # of the units
WORSE = 3.0  # the loss, against the one it began with
LEAPING = 0.2  # of a matrix, moved by one step
_SMOOTH = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what it is, in which layer (empty: everywhere), a sentence, and what helps."""

    kind: Kind
    layer: str
    sentence: str
    cure: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.cure}"


def _nothing() -> npt.NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class TrainingSigns:
    """Training losses and norms of all gradients together by step, and how far single steps moved the weights.

    `steps` are those of the losses, where they are not every one from 1 on.
    """

    losses: npt.NDArray[np.float64] = field(default_factory=_nothing)
    norms: npt.NDArray[np.float64] = field(default_factory=_nothing)
    moved: npt.NDArray[np.float64] = field(default_factory=_nothing)
    clip_norm: float | None = None
    steps: npt.NDArray[np.float64] = field(default_factory=_nothing)

    def step(self, k: int) -> int:
        """The training step, from 1 on, of the loss k."""
        return int(self.steps[k]) if len(self.steps) else k + 1


def diagnose(flows: Sequence[Flow], signs: TrainingSigns | None = None) -> list[Finding]:
    """The findings, the gravest first; none where all is well.

    >>> diagnose([])
    []
    """
    signs = signs or TrainingSigns()
    latest: dict[str, list[LayerFlow]] = {}
    for flow in [flow for flow in flows if np.isfinite(flow.loss)][-LATEST:]:
        for layer in flow.layers:
            latest.setdefault(layer.layer, []).append(layer)
    found = [_learning_rate(signs)]
    for name, layers in latest.items():
        saturated, dead = _saturated(name, layers), _dead(name, layers)
        found += [_exploding(name, layers, signs), saturated, dead]
        one_step = _one_step(name, layers)
        found.append(one_step or _vanishing(name, layers, cause=saturated or dead))
    return [finding for finding in found if finding is not None]


def _exploding(name: str, layers: list[LayerFlow], signs: TrainingSigns) -> Finding | None:
    memories = sorted((layer.memory for layer in layers), key=lambda memory: memory.growth)
    typical = memories[(len(memories) - 1) // 2]
    growth = typical.growth
    if not growth >= GROWN:
        return None
    grown = _("{peak} steps back it is {growth:,.3g} times as large as at the end", peak=typical.peak, growth=growth)
    sentence = _(
        "{name}: the gradient explodes: {grown}.",
        name=name,
        grown=grown if np.isfinite(growth) else _("it is no longer finite"),
    )
    if signs.clip_norm is not None and len(signs.norms):
        clipped = float(np.mean(~(signs.norms <= signs.clip_norm)))
        return Finding(
            "exploding",
            name,
            _(
                "{sentence} Clipping at {clip_norm:g} limited {clipped} of the steps.",
                sentence=sentence,
                clip_norm=signs.clip_norm,
                clipped=percent(clipped, 0),
            ),
            _(
                "Keep the clipping; lower the learning rate, start from smaller recurrent weights "
                "(orthogonal), or take an LSTM or GRU."
            ),
        )
    return Finding(
        "exploding",
        name,
        sentence,
        _(
            "Clip the gradient's norm (torch.nn.utils.clip_grad_norm_(parameters, 1.0)); start from "
            "smaller recurrent weights (orthogonal), or take an LSTM or GRU."
        ),
    )


def _vanishing(name: str, layers: list[LayerFlow], cause: Finding | None) -> Finding | None:
    memories = [layer.memory for layer in layers]
    steps, length = (int(np.median([getattr(m, part) for m in memories])) for part in ("steps", "length"))
    if all(memory.whole for memory in memories) or steps >= SHORT * length:
        return None
    cure = (
        _("The cause is given above: fix it first.")
        if cause
        else _(
            "If what matters lies further back: take an LSTM or GRU, start with open forget gates "
            "(forget bias 1 or more; U orthogonal in a plain RNN), or bring it nearer (fewer, longer "
            "steps)."
        )
    )
    return Finding(
        "vanishing",
        name,
        _(
            "{name}: the gradient vanishes from {steps} on: {left} of what is carried back stays "
            "nearer, and the sequences have {length} steps.",
            name=name,
            steps=several("{n} step", "{n} steps", max(steps, 1)),
            left=percent(1 - LEFT, 0),
            length=length,
        ),
        cure,
    )


def _saturated(name: str, layers: list[LayerFlow]) -> Finding | None:
    uses = {use.name: [u for layer in layers for u in layer.gates if u.name == use.name] for use in layers[-1].gates}
    shares = {gate: float(np.mean([use.saturated for use in found])) for gate, found in uses.items()}
    if not shares or np.mean(list(shares.values())) <= SATURATED:
        return None
    what = listing(_("{share} of {gate}", share=percent(share, 0), gate=gate) for gate, share in shares.items())
    return Finding(
        "saturated",
        name,
        _(
            "{name}: gates or units are saturated ({what}), where their slope is next to nothing and "
            "they hardly learn.",
            name=name,
            what=what,
        ),
        _(
            "Bring the inputs to about unit size, lower the learning rate, start from smaller "
            "weights, or use layer_norm."
        ),
    )


def _dead(name: str, layers: list[LayerFlow]) -> Finding | None:
    dead = min(layer.dead for layer in layers)
    if dead < DEAD:
        return None
    return Finding(
        "dead units",
        name,
        _(
            "{name}: {dead} of the ReLU units are dead: 0 at every step of every row, so that they get no gradient.",
            name=name,
            dead=percent(dead, 0),
        ),
        _("Lower the learning rate, start the biases at 0 or above, or take tanh."),
    )


def _one_step(name: str, layers: list[LayerFlow]) -> Finding | None:
    """A direction whose outputs are read where it has seen a single step only."""
    if not all(layer.reverse and layer.first_only for layer in layers):
        return None
    return Finding(
        "one-step direction",
        name,
        _(
            "{name}: the loss reads this direction at the last step of the sequence, which is its "
            "first: it has seen one step there, and nothing is learnt from the others.",
            name=name,
        ),
        _("Take its last state (the second result of the layer), or its output at step 0."),
    )


def _learning_rate(signs: TrainingSigns) -> Finding | None:
    cure = _("Divide it by 3 to 10, warm it up, or clip the gradient's norm.")
    losses = signs.losses
    broken = np.flatnonzero(~np.isfinite(losses))
    if len(broken) and signs.step(int(broken[0])) <= (0 if len(signs.steps) else 1):
        return Finding(
            "not finite",
            "",
            _("The loss was {loss} before anything was learnt.", loss=losses[broken[0]]),
            _(
                "Look for NaN and infinite values in the inputs and targets, and for log, sqrt and "
                "divisions in the loss."
            ),
        )
    if len(broken):
        step = signs.step(int(broken[0]))
        what = _(
            "The learning rate is too high: the loss was {loss} at step {step}.", loss=losses[broken[0]], step=step
        )
        return Finding("learning rate", "", what, cure)
    if len(losses) >= 2 * _SMOOTH:
        windows = np.lib.stride_tricks.sliding_window_view(losses[1:], _SMOOTH)
        smooth = np.median(windows, axis=1)
        at = int(smooth.argmax())
        if smooth[at] > WORSE * losses[0] > 0:
            what = _(
                "The learning rate is too high: the loss rose to {ratio:.3g} times its first value by step {step}.",
                ratio=smooth[at] / losses[0],
                step=signs.step(at + 1 + _SMOOTH // 2),
            )
            return Finding("learning rate", "", what, cure)
    if len(signs.moved) and (moved := float(np.median(signs.moved[-LATEST:]))) > LEAPING:
        what = _(
            "The learning rate is too high: a single step moves a recurrent matrix by {moved} of its size.",
            moved=percent(moved, 0),
        )
        return Finding("learning rate", "", what, cure)
    return None
