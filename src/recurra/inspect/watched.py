"""What was seen of a training: the looks at its gradient, and the signs of the training itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recurra.errors import RecurraError
from recurra.inspect.diagnosis import Finding, TrainingSigns, diagnose
from recurra.inspect.flow import Flow, LayerFlow
from recurra.inspect.gates import GateUse
from recurra.inspect.memory import Memory

_SIGNS = ("losses", "norms", "moved", "steps")
_LONGEST = 300  # letters of an error's text


@dataclass(frozen=True, eq=False)
class Watched:
    """`flows` in the order of training, `signs` of all its steps.

    Where it stood: `steps` of the training, looks after `every` step that allows one, `logged` up to which step.
    `skipped` counts the looks that failed, by reason.
    """

    flows: tuple[Flow, ...] = ()
    signs: TrainingSigns = field(default_factory=TrainingSigns)
    steps: int = 0
    every: int = 1
    logged: int = -1
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def why_nothing(self) -> str:
        """Why there is no look at all: the most frequent reason; empty where there is a look, or none was tried."""
        return max(self.skipped, key=lambda reason: self.skipped[reason], default="") if not self.flows else ""

    def frame(self) -> pd.DataFrame:
        """A row per look, layer and step back: step, layer, back, gradient, cell, carried (see `gradient_flow`)."""
        columns = ["step", "layer", "back", "gradient", "cell", "carried"]
        frames = [flow.frame() for flow in self.flows]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    def memory(self) -> dict[str, Memory]:
        """The effective memory of each layer at the last look."""
        return {layer.layer: layer.memory for layer in self.flows[-1].layers} if self.flows else {}

    def diagnose(self) -> list[Finding]:
        """What is wrong, in words, with a cure; nothing where nothing is."""
        return diagnose(self.flows, self.signs)


def reason_of(error: Exception) -> str:
    """An error in a line: what the library says, or the kind of another's error and what it says."""
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, RecurraError) else type(error).__name__
    return ": ".join(part for part in (kind, text[:_LONGEST]) if part)


def to_bytes(watched: Watched) -> Tensor:
    """uint8 [n], for a checkpoint and for another process: a heading in JSON, then all numbers one after the other."""
    arrays = [getattr(watched.signs, name) for name in _SIGNS]
    heading = dict(
        signs=[len(array) for array in arrays],
        clip_norm=watched.signs.clip_norm,
        place=[watched.steps, watched.every, watched.logged],
        flows=[_plain(flow) for flow in watched.flows],
        skipped=dict(watched.skipped),
    )
    arrays += [array for flow in watched.flows for layer in flow.layers for array in _curves(layer)]
    numbers = np.concatenate([np.asarray(array, dtype=np.float64) for array in arrays])
    text = json.dumps(heading).encode()
    return torch.frombuffer(bytearray(len(text).to_bytes(8, "little") + text + numbers.tobytes()), dtype=torch.uint8)


def from_bytes(data: Tensor) -> Watched:
    """What `to_bytes` was given."""
    raw = data.numpy().tobytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    heading = json.loads(raw[8:begin])
    numbers = np.frombuffer(raw[begin:], dtype=np.float64)
    place = 0

    def take(length: int) -> npt.NDArray[np.float64]:
        nonlocal place
        place += length
        return numbers[place - length : place].copy()

    parts = {name: take(length) for name, length in zip(_SIGNS, heading["signs"], strict=True)}
    flows = tuple(_flow(flow, take) for flow in heading["flows"])
    signs = TrainingSigns(**parts, clip_norm=heading["clip_norm"])
    return Watched(flows, signs, *heading["place"], skipped=heading.get("skipped", {}))


def _curves(layer: LayerFlow) -> list[npt.NDArray[np.float64]]:
    return [layer.gradient, layer.carried, *([] if layer.cell is None else [layer.cell])]


def _plain(flow: Flow) -> dict[str, Any]:
    layers = [
        dict(
            layer=layer.layer,
            length=len(layer.gradient),
            cell=layer.cell is not None,
            gates=[asdict(use) for use in layer.gates],
            dead=layer.dead,
            reverse=layer.reverse,
            first_only=layer.first_only,
        )
        for layer in flow.layers
    ]
    return dict(step=flow.step, loss=flow.loss, left_out=flow.left_out, layers=layers)


def _flow(plain: dict[str, Any], take: Callable[[int], npt.NDArray[np.float64]]) -> Flow:
    layers = []
    for layer in plain["layers"]:
        length = layer.pop("length")
        gradient, carried = take(length), take(length)
        cell = take(length) if layer.pop("cell") else None
        gates = tuple(GateUse(**use) for use in layer.pop("gates"))
        layers.append(LayerFlow(gradient=gradient, carried=carried, cell=cell, gates=gates, **layer))
    return Flow(plain["step"], plain["loss"], tuple(layers), tuple(plain["left_out"]))
