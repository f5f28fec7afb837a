"""A flow as plain numbers and back, for checkpoints and between processes."""

from __future__ import annotations

from typing import Any

import numpy as np

from recurra.inspect.flow import Flow, LayerFlow
from recurra.inspect.gates import GateUse


def plain_flow(flow: Flow) -> dict[str, Any]:
    """Lists and numbers only."""
    layers = [
        dict(
            layer=layer.layer,
            gradient=layer.gradient.tolist(),
            cell=None if layer.cell is None else layer.cell.tolist(),
            carried=layer.carried.tolist(),
            gates=[[use.name, use.low, use.high] for use in layer.gates],
            dead=layer.dead,
        )
        for layer in flow.layers
    ]
    return dict(step=flow.step, loss=flow.loss, layers=layers)


def flow_from_plain(plain: dict[str, Any]) -> Flow:
    """What `plain_flow` was given."""
    layers = tuple(
        LayerFlow(
            layer["layer"],
            np.array(layer["gradient"]),
            None if layer["cell"] is None else np.array(layer["cell"]),
            np.array(layer["carried"]),
            tuple(GateUse(*use) for use in layer["gates"]),
            layer["dead"],
        )
        for layer in plain["layers"]
    )
    return Flow(plain["step"], plain["loss"], layers)
