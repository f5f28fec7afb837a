"""The graph of a recurrent layer, of a stack of them, and of a linear head behind."""

from __future__ import annotations

from typing import Any

from torch import nn

from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.cells import check_exportable
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.errors import InputError
from recurra.language import _
from recurra.nn.calls import layer_calls
from recurra.nn.forward import refuse_masks
from recurra.nn.layer import RecurrentLayer
from recurra.nn.stack import Stack


def graph_of(network: nn.Module, head: nn.Linear | None = None) -> Graph:
    """The graph of a layer or `Stack`, with a `torch.nn.Linear` behind it where `head` is given.

    Raises InputError for a module that is neither, one that drops in training mode, and a cell without an export.

    >>> import recurra as rc
    >>> graph = graph_of(rc.nn.LSTM(3, 5), nn.Linear(5, 1))
    >>> [state.name for state in graph.states], graph.outputs[0].width
    (['layer0_h', 'layer0_c'], 1)
    """
    builder = Builder()
    if isinstance(network, Stack):
        layers: Any = list(zip(network.layers, network.added, strict=True))
    elif isinstance(network, RecurrentLayer):
        layers = [(network, False)]
    else:
        raise InputError(
            f"the network is of type {type(network).__name__}: expected a recurrent layer of Recurra, or a Stack of "
            "them"
        )
    x = builder.input("x", layers[0][0].input_size)
    y, number = x, 0
    for layer, added in layers:
        y, number = add_layer(builder, y, layer, added, number)
    if head is not None:
        if not isinstance(head, nn.Linear) or head.in_features != y.width:
            raise InputError(f"head is {head!r}: expected a torch.nn.Linear of {y.width} features, or None")
        y = builder.linear(y, head.weight, head.bias)
    return builder.finish(y)


def add_layer(
    builder: Builder, x: Vector, layer: Any, added: bool, number: int, prefix: str = ""
) -> tuple[Vector, int]:
    """All layers of one module, the first numbered `number`: its outputs, and the next number."""
    if not isinstance(layer, RecurrentLayer):
        raise InputError(
            _(
                "a {kind} cannot be exported: expected a recurrent layer of Recurra, as in a model whose cell is one "
                "of recurra.cells.names()",
                kind=type(layer).__name__,
            )
        )
    check_exportable(layer.cell)
    refuse_masks(layer)
    y = x
    for calls in layer_calls(layer):
        names = [f"{prefix}layer{number}{'_reverse' if call.recurrence.reverse else ''}" for call in calls]
        outputs = [builder.recurrence(y, call, name) for call, name in zip(calls, names, strict=True)]
        y = outputs[0] if len(outputs) == 1 else builder.join(outputs)
        number += 1
    return (builder.add(y, x) if added else y), number
