"""What was seen of a training: the looks at its gradient, and the signs of the training itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recurra.inspect.diagnosis import Finding, TrainingSigns, diagnose
from recurra.inspect.flow import Flow, LayerFlow
from recurra.inspect.gates import GateUse
from recurra.inspect.memory import Memory

_SIGNS = ("losses", "norms", "moved")


@dataclass(frozen=True, eq=False)
class Watched:
    """`flows` in the order of training, `signs` of all its steps."""

    flows: tuple[Flow, ...] = ()
    signs: TrainingSigns = field(default_factory=TrainingSigns)

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


def to_bytes(watched: Watched) -> Tensor:
    """uint8 [n], for a checkpoint and for another process."""
    signs: dict[str, Any] = {name: getattr(watched.signs, name).tolist() for name in _SIGNS}
    plain = dict(signs, clip_norm=watched.signs.clip_norm, flows=[_plain(flow) for flow in watched.flows])
    return torch.frombuffer(bytearray(json.dumps(plain).encode()), dtype=torch.uint8)


def from_bytes(data: Tensor) -> Watched:
    """What `to_bytes` was given."""
    plain = json.loads(data.numpy().tobytes())
    arrays = {name: np.array(plain[name], dtype=np.float64) for name in _SIGNS}
    signs = TrainingSigns(**arrays, clip_norm=plain["clip_norm"])
    return Watched(tuple(_flow(flow) for flow in plain["flows"]), signs)


def _plain(flow: Flow) -> dict[str, Any]:
    layers = [
        asdict(layer)
        | dict(
            gradient=layer.gradient.tolist(),
            cell=None if layer.cell is None else layer.cell.tolist(),
            carried=layer.carried.tolist(),
        )
        for layer in flow.layers
    ]
    return dict(step=flow.step, loss=flow.loss, layers=layers)


def _flow(plain: dict[str, Any]) -> Flow:
    layers = tuple(
        LayerFlow(
            layer=layer["layer"],
            gradient=np.array(layer["gradient"]),
            cell=None if layer["cell"] is None else np.array(layer["cell"]),
            carried=np.array(layer["carried"]),
            gates=tuple(GateUse(**use) for use in layer["gates"]),
            dead=layer["dead"],
        )
        for layer in plain["layers"]
    )
    return Flow(plain["step"], plain["loss"], layers)
