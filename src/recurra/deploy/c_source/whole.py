"""Header, source and weights of a whole model's graph as C99: a row in, its outputs out, nothing allocated."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from recurra.deploy.c_source.functions import CALLED, OF_MATH, functions_text
from recurra.deploy.c_source.memory import plan
from recurra.deploy.c_source.source import RESERVED, Source, constants, number
from recurra.deploy.c_source.whole_functions import WHOLE_OF_MATH
from recurra.deploy.c_source.whole_memory import BLOCKS, is_view, most_steps, plan_whole
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.cells import expanded, step_of
from recurra.deploy.graph.nodes import (
    Apply,
    Argmax,
    Cast,
    Choose,
    Clip,
    Combine,
    Convolution,
    Correlate,
    Counted,
    Fixed,
    Graph,
    Join,
    Largest,
    LastKnown,
    Linear,
    Lookup,
    Normalise,
    Part,
    Pick,
    Pool,
    Recurrence,
    Repeat,
    Running,
    Scale,
    Shrink,
    Softmax,
    Sort,
    Spread,
    Vector,
    Waves,
)
from recurra.deploy.graph.rounding import LEAST
from recurra.errors import InputError
from recurra.kernels.rounding import rounded
from recurra.language import _

TAKEN = RESERVED | set(
    "gelu count found keys steps softmax argmax clip shrink waves convolve t exact numbers less "
    "at_most repeat largest running_sum running_max pick sort correlate".split()
)
_NUMPY: dict[str, Any] = {"float": np.float32, "double": np.float64}
_TYPES = dict(zip(BLOCKS, ("float", "double", "int32_t"), strict=True))


def c_type(vector: Vector) -> str:
    """What numbers of a vector are in C."""
    return "int32_t" if vector.whole else "double" if vector.double else "float"


@dataclass(frozen=True)
class _Step:
    """A recurrence along an axis: the struct of its states, its function, and what that needs."""

    struct: str
    function: str


class _Writer:
    """Statements of a row, and the arrays and functions that they need."""

    def __init__(self, graph: Graph, name: str, most: int, int8: bool) -> None:
        self.graph, self.name, self.most, self.int8 = graph, name, most, int8
        self.names, self.sizes = plan_whole(graph, most)
        self.arrays: list[tuple[str, str, np.ndarray]] = []
        self.stored: dict[tuple[str, bytes], str] = {}  # the names of arrays by what they are
        self.used: set[str] = set()
        self.steps: list[_Step] = []
        self.counted = 0

    # Parts of statements

    def array(self, values: np.ndarray | None, kind: str = "float") -> str:
        """The name of a constant array."""
        if values is None:
            return "0"
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise InputError(_("a weight is not a finite number: expected a network whose training went well"))
        key = kind, sha256(values.astype(_NUMPY.get(kind, values.dtype)).tobytes()).digest()
        if key not in self.stored:
            self.stored[key] = f"w{len(self.arrays)}"
            self.arrays.append((self.stored[key], kind, values))
        return self.stored[key]

    def function(self, name: str, vector: Vector | None = None) -> str:
        """What a function is called, in the type of a vector."""
        double = vector is not None and vector.double
        whole = vector is not None and vector.whole
        key = f"{name}_d" if double else f"{name}_whole" if whole and name == "copy" else name
        self.used.add(key)
        return f"{CALLED.get(name, name)}_d" if double else CALLED.get(key, key)

    def count(self, axis: str) -> str:
        """How many steps an axis has, in C."""
        if not axis:
            return "1"
        found = self.graph.axis(axis)
        if found.steps is not None:
            return str(found.steps)
        if found.of is None:
            return steps_name(self.graph, axis)
        return f"(({self.count(found.of)} + {found.shrink - 1}) / {found.shrink})"

    def times(self, vector: Vector) -> str:
        """How many numbers it has in all."""
        return f"{self.count(vector.at)} * {vector.width}" if vector.at else str(vector.width)

    def each(self, axis: str, statement: str) -> str:
        """The statement for every step t of an axis."""
        return f"for (t = 0; t < {self.count(axis)}; ++t) {statement}" if axis else statement

    def at(self, vector: Vector, axis: str, offset: int = 0) -> str:
        """Where the vector of step t begins."""
        base = self.names[vector.name]
        moved = f"{base} + t * {vector.width}" if vector.at and axis else base
        return f"{moved} + {offset}" if offset else moved

    # Nodes

    def statements(self, node: Any) -> list[str]:
        """What a node does."""
        if is_view(node):
            return []
        y: Vector = node.y
        axis, names, to = y.at, self.names, self.names[y.name]
        match node:
            case Linear(x, _, weight, bias, exact):
                inputs = f"{self.at(x, axis)}, {self.at(y, axis)}, {x.width}, {y.width});"
                if self.int8 and not exact and weight.size >= LEAST and not x.double:
                    whole, scale = rounded(weight)
                    given = f"{self.array(np.ascontiguousarray(whole.T), 'int8_t')}, {self.array(scale)}"
                    return [self.each(axis, f"{self.function('linear8')}({given}, {self.array(bias)}, {inputs}")]
                kind = c_type(x)
                into = np.ascontiguousarray(weight.T)
                given = f"{self.array(into, kind)}, {self.array(bias, kind)}"
                return [self.each(axis, f"{self.function('linear', x)}({given}, {inputs}")]
            case Scale(x, _, factor, offset):
                kind = c_type(x)
                given = f"{self.array(factor, kind)}, {self.array(offset, kind)}"
                given += f", {self.at(x, axis)}, {self.at(y, axis)}"
                return [self.each(axis, f"{self.function('scale', x)}({given}, {y.width});")]
            case Apply(x, _, function):
                return [f"{self.function(function, x)}({names[x.name]}, {to}, {self.times(y)});"]
            case Combine(a, b, _, operation):
                assert a.at == b.at
                return [f"{self.function(operation, a)}({names[a.name]}, {names[b.name]}, {to}, {self.times(y)});"]
            case Choose(condition, a, b, _):
                assert condition.at == a.at == b.at
                given = ", ".join(names[each.name] for each in (condition, a, b))
                return [f"{self.function('choose', a)}({given}, {to}, {self.times(y)});"]
            case Part(x, _, start):
                given = f"{self.at(x, axis, start)}, {self.at(y, axis)}"
                return [self.each(axis, f"{self.function('copy', y)}({given}, {y.width});")]
            case Join(parts, _):
                starts = np.cumsum([0, *(part.width for part in parts)]).tolist()
                copy = self.function("copy", y)
                return [
                    self.each(axis, f"{copy}({self.at(p, axis)}, {self.at(y, axis, s)}, {p.width});")
                    for p, s in zip(parts, starts, strict=False)
                ]
            case Spread(x, _):
                return [self.each(axis, f"{self.function('copy', y)}({names[x.name]}, {self.at(y, axis)}, {y.width});")]
            case Lookup(index, _, table, exact):
                return self._lookup(index, y, table, exact)
            case Cast(x, _):
                cast = self.function("to_double" if y.double else "to_float")
                return [f"{cast}({names[x.name]}, {to}, {self.times(y)});"]
            case Softmax(x, _) | Argmax(x, _):
                function = self.function(type(node).__name__.lower(), x)
                return [self.each(axis, f"{function}({self.at(x, axis)}, {self.at(y, axis)}, {x.width});")]
            case Clip(x, _, low, high):
                ends = ", ".join(number(end, not x.double) for end in (low, high))
                return [f"{self.function('clip', x)}({ends}, {names[x.name]}, {to}, {self.times(y)});"]
            case LastKnown(x, known, _):
                given = f"{names[x.name]}, {names[known.name]}, {to}, {x.width}, {y.width}"
                return [f"{self.function('last_known', x)}({given});"]
            case Pool():
                return self._pool(node)
            case Convolution(x, _, weight, bias):
                given = self.array(np.ascontiguousarray(weight.transpose(2, 1, 0))), self.array(bias)
                sizes = f"{self.count(axis)}, {x.width}, {y.width}, {weight.shape[2]}"
                return [f"{self.function('convolve')}({', '.join(given)}, {names[x.name]}, {to}, {sizes});"]
            case Shrink(x, _):
                each = self.graph.axis(axis).shrink
                return [f"{self.function('shrink')}({names[x.name]}, {to}, {self.count(x.at)}, {y.width}, {each});"]
            case Waves(_, lengths):
                return [f"{self.function('waves')}({self.array(lengths)}, {to}, {self.count(axis)}, {len(lengths)});"]
            case Normalise(x, _, gain, bias, epsilon):
                given = f"{self.array(gain)}, {self.array(bias)}, {self.at(x, axis)}, {self.at(y, axis)}"
                call = f"{self.function('normalise')}({given}, {y.width}, {number(epsilon)});"
                return [self.each(axis, call)]
            case Fixed(_, values):
                return [f"{self.function('copy', y)}({self.array(values, c_type(y))}, {to}, {y.width});"]
            case Repeat(x, _) | Largest(x, _):
                function = self.function(type(node).__name__.lower(), x)
                count = y.width if isinstance(node, Repeat) else x.width
                return [self.each(axis, f"{function}({self.at(x, axis)}, {self.at(y, axis)}, {count});")]
            case Running(x, _, kind):
                return [f"{self.function(f'running_{kind}', x)}({names[x.name]}, {to}, {self.times(y)});"]
            case Pick(x, index, _):
                given = f"{names[x.name]}, {x.width}, (int32_t)({names[index.name]})[t], {to} + t"
                return [f"for (t = 0; t < {y.width}; ++t) {self.function('pick', x)}({given});"]
            case Sort(x, _):
                call = f"{self.function('sort', x)}({self.at(x, axis)}, {self.at(y, axis)}, {y.width});"
                return [self.each(axis, call)]
            case Correlate(a, b, _):
                given = f"{names[a.name]}, {names[b.name]}, {to}, {a.width}, {y.width}"
                return [f"{self.function('correlate', a)}({given});"]
            case Counted():
                return self._counted(node)
            case Recurrence():
                return self._recurrence(node)
            case _:
                raise AssertionError(f"{type(node).__name__} has no statement in C")

    def _lookup(self, index: Vector, y: Vector, table: np.ndarray, exact: bool) -> list[str]:
        at = f"({self.at(index, y.at)})[0]"
        row = f"({at} >= 0 && {at} < {len(table)} ? {at} : 0)"
        if self.int8 and not exact and table.size >= LEAST:
            whole, scale = rounded(table)
            given = f"{self.array(whole, 'int8_t')} + {row} * {y.width}, {self.array(scale)}[{row}]"
            return [self.each(y.at, f"{self.function('row8')}({given}, {self.at(y, y.at)}, {y.width});")]
        given = f"{self.array(table)} + {row} * {y.width}"
        return [self.each(y.at, f"{self.function('copy')}({given}, {self.at(y, y.at)}, {y.width});")]

    def _pool(self, node: Pool) -> list[str]:
        x, y = node.x, node.y
        where, steps = f"{self.names[x.name]}", self.count(x.at)
        sizes = f"{self.names[y.name]}, {steps}, {y.width}"
        if node.kind in ("first", "last"):
            place = "0" if node.kind == "first" else f"{steps} - 1"
            return [f"{self.function('pool_at', x)}({where}, {sizes}, {place});"]
        if node.score is not None:
            return [f"{self.function('pool_attention')}({where}, {self.names[node.score.name]}, {sizes});"]
        return [f"{self.function(f'pool_{node.kind}', x)}({where}, {sizes});"]

    def _counted(self, node: Counted) -> list[str]:
        longest = max((len(gram) for gram in node.grams), default=1)
        self.counted = max(self.counted, longest * most_steps(self.graph, node.x.at, self.most))
        values = ("binary", "counts", "normalised").index(node.values)
        weights = f"{self.array(node.keys, 'uint64_t')}, {self.array(node.coefficients)}"
        given = f"{weights}, {len(node.keys)}, {longest}, {values}, {self.names[node.x.name]}, state->found"
        sizes = f"{self.names[node.y.name]}, {self.count(node.x.at)}, {node.y.width}"
        return [f"{self.function('count')}({given}, {sizes});"]

    def _recurrence(self, node: Recurrence) -> list[str]:
        """A function of its own for the step, and a loop over the steps."""
        builder = Builder()
        builder.states = [Vector(state.name, state.width) for state in node.states]
        x = builder.input("x", node.x.width)
        step = Recurrence(x, Vector("h", node.y.width), tuple(builder.states), node.call)
        new = step_of(builder, step, x)
        graph = builder.finish(new[0], updated=new)
        inner = _Writer(Graph((), (), (), ()), self.name, self.most, self.int8)
        inner.names, work = plan(graph)
        inner.arrays, inner.stored, inner.used, inner.graph = self.arrays, self.stored, self.used, graph
        struct = f"{self.name}_recurrence{len(self.steps)}"
        lines = [line for each in graph.nodes for line in inner.statements(_at_no_axis(each))]
        for state, made in zip(graph.states, new, strict=True):
            if inner.names[made.name] != inner.names[state.name]:
                lines.append(
                    f"{self.function('copy')}({inner.names[made.name]}, {inner.names[state.name]}, {state.width});"
                )
        lines.append(f"{self.function('copy')}(state->{graph.states[0].name}, y, {node.y.width});")
        members = "\n".join(f"    float {each.name}[{each.width}];" for each in graph.states)
        body = "\n".join(f"    {line}" for line in lines)
        self.steps.append(
            _Step(
                f"typedef struct {{\n{members}\n    float work[{max(work, 1)}];\n}} {struct};\n",
                f"static void {struct}_step({struct} *state, const float *x, float *y)\n{{\n{body}\n}}\n",
            )
        )
        place = f"state->recurrence{len(self.steps) - 1}"
        axis, count = node.y.at, self.count(node.y.at)
        order = f"t = {count} - 1; t >= 0; t--" if node.call.recurrence.reverse else f"t = 0; t < {count}; ++t"
        given = f"&{place}, {self.at(node.x, axis)}, {self.at(node.y, axis)}"
        return [f"memset(&{place}, 0, sizeof {place});", f"for ({order}) {struct}_step({given});"]


def _at_no_axis(node: Any) -> Any:
    """A node of a step, whose vectors are those of one row."""
    changed: dict[str, Any] = {}
    for name, value in vars(node).items():
        if isinstance(value, Vector):
            changed[name] = Vector(value.name, value.width, value.whole, "", value.double)
        elif isinstance(value, tuple) and value and isinstance(value[0], Vector):
            changed[name] = tuple(Vector(v.name, v.width, v.whole, "", v.double) for v in value)
    return type(node)(**{**vars(node), **changed})


def steps_name(graph: Graph, axis: str) -> str:
    """What the number of steps of an axis is called among the arguments."""
    free = [each.name for each in graph.axes if each.steps is None and each.of is None]
    return "steps" if len(free) == 1 else f"{axis}_steps"


def arguments(graph: Graph) -> list[str]:
    """The arguments of the function, after the state: lengths, inputs, outputs."""
    free = [each.name for each in graph.axes if each.steps is None and each.of is None]
    found = [f"int {steps_name(graph, axis)}" for axis in free]
    found += [f"const {c_type(each)} *{each.name}" for each in graph.inputs]
    return found + [f"{c_type(each)} *{name}" for each, name in zip(graph.outputs, graph.names, strict=True)]


def whole_source(graph: Graph, name: str, remark: str, *, most: int, int8: bool) -> Source:
    """The source of a whole model under the prefix `name`; rows have at most `most` steps."""
    graph = expanded(graph)
    for each in (*graph.inputs, *graph.states):
        if each.name in TAKEN:
            raise InputError(
                _("an input is called {name!r}, which is taken in C: expected another name", name=each.name)
            )
    writer = _Writer(graph, name, most, int8)
    free = [each.name for each in graph.axes if each.steps is None and each.of is None]
    counts = [steps_name(graph, axis) for axis in free]
    body = [f"if ({count} < 0 || {count} > {name.upper()}_STEPS) return 1;" for count in counts]
    for node in graph.nodes:
        body += writer.statements(node)
    for output, to in zip(graph.outputs, graph.names, strict=True):
        body.append(f"{writer.function('copy', output)}({writer.names[output.name]}, {to}, {writer.times(output)});")
    for state, new in zip(graph.states, graph.updated, strict=True):
        if writer.names[new.name] != writer.names[state.name]:
            given = f"{writer.names[new.name]}, {writer.names[state.name]}, {state.width}"
            body.append(f"{writer.function('copy', state)}({given});")
    members = [f"    {c_type(each)} {each.name}[{each.width}];" for each in graph.states]
    members += [f"    {_TYPES[block]} {block}[{max(writer.sizes[block], 1)}];" for block in BLOCKS]
    members += [f"    {name}_recurrence{k} recurrence{k};" for k in range(len(writer.steps))]
    members += [f"    int32_t found[{writer.counted}];"] if writer.counted else []
    signature = f"int {name}_{'step' if graph.states else 'run'}({name}_state *state, {', '.join(arguments(graph))})"
    loops = any(" t " in line or "(t " in line for line in body)
    math_used = {each.removesuffix("_d") for each in writer.used} & OF_MATH or writer.used & WHOLE_OF_MATH
    return Source(
        _HEADER.format(
            name=name, upper=name.upper(), remark=remark.replace("*/", ""), signature=signature,
            structs="\n".join(step.struct for step in writer.steps), members="\n".join(members),
            limit=f"#define {name.upper()}_STEPS {most} /* of a row, at most */\n" if free else "",
            sizes="\n".join(_sizes(graph)),
        ),
        _SOURCE.format(
            name=name, signature=signature, math="#include <math.h>\n" if math_used else "",
            functions=functions_text(writer.used), steps="\n".join(step.function for step in writer.steps),
            body="\n".join(f"    {line}" for line in body), loop="    int t;\n" if loops else "",
        ),
        "".join(
            f"static const {kind} {array}[{max(values.size, 1)}] = {{{constants(values) if values.size else '0'}}};\n"
            for array, kind, values in writer.arrays
        ),
    )  # fmt: skip


def _sizes(graph: Graph) -> list[str]:
    """What arguments hold, as lines of a comment."""
    every = [*zip(graph.inputs, (each.name for each in graph.inputs), strict=True)]
    every += zip(graph.outputs, graph.names, strict=True)
    found = []
    for vector, name in every:
        steps = "" if not vector.at else f"[{graph.axis(vector.at).steps or steps_name(graph, vector.at)}]"
        found.append(f" *   {name}{steps}[{vector.width}]")
    return found


_HEADER = """\
/* {remark}
 *
 *     static {name}_state state;
 *     {name}_reset(&state);
 *     {signature};
 *
{sizes}
 *
 * 0 where it is done, 1 where a row has more steps than there is room for. Nothing is allocated, or kept elsewhere.
 */
#ifndef RECURRA_{upper}_H
#define RECURRA_{upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

{limit}
{structs}
typedef struct {{
{members}
}} {name}_state;

/* Before the first call, and to begin anew. */
void {name}_reset({name}_state *state);

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
{steps}
void {name}_reset({name}_state *state)
{{
    memset(state, 0, sizeof *state);
}}

{signature}
{{
{loop}    (void)state;
{body}
    return 0;
}}
"""
