"""Networks of every kind that is exported, with numbers drawn at random."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

import recurra as rc
from recurra.nn import Regularisation, Stack

SIZES = st.sampled_from([1, 2, 5, 17])


@st.composite
def a_layer(draw: Any, features: int, *, both: bool, batch_first: bool = False) -> Any:
    """A layer of any cell and options; `both`: perhaps in two directions."""
    kind = draw(st.sampled_from(["RNN", "LSTM", "GRU", "MinGRU", "SLSTM"]))
    heads = draw(st.sampled_from([1, 2])) if kind == "SLSTM" else 1
    hidden = draw(SIZES) * heads
    options: dict[str, Any] = {"bias": draw(st.booleans()), "num_layers": draw(st.integers(1, 2))}
    options |= {"batch_first": batch_first, "bidirectional": both and draw(st.booleans())}
    match kind:
        case "RNN":
            options |= {"nonlinearity": draw(st.sampled_from(["tanh", "relu"])), "layer_norm": draw(st.booleans())}
        case "LSTM":
            options |= {"peepholes": draw(st.booleans()), "layer_norm": draw(st.booleans())}
            options["proj_size"] = draw(st.sampled_from([0, hidden // 2]))
        case "GRU":
            options["reset_after"] = draw(st.booleans())
            options["layer_norm"] = options["reset_after"] and draw(st.booleans())
        case "MinGRU":
            options["candidate"] = draw(st.sampled_from(["g", "identity"]))
        case _:
            options |= {"heads": heads, "forget": draw(st.sampled_from(["sigmoid", "exp"]))}
    if kind != "SLSTM" and draw(st.booleans()):
        options["regularisation"] = Regularisation(zoneout=0.25)
    layer = getattr(rc.nn, kind)(features, hidden, **options).eval()
    return drawn(layer)


@st.composite
def a_network(draw: Any, *, both: bool = False, batch_first: bool = False) -> tuple[nn.Module, nn.Linear | None, int]:
    """A layer or a stack of two, perhaps with a head; and the number of features."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    features = draw(SIZES)
    network = draw(a_layer(features, both=both, batch_first=batch_first))
    width = network.width * network.directions
    if draw(st.booleans()):
        above = draw(a_layer(width, both=both, batch_first=batch_first))
        same = above.width * above.directions == width
        network = Stack([network, above], residual=same and draw(st.booleans()))
        width = above.width * above.directions
    head = drawn(nn.Linear(width, draw(SIZES), bias=draw(st.booleans()))) if draw(st.booleans()) else None
    return network, head, features


def drawn(module: Any) -> Any:
    """The module with weights of which every one counts."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.uniform_(-0.5, 0.5)
            if "weight_norm" in name:
                parameter.add_(1.0)
    return module
