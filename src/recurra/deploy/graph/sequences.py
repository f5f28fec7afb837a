"""The network of labelled sequences as operations: `nn.sequence`, along an axis or, at "", one step of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from recurra.deploy.graph.builder import Builder, numbers
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Vector
from recurra.errors import InputError
from recurra.nn.front_ends import ColumnFrontEnd, TokenFrontEnd
from recurra.nn.pooling import Pooling
from recurra.nn.sequence import SequenceNetwork


def outputs_of(
    builder: Builder, network: SequenceNetwork, inputs: Mapping[str, tuple[Vector, Vector | None]], prefix: str
) -> Vector:
    """Logits or numbers: of the row, or of each step.

    `inputs` are tokens, or numbers as the network reads them, and beside columns the codes of their categories; of an
    input that may be missing the flag NAME/there, 1 where it is there.
    """
    b, found = builder, []
    for k, (name, absent) in enumerate(zip(network.names, network.absent, strict=True)):
        branch: Any = network.branches[k]
        values, codes = inputs[name]
        front = branch.front
        if isinstance(front, TokenFrontEnd):
            y = _branch(b, branch, b.lookup(values, _known_rows(front)), f"{prefix}{k}_")
        elif isinstance(front, ColumnFrontEnd):
            y = _columns(b, front, values, codes)
        else:
            y = _branch(b, branch, values, f"{prefix}{k}_")
        if len(absent) and not (network.per_step and network.parts[name].in_steps):
            there = b.wide(inputs[f"{name}/there"][0], y.width)
            y = b.choose(there, b.scale(y, 0.0, numbers(absent)), y)
        found.append(y)
    if network.per_step:
        axis = next((y.at for y in found if y.at), "")
        found = [y if y.at == axis else b.spread(y, axis) for y in found]
    return b.linear(b.join(found), network.head.weight, network.head.bias)


def _known_rows(front: TokenFrontEnd) -> np.ndarray:
    """The table, in which a token that is not known has the row of the unknown one."""
    table = numbers(front.table.weight)
    return np.where(front.known.cpu().numpy()[:, None], table, table[0])


def _columns(b: Builder, front: ColumnFrontEnd, values: Vector, codes: Vector | None) -> Vector:
    parts = [values] if values.width else []
    if codes is not None:
        tables: Any = front.embeddings.tables
        parts += [b.lookup(b.part(codes, j, 1), table.weight) for j, table in enumerate(tables)]
    return b.apply(b.linear(b.join(parts), front.layer.weight, front.layer.bias), "gelu")


def _branch(b: Builder, branch: Any, x: Vector, prefix: str) -> Vector:
    """Convolution, places, recurrence and pooling."""
    if branch.convolution is not None:
        convolution = branch.convolution
        found = [
            b.convolution(x, each.weight, each.bias)
            if x.at
            else b.linear(x, each.weight[:, :, each.weight.shape[-1] // 2], each.bias)
            for each in convolution.convolutions
        ]
        x = b.join([x, b.apply(b.join(found), "gelu")])
        if convolution.shrink > 1:
            x = b.shrink(x, b.axis(f"{prefix}shrunk", of=x.at, shrink=convolution.shrink))
    if branch.positions:
        lengths = torch.logspace(2, 12, branch.positions, base=2)
        x = b.join([x, b.waves(x.at, lengths)])
    number = 0
    for layer in branch.layers:
        x, number = add_layer(b, x, layer, False, number, prefix)
    return x if branch.pooling is None else _pooled(b, branch.pooling, x)


def _pooled(b: Builder, pooling: Pooling, x: Vector) -> Vector:
    parts = []
    for kind in pooling.kinds:
        if kind == "last" and pooling.directions == 2:
            half = x.width // 2
            parts += [b.part(b.pool(x, "last"), 0, half), b.part(b.pool(x, "first"), half, half)]
        elif kind == "attention":
            score: Any = pooling.score
            hidden = b.apply(b.linear(x, score[0].weight, score[0].bias), "tanh")
            parts.append(b.pool(x, "attention", b.linear(hidden, score[2].weight)))
        else:
            parts.append(b.pool(x, kind))
    return b.join(parts)


def refuse_unexported(network: SequenceNetwork) -> None:
    """Raise InputError for an input that has no export."""
    for name, part in network.parts.items():
        if part.kind in ("sound", "image"):
            raise InputError(
                f"input {name!r} is of kind {part.kind}, which has no export: expected tokens, numbers or columns"
            )
