"""The network of labelled sequences as operations: `nn.sequence`, along an axis or, at "", one step of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from recurra.deploy.graph.builder import Builder, numbers
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Vector
from recurra.errors import InputError
from recurra.language import _
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
        given = inputs.get(f"{name}/there")  # a sequence of which a step has come is there
        if len(absent) and given is not None and not (network.per_step and network.parts[name].in_steps):
            y = b.choose(b.wide(given[0], y.width), b.scale(y, 0.0, numbers(absent)), y)
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
    if branch.pooling is None:
        return x
    return _pooled(b, branch.pooling, x) if x.at else _pooled_so_far(b, branch.pooling, x, prefix)


def _pooled_so_far(b: Builder, pooling: Pooling, x: Vector, prefix: str) -> Vector:
    """The same of the steps so far, from what is kept of them: `nn.sequence_stream`."""
    before = b.state(f"{prefix}count", 1, at="", double=True)
    count = b.scale(before, 1.0, 1.0)
    b.update(before, count)
    some = b.cast(before, double=False)  # 0 at the first step, which begins everything
    parts = []

    def kept(name: str, width: int, *, double: bool = False) -> Vector:
        return b.state(f"{prefix}{name}", width, at="", double=double)

    for kind in pooling.kinds:
        if kind == "last":
            parts.append(x)
        elif kind == "mean":
            total = kept("sum", x.width, double=True)
            now = b.add(total, b.cast(x, double=True))
            b.update(total, now)
            parts.append(b.cast(b.combine(now, b.wide(count, x.width), "divide"), double=False))
        elif kind == "max":
            largest = kept("max", x.width)
            now = b.choose(b.wide(some, x.width), x, b.combine(largest, x, "maximum"))
            b.update(largest, now)
            parts.append(now)
        else:
            assert kind == "attention"
            parts.append(_attended_so_far(b, pooling, x, some, kept))
    return b.join(parts)


def _attended_so_far(b: Builder, pooling: Pooling, x: Vector, some: Vector, kept: Callable[..., Vector]) -> Vector:
    """The running softmax: sums of weights and of weighted vectors, relative to the largest score so far."""
    module: Any = pooling.score
    hidden = b.apply(b.linear(x, module[0].weight, module[0].bias), "tanh")
    score = b.linear(hidden, module[2].weight)
    largest, weight, attended = kept("score", 1), kept("weight", 1), kept("attended", x.width)
    begun = b.choose(some, score, largest)
    highest = b.combine(begun, score, "maximum")
    faded, fresh = (b.apply(b.combine(each, highest, "subtract"), "exp") for each in (begun, score))
    total = b.add(b.multiply(weight, faded), fresh)
    now = b.add(b.multiply(attended, b.wide(faded, x.width)), b.multiply(x, b.wide(fresh, x.width)))
    for state, new in ((largest, highest), (weight, total), (attended, now)):
        b.update(state, new)
    return b.combine(now, b.wide(total, x.width), "divide")


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
                _(
                    "input {name!r} is of kind {kind}, which has no export: expected tokens, numbers or columns",
                    name=name,
                    kind=part.kind,
                )
            )
