"""One step of each cell in the operations of a graph: the equations of `recurra.cells`, written out.

A cell of your own is exported once it has its step here:

    @expansion("mine")
    def _mine(builder, call, projected, states): ...        # W x + b and the old states -> the new ones
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from recurra.cells import Cell
from recurra.cells.weights import EPSILON
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.nodes import STEP, Graph, Recurrence, Vector
from recurra.errors import InputError
from recurra.kernels.contract import Call

# (builder, call, W x + b, the old states) -> the new states
Expansion = Callable[[Builder, Call, Vector, tuple[Vector, ...]], tuple[Vector, ...]]
_EXPANSIONS: dict[str, Expansion] = {}


def expansion(name: str) -> Callable[[Expansion], Expansion]:
    """Says how the step of a cell is written out."""

    def add(function: Expansion) -> Expansion:
        _EXPANSIONS[name] = function
        return function

    return add


def check_exportable(cell: Cell) -> None:
    """Raise InputError for a cell whose step nobody has written out."""
    if cell.name not in _EXPANSIONS or not cell.variant:
        what = f"the cell {cell.name!r}" if cell.variant else f"{cell!r}, with a function of its own,"
        raise InputError(
            f"{what} cannot be exported: expected one of {', '.join(sorted(_EXPANSIONS))}. Write its step out with "
            "recurra.deploy.graph.cells.expansion"
        )


def expanded(graph: Graph) -> Graph:
    """The graph with every recurrence from step to step as the operations of its step, and what its states become."""
    builder = Builder()
    builder.inputs, builder.states = list(graph.inputs), list(graph.states)
    builder._made = len(graph.nodes)  # names of the graph's own vectors are v1 ... vn
    builder.axes = list(graph.axes)
    updated = {state.name: new for state, new in zip(graph.states, graph.updated, strict=False)}
    renamed: dict[str, Vector] = {}
    for node in graph.nodes:
        if isinstance(node, Recurrence) and node.x.at in ("", STEP):
            new = step_of(builder, node, renamed.get(node.x.name, node.x))
            renamed[node.y.name] = new[0]
            updated |= {state.name: vector for state, vector in zip(node.states, new, strict=True)}
        else:
            builder.nodes.append(_renamed(node, renamed))
    outputs = [renamed.get(each.name, each) for each in graph.outputs]
    updated = {name: renamed.get(vector.name, vector) for name, vector in updated.items()}
    return builder.finish(*outputs, updated=[updated[state.name] for state in graph.states], names=graph.names)


def step_of(builder: Builder, node: Recurrence, x: Vector) -> tuple[Vector, ...]:
    """The new states of a recurrence after the input x."""
    call = node.call
    check_exportable(call.recurrence.cell)
    if call.weights.norm_input is None:
        projected = builder.linear(x, call.input_weight, call.input_bias)
    else:
        normed = builder.linear(x, call.input_weight)
        projected = builder.normalise(normed, call.weights.norm_input, call.input_bias, epsilon=EPSILON)
    new = _EXPANSIONS[call.recurrence.cell.name](builder, call, projected, node.states)
    rate_h, rate_others = call.recurrence.zoneout
    rates = (rate_h, *[rate_others] * (len(new) - 1))
    return tuple(
        builder.add(builder.scale(old, rate), builder.scale(fresh, 1 - rate)) if rate else fresh
        for old, fresh, rate in zip(node.states, new, rates, strict=True)
    )


def _renamed(node: Any, renamed: dict[str, Vector]) -> Any:
    """The node, reading what its vectors are called now."""
    changed: dict[str, Any] = {}
    for name, value in vars(node).items():
        if isinstance(value, Vector) and value.name in renamed:
            changed[name] = renamed[value.name]
        elif isinstance(value, tuple) and value and isinstance(value[0], Vector):
            changed[name] = tuple(renamed.get(each.name, each) for each in value)
    return type(node)(**{**vars(node), **changed})


# ---- the cells


def _recur(
    builder: Builder, h: Vector, matrix: Tensor | None, bias: Tensor | None, gain: Tensor | None = None
) -> Vector:
    """U h + b_U, or gain * LN(U h) + b_U."""
    if gain is None:
        return builder.linear(h, matrix, bias)
    return builder.normalise(builder.linear(h, matrix), gain, bias, epsilon=EPSILON)


@expansion("rnn")
def _rnn(builder: Builder, call: Call, projected: Vector, states: tuple[Vector, ...]) -> tuple[Vector, ...]:
    weights, cell = call.weights, call.recurrence.cell
    inside = builder.add(projected, _recur(builder, states[0], weights.recurrent, weights.bias, weights.norm))
    return (builder.apply(inside, cell.gates[0].activation),)


@expansion("lstm")
def _lstm(builder: Builder, call: Call, projected: Vector, states: tuple[Vector, ...]) -> tuple[Vector, ...]:
    weights = call.weights
    h, c = states
    inside = builder.add(projected, _recur(builder, h, weights.recurrent, weights.bias, weights.norm))
    i, f, g, o = builder.split(inside, 4)
    peepholes = weights.peephole
    if peepholes is not None:
        i = builder.add(i, builder.scale(c, peepholes[0]))
        f = builder.add(f, builder.scale(c, peepholes[1]))
    i, f, g = builder.apply(i, "sigmoid"), builder.apply(f, "sigmoid"), builder.apply(g, "tanh")
    new_c = builder.add(builder.multiply(f, c), builder.multiply(i, g))
    if peepholes is not None:
        o = builder.add(o, builder.scale(new_c, peepholes[2]))
    norm = weights.norm_cell
    seen = new_c if norm is None else builder.normalise(new_c, norm[0], norm[1], epsilon=EPSILON)
    new_h = builder.multiply(builder.apply(o, "sigmoid"), builder.apply(seen, "tanh"))
    return (new_h if weights.projection is None else builder.linear(new_h, weights.projection)), new_c


@expansion("gru")
def _gru(builder: Builder, call: Call, projected: Vector, states: tuple[Vector, ...]) -> tuple[Vector, ...]:
    weights, (h,) = call.weights, states
    x_r, x_z, x_n = builder.split(projected, 3)
    cell: Any = call.recurrence.cell
    if cell.reset_after:
        u_r, u_z, u_n = builder.split(_recur(builder, h, weights.recurrent, weights.bias, weights.norm), 3)
        r, z = builder.apply(builder.add(x_r, u_r), "sigmoid"), builder.apply(builder.add(x_z, u_z), "sigmoid")
        n = builder.apply(builder.add(x_n, builder.multiply(r, u_n)), "tanh")
    else:
        assert weights.recurrent is not None
        hidden = h.width
        gates, new = weights.recurrent.split([2 * hidden, hidden])
        b_gates, b_new = (None, None) if weights.bias is None else weights.bias.split([2 * hidden, hidden])
        u_r, u_z = builder.split(builder.linear(h, gates, b_gates), 2)
        r, z = builder.apply(builder.add(x_r, u_r), "sigmoid"), builder.apply(builder.add(x_z, u_z), "sigmoid")
        n = builder.apply(builder.add(x_n, builder.linear(builder.multiply(r, h), new, b_new)), "tanh")
    return (_between(builder, z, n, h),)


@expansion("mingru")
def _mingru(builder: Builder, call: Call, projected: Vector, states: tuple[Vector, ...]) -> tuple[Vector, ...]:
    z, n = builder.split(projected, 2)
    cell: Any = call.recurrence.cell
    if cell.candidate == "g":  # a + 1/2 where a >= 0, else sigmoid(a): relu(a) + sigmoid(min(a, 0))
        above = builder.apply(n, "relu")
        n = builder.add(above, builder.apply(builder.combine(n, above, "subtract"), "sigmoid"))
    return (_between(builder, builder.apply(z, "sigmoid"), states[0], n),)


@expansion("slstm")
def _slstm(builder: Builder, call: Call, projected: Vector, states: tuple[Vector, ...]) -> tuple[Vector, ...]:
    h, c, n, m = states
    cell: Any = call.recurrence.cell
    i, f, z, o = builder.split(builder.add(projected, _heads(builder, h, call, cell.heads)), 4)
    past = builder.add(builder.apply(f, "log_sigmoid") if cell.forget == "sigmoid" else f, m)
    new_m = builder.choose(n, i, builder.combine(past, i, "maximum"))
    i = builder.apply(builder.combine(i, new_m, "subtract"), "exp")
    f = builder.choose(n, builder.scale(n, 0.0), builder.apply(builder.combine(past, new_m, "subtract"), "exp"))
    new_c = builder.add(builder.multiply(f, c), builder.multiply(i, builder.apply(z, "tanh")))
    new_n = builder.add(builder.multiply(f, n), i)
    new_h = builder.combine(builder.multiply(builder.apply(o, "sigmoid"), new_c), new_n, "divide")
    return new_h, new_c, new_n, new_m


def _heads(builder: Builder, h: Vector, call: Call, heads: int) -> Vector:
    """R h, whose rows [4, heads, units, units] see the h of their own head alone."""
    matrix = call.weights.recurrent
    assert matrix is not None
    if heads == 1:
        return builder.linear(h, matrix)
    units = h.width // heads
    blocks = matrix.reshape(4, heads, units, units)
    found = [
        builder.linear(part, blocks[:, k].reshape(4 * units, units)) for k, part in enumerate(builder.split(h, heads))
    ]
    gates = [builder.split(each, 4) for each in found]
    return builder.join([gates[k][gate] for gate in range(4) for k in range(heads)])


def _between(builder: Builder, share: Vector, a: Vector, b: Vector) -> Vector:
    """(1 - share) * a + share * b."""
    return builder.add(builder.multiply(builder.scale(share, -1.0, 1.0), a), builder.multiply(share, b))
