"""Header, source and weights of a graph as the text of C99 files."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from recurra.deploy.c_source.functions import CALLED, OF_MATH, functions_text
from recurra.deploy.c_source.memory import plan
from recurra.deploy.graph.nodes import (
    Apply,
    Choose,
    Combine,
    Graph,
    Join,
    Linear,
    Lookup,
    Node,
    Normalise,
    Part,
    Scale,
)
from recurra.errors import InputError
from recurra.language import _

# What neither an input nor a prefix may be called: words of C, and names of the source.
RESERVED = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main linear "
    "scale normalise choose copy sigmoid relu softplus add subtract multiply divide maximum state work y".split()
)


@dataclass(frozen=True)
class Source:
    """The texts of three files."""

    header: str
    source: str
    weights: str


class _Writer:
    """Statements of the step, and the arrays and functions that they need."""

    def __init__(self, graph: Graph) -> None:
        self.names, self.work = plan(graph)
        self.arrays: list[tuple[str, np.ndarray]] = []
        self.used: set[str] = set()

    def array(self, values: np.ndarray | None) -> str:
        """The name of a constant array of these values."""
        if values is None:
            return "0"
        if not np.isfinite(values).all():
            raise InputError(_("a weight is not a finite number: expected a network whose training went well"))
        self.arrays.append((f"w{len(self.arrays)}", values))
        return self.arrays[-1][0]

    def call(self, function: str, *arguments: object) -> str:
        """A statement."""
        self.used.add(function)
        return f"{CALLED.get(function, function)}({', '.join(map(str, arguments))});"

    def statements(self, node: Node) -> list[str]:
        """What a node does."""
        at = self.names
        match node:
            case Linear(x, y, weight, bias):
                into = np.ascontiguousarray(weight.T)
                return [
                    self.call("linear", self.array(into), self.array(bias), at[x.name], at[y.name], x.width, y.width)
                ]
            case Scale(x, y, factor, offset):
                return [self.call("scale", self.array(factor), self.array(offset), at[x.name], at[y.name], y.width)]
            case Apply(x, y, function):
                return [self.call(function, at[x.name], at[y.name], y.width)]
            case Combine(a, b, y, operation):
                return [self.call(operation, at[a.name], at[b.name], at[y.name], y.width)]
            case Choose(condition, a, b, y):
                return [self.call("choose", at[condition.name], at[a.name], at[b.name], at[y.name], y.width)]
            case Normalise(x, y, gain, bias, epsilon):
                weights = self.array(gain), self.array(bias)
                return [self.call("normalise", *weights, at[x.name], at[y.name], y.width, number(epsilon))]
            case Part():
                return []
            case Join(parts, y):
                starts = np.cumsum([0, *(part.width for part in parts)]).tolist()
                name = at[y.name]
                return [
                    self.call("copy", at[p.name], f"{name} + {s}", p.width) for p, s in zip(parts, starts, strict=False)
                ]
            case Lookup(index, y, table, _):
                row = f"({at[index.name]}[0] >= 0 && {at[index.name]}[0] < {len(table)} ? {at[index.name]}[0] : 0)"
                return [self.call("copy", f"{self.array(table)} + {row} * {y.width}", at[y.name], y.width)]
            case _:
                raise AssertionError("recurrences are written out first, and axes are of whole models")


def source_of(graph: Graph, name: str, remark: str) -> Source:
    """The source of a graph whose recurrences are written out, under the prefix `name`."""
    for each in graph.inputs:
        if each.name in RESERVED:
            raise InputError(
                _("an input is called {name!r}, which is taken in C: expected another name", name=each.name)
            )
    writer = _Writer(graph)
    body = [line for node in graph.nodes for line in writer.statements(node)]
    for state, new in zip(graph.states, graph.updated, strict=True):
        if writer.names[new.name] != writer.names[state.name]:
            body.append(writer.call("copy", writer.names[new.name], writer.names[state.name], state.width))
    names = [f"y{k}" if len(graph.outputs) > 1 else "y" for k in range(len(graph.outputs))]
    body += [
        writer.call("copy", writer.names[output.name], given, output.width)
        for output, given in zip(graph.outputs, names, strict=True)
    ]
    given = [f"const {'int32_t' if each.whole else 'float'} {each.name}[{each.width}]" for each in graph.inputs]
    taken = [f"float {given}[{output.width}]" for output, given in zip(graph.outputs, names, strict=True)]
    signature = f"void {name}_step({name}_state *state, {', '.join(given + taken)})"
    return Source(
        _HEADER.format(
            name=name, upper=name.upper(), remark=remark, signature=signature,
            members="\n".join(f"    float {each.name}[{each.width}];" for each in graph.states),
            work=max(writer.work, 1),
        ),
        _SOURCE.format(
            name=name, signature=signature, math="#include <math.h>\n" if writer.used & OF_MATH else "",
            functions=functions_text(writer.used), body="\n".join(f"    {line}" for line in body),
        ),
        "".join(
            f"static const float {array}[{values.size}] = {{{constants(values)}}};\n" for array, values in writer.arrays
        ),
    )  # fmt: skip


def constants(values: np.ndarray) -> str:
    """Numbers as C writes them exactly, several a line; whole ones as such."""
    if values.dtype.kind in "iu":
        suffix = "u" if values.dtype.kind == "u" else ""
        texts = [f"{value}{suffix}" for value in values.ravel().tolist()]
    else:
        single = values.dtype != np.float64
        texts = [
            number(value, single) for value in values.astype(np.float32 if single else values.dtype).ravel().tolist()
        ]
    return "".join(f"\n    {', '.join(texts[k : k + 8])}," for k in range(0, len(texts), 8)).removesuffix(",") + "\n"


def number(value: float, single: bool = True) -> str:
    """A number as a hexadecimal constant, without rounding; NAN needs math.h."""
    if math.isnan(value):
        return "NAN"
    assert math.isfinite(value)
    digits, _, exponent = float(np.float32(value) if single else value).hex().partition("p")
    suffix = "f" if single else ""
    return f"0.0{suffix}" if value == 0 else f"{digits.rstrip('0')}p{exponent}{suffix}"


_HEADER = """\
/* {remark}
 *
 *     static {name}_state state;
 *     {name}_reset(&state);
 *     {name}_step(&state, ...);       once for each step
 *
 * Each stream has a state of its own. No function allocates, keeps anything elsewhere, or calls the system.
 */
#ifndef RECURRA_{upper}_H
#define RECURRA_{upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

typedef struct {{
{members}
    float work[{work}]; /* of one step; nothing in it is needed afterwards */
}} {name}_state;

/* Before the first step, and to begin anew. */
void {name}_reset({name}_state *state);

/* The next step. Outputs may lie where inputs do. */
{signature};

#ifdef __cplusplus
}}
#endif

#endif
"""

_SOURCE = """\
#include "{name}.h"

#include <stddef.h>
#include <string.h>
{math}
#include "{name}_weights.h"

{functions}
void {name}_reset({name}_state *state)
{{
    memset(state, 0, sizeof *state);
}}

{signature}
{{
    (void)state;
{body}
}}
"""
