"""Where the vectors of a whole model's graph lie: in three blocks of working memory, one for each type."""

from __future__ import annotations

from recurra.deploy.graph.nodes import Graph, Part, Reshape, Vector, read_by

_LINE = 16
BLOCKS: tuple[str, ...] = ("work", "exact", "numbers")  # of float, double and int32_t


def block_of(vector: Vector) -> str:
    """The block of memory that holds vectors of its type."""
    return "numbers" if vector.whole else "exact" if vector.double else "work"


def most_steps(graph: Graph, axis: str, most: int) -> int:
    """How many steps an axis may have, where a row has at most so many."""
    if not axis:
        return 1
    found = graph.axis(axis)
    if found.steps is not None:
        return found.steps
    return most if found.of is None else -(-most_steps(graph, found.of, most) // found.shrink)


def is_view(node: object) -> bool:
    """Whether what a node makes lies within what it reads."""
    return isinstance(node, Reshape) or (isinstance(node, Part) and not node.x.at)


def plan_whole(graph: Graph, most: int) -> tuple[dict[str, str], dict[str, int]]:
    """What each vector is called in C, and how many numbers each block holds; rows have at most `most` steps."""
    named = {each.name: each.name for each in graph.inputs}
    named |= {each.name: f"state->{each.name}" for each in graph.states}
    owner = {name: name for name in named}
    for node in graph.nodes:
        owner[node.y.name] = owner[node.x.name] if is_view(node) else node.y.name  # type: ignore[union-attr]
    last: dict[str, int] = {}
    for place, node in enumerate(graph.nodes):
        for vector in read_by(node):
            if vector.name in owner:  # the states within a recurrence are its own
                last[owner[vector.name]] = place
    for vector in (*graph.outputs, *graph.updated):
        last[owner[vector.name]] = len(graph.nodes)
    live: dict[str, list[tuple[int, int, int]]] = {block: [] for block in BLOCKS}
    sizes = dict.fromkeys(BLOCKS, 0)
    for place, node in enumerate(graph.nodes):
        y = node.y
        if is_view(node):
            start = node.start if isinstance(node, Part) else 0
            named[y.name] = _offset(named[node.x.name], start)  # type: ignore[union-attr]
            continue
        block = block_of(y)
        live[block] = sorted(each for each in live[block] if each[2] >= place)
        wide = -(-y.width * most_steps(graph, y.at, most) // _LINE) * _LINE
        start = 0
        for begin, end, _ in live[block]:
            if start + wide <= begin:
                break
            start = max(start, end)
        live[block].append((start, start + wide, last.get(y.name, place)))
        named[y.name] = _offset(f"state->{block}", start)
        sizes[block] = max(sizes[block], start + wide)
    return named, sizes


def _offset(base: str, start: int) -> str:
    if not start:
        return base
    name, _, before = base.partition(" + ")
    return f"{name} + {int(before or 0) + start}"
