"""Where the vectors of a step lie: in one block of working memory, each place used again once nobody reads it."""

from __future__ import annotations

from recurra.deploy.graph.nodes import Graph, Part, Vector, read_by

_LINE = 16  # numbers: a vector begins at a multiple


def plan(graph: Graph) -> tuple[dict[str, str], int]:
    """What each vector is called in C, and the numbers that the working memory `work` holds.

    Inputs are arguments, states members of the state; a part lies within the vector that it is of.
    """
    named = {each.name: each.name for each in graph.inputs} | {
        each.name: f"state->{each.name}" for each in graph.states
    }
    owner = {name: name for name in named}
    for node in graph.nodes:
        owner[node.y.name] = owner[node.x.name] if isinstance(node, Part) else node.y.name
    last: dict[str, int] = {}
    for place, node in enumerate(graph.nodes):
        for vector in read_by(node):
            last[owner[vector.name]] = place
    for vector in (*graph.outputs, *graph.updated):  # read at the end
        last[owner[vector.name]] = len(graph.nodes)
    live: list[tuple[int, int, int]] = []  # (first number, behind the last one, read until)
    size = 0
    for place, node in enumerate(graph.nodes):
        if isinstance(node, Part):
            named[node.y.name] = _offset(named[node.x.name], node.start)
            continue
        live = [each for each in live if each[2] >= place]
        start = _free(sorted(live), node.y)
        end = start + -(-node.y.width // _LINE) * _LINE
        live.append((start, end, last.get(node.y.name, place)))
        named[node.y.name] = _offset("state->work", start)
        size = max(size, end)
    return named, size


def _free(live: list[tuple[int, int, int]], vector: Vector) -> int:
    """The first place where a vector fits beside those that are live."""
    start, wide = 0, -(-vector.width // _LINE) * _LINE
    for begin, end, _ in live:
        if start + wide <= begin:
            break
        start = max(start, end)
    return start


def _offset(base: str, start: int) -> str:
    """A place within a vector, itself perhaps one."""
    if not start:
        return base
    name, _, before = base.partition(" + ")
    return f"{name} + {int(before or 0) + start}"
