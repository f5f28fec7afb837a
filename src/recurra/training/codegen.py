"""A recorded graph of tensor operations as one Python function, with as little as possible around each call.

torch.fx writes such functions too, but looks everything up anew at every call: attributes of a module, the overload of
an operator, the views of a parameter. Here what is always the same is made once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

from recurra.kernels.recorded import Calls, direct


def written(traced: GraphModule, calls: Calls) -> Callable[..., list[Tensor]]:
    """The function of the graph's inputs, in their order, that returns its outputs; to be called without gradients."""
    return _Writer(traced, calls).function()


class _Writer:
    def __init__(self, traced: GraphModule, calls: Calls) -> None:
        self.traced, self.calls = traced, calls
        self.names: dict[Node, str] = {}
        self.known: dict[str, Any] = {}  # what the function finds as globals
        self.held: dict[Node, Tensor] = {}  # parameters, buffers and views of them: always the same memory
        self.lines: list[str] = []
        self.used: dict[str, int] = {}  # the last line that uses each value
        self.inputs: list[str] = []

    def function(self) -> Callable[..., list[Tensor]]:
        nodes = list(self.traced.graph.nodes)
        alive = _alive(nodes)
        for node in nodes:
            if node.op == "placeholder":
                self.names[node] = f"x{len(self.inputs)}"
                self.inputs.append(self.names[node])
            elif node.op == "output":
                self.lines.append(f"return {self.text(node.args[0])}")
            elif node in alive:
                self.write(node)
        source = "\n    ".join([f"def play({', '.join(self.inputs)}):", *self.freed()])
        exec(compile(source, "<a recorded step>", "exec"), self.known)
        return self.known["play"]

    def write(self, node: Node) -> None:
        target: Any = node.target
        if node.op == "get_attr":
            self.hold(node, getattr(self.traced, target))
        elif target is torch.ops.aten.detach.default:
            self.names[node] = self.text(node.args[0])
        elif target is operator.getitem:
            self.let(node, f"{self.text(node.args[0])}[{node.args[1]}]")
        elif (
            getattr(target, "is_view", False)
            and len(node.all_input_nodes) == 1
            and node.all_input_nodes[0] in self.held
        ):
            source, *rest = node.args
            with torch.no_grad():
                self.hold(node, target(self.held[source], *rest, **node.kwargs))  # type: ignore[index]
        else:
            function, arguments = direct(target, node.args, self.calls) or (getattr(target, "_op", target), node.args)
            given = [self.text(each) for each in arguments]
            given += [f"{name}={self.text(each)}" for name, each in node.kwargs.items()]
            self.let(node, f"{self.know(function)}({', '.join(given)})")

    def hold(self, node: Node, value: Tensor) -> None:
        self.held[node] = value.detach()
        self.names[node] = self.know(self.held[node])

    def freed(self) -> list[str]:
        """The lines, and after the last one that uses a value another that gives its memory free."""
        over: dict[int, list[str]] = {}
        for name, at in self.used.items():
            over.setdefault(at, []).append(f"{name} = None")
        return [each for at, line in enumerate(self.lines) for each in (line, *over.get(at, []))]

    def let(self, node: Node, text: str) -> None:
        self.names[node] = f"t{len(self.names)}"
        self.lines.append(f"{self.names[node]} = {text}")

    def know(self, value: Any) -> str:
        name = f"k{len(self.known)}"
        self.known[name] = value
        return name

    def text(self, argument: Any) -> str:
        if isinstance(argument, Node):
            name = self.names[argument]
            if name.startswith("t"):
                self.used[name] = len(self.lines)
            return name
        if isinstance(argument, list):
            return f"[{', '.join(map(self.text, argument))}]"
        if isinstance(argument, tuple):
            return f"({''.join(f'{self.text(each)}, ' for each in argument)})"
        if argument is None or isinstance(argument, (bool, int)):
            return repr(argument)
        return self.know(argument)


def _alive(nodes: list[Node]) -> set[Node]:
    """The nodes that the output needs, and those that change something: a buffer, or the state of the generator."""
    alive: set[Node] = set()
    for node in reversed(nodes):
        schema = getattr(node.target, "_schema", None)
        tags = getattr(node.target, "tags", ())
        acts = schema is not None and (schema.is_mutable or torch.Tag.nondeterministic_seeded in tags)
        if node.op == "output" or acts or node in alive:
            alive.add(node)
            alive.update(node.all_input_nodes)
    return alive
