"""A folder with a whole model as C99: sources, a Makefile, and programs that check them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.deploy.c_source.project import OURS
from recurra.deploy.c_source.source import RESERVED, constants
from recurra.deploy.c_source.whole import c_type, whole_source
from recurra.deploy.exported import Case, Exported, made_folder
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.errors import InputError
from recurra.files import whole_file
from recurra.language import _

TOLERANCE = 1e-5  # of the largest number of an output, or of 1


def write_c_model(
    model: Exported, directory: str | Path, *, name: str = "model", int8: bool = False, steps: int = 512
) -> list[Path]:
    """Write what was exported as C99 without dependencies; gives the files.

    NAME.h, NAME.c, NAME_weights.h   a row in, its outputs out; rows have at most `steps` steps
    NAME_step.h, ...                 the newest step in, the outputs out; the state is a struct
    NAME_test.c, Makefile            `make check` compares rows with what the model said of them

    Raises InputError for a name that is no prefix in C, and a folder with a Makefile of another's.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED:
        raise InputError(
            _("name is {name!r}: expected a word that names can begin with in C, such as 'model'", name=name)
        )
    if steps < 1:
        raise InputError(_("steps is {steps}: expected a whole number of at least 1", steps=steps))
    folder = Path(directory)
    makefile = folder / "Makefile"
    if makefile.exists() and not makefile.read_text(encoding="utf-8", errors="replace").startswith(OURS):
        raise InputError(
            _("{path} exists and was not written by an export: give another folder, or an empty one", path=makefile)
        )
    pairs = [(name, model.whole, model.cases)]
    if model.step is not None:
        pairs.append((f"{name}_{model.second}", model.step, model.step_cases))
    texts: dict[str, str] = {}
    every = [(graph, case) for _stem, graph, cases in pairs for case in cases]
    longest = max([steps, *(len(value) for graph, case in every for value in _along(graph, case))])
    for stem, graph, cases in pairs:
        source = whole_source(graph, stem, f"{model.what}, exported by recurra", most=longest, int8=int8)
        texts |= {f"{stem}.h": source.header, f"{stem}.c": source.source, f"{stem}_weights.h": source.weights}
        texts[f"{stem}_test.c"] = _test(graph, stem, cases)
    texts["Makefile"] = _makefile([stem for stem, *_rest in pairs])
    made_folder(folder)
    for file, text in texts.items():
        with whole_file(folder / file) as temporary:
            temporary.write_text(text, encoding="ascii", errors="replace")
    return [folder / file for file in texts]


def _along(graph: Graph, case: Case) -> list[npt.NDArray]:
    return [np.asarray(case.inputs[each.name]) for each in graph.inputs if each.at]


def _test(graph: Graph, name: str, cases: Sequence[Case]) -> str:
    """A program that runs all cases, one after the other on one state where there are states."""
    arrays, calls = [], []
    sizes: dict[str, int] = {}
    free = [axis.name for axis in graph.axes if axis.steps is None and axis.of is None]
    lengths = {}
    for k, case in enumerate(cases):
        for axis in free:
            given = next(each.name for each in graph.inputs if each.at == axis)
            lengths[axis] = len(case.inputs[given])
        arguments = [str(lengths[axis]) for axis in free]
        for each in graph.inputs:
            arrays.append(_array(f"in{k}_{each.name}", each, case.inputs[each.name]))
            arguments.append(f"in{k}_{each.name}")
        arguments += [f"{word}_found" for word in graph.names]
        begin = "" if graph.states and k else f"    {name}_reset(&state);\n"
        function = f"{name}_{'step' if graph.states else 'run'}"
        calls.append(f"{begin}    if ({function}(&state, {', '.join(arguments)})) return 2;")
        for output, word in zip(graph.outputs, graph.names, strict=True):
            steps = 1 if not output.at else graph.axis(output.at).steps or lengths[output.at]
            sizes[word] = max(sizes.get(word, 1), steps * output.width)
            if word in case.outputs:
                arrays.append(_array(f"out{k}_{word}", output, case.outputs[word]))
                kind = {"int32_t": "whole", "double": "exact", "float": "single"}[c_type(output)]
                calls.append(f"    {kind}({word}_found, out{k}_{word}, {np.asarray(case.outputs[word]).size});")
    found = "\n".join(
        f"static {c_type(output)} {word}_found[{sizes[word]}];"
        for output, word in zip(graph.outputs, graph.names, strict=True)
    )
    kinds = {c_type(output) for output in graph.outputs}
    compare = "\n".join(_COMPARE.format(name=word, type=kind) for kind, word in _KINDS.items() if kind in kinds)
    body = "\n".join(calls)
    return _TEST.format(
        name=name, arrays="".join(arrays), found=found, compare=compare, calls=body, cases=len(cases),
        tolerance=TOLERANCE,
    )  # fmt: skip


def _array(name: str, vector: Vector, values: Any) -> str:
    kind = c_type(vector)
    array = np.asarray(values, {"int32_t": np.int32, "double": np.float64, "float": np.float32}[kind]).ravel()
    return f"static const {kind} {name}[{max(array.size, 1)}] = {{{constants(array) if array.size else '0'}}};\n"


def _makefile(stems: Sequence[str]) -> str:
    rules = "\n".join(_RULE.format(name=stem) for stem in stems)
    tests = " ".join(f"{stem}_test" for stem in stems)
    checks = "\n".join(f"\t./{stem}_test" for stem in stems)
    return _MAKEFILE.format(ours=OURS, rules=rules, tests=tests, checks=checks)


_KINDS = {"float": "single", "double": "exact", "int32_t": "whole"}
_RULE = """\
{name}_test: {name}.c {name}.h {name}_weights.h {name}_test.c
\t$(CC) $(STRICT) $(CFLAGS) -o $@ {name}.c {name}_test.c -lm
"""
_MAKEFILE = """\
{ours}
CC ?= cc
CFLAGS ?= -O3 -march=native
STRICT = -std=c99 -Wall -Wextra -pedantic

{rules}
# The same numbers as where it was exported?
check: {tests}
{checks}

clean:
\trm -f {tests}

.PHONY: check clean
"""
_COMPARE = """\
static void {name}(const {type} *found, const {type} *expected, int n)
{{
    double scale = 1.0;
    int i;
    for (i = 0; i < n; ++i) scale = fmax(scale, fabs((double)expected[i]));
    for (i = 0; i < n; ++i) {{
        const double difference = fabs((double)found[i] - (double)expected[i]) / scale;
        if (!(difference <= largest)) largest = difference;
    }}
}}
"""
_TEST = """\
/* Compares {cases} calls with what the model said where it was exported. */
#include <math.h>
#include <stdio.h>

#include "{name}.h"

{arrays}
{found}
static {name}_state state;
static double largest = 0.0;

{compare}
int main(void)
{{
{calls}
    printf("{name}: {cases} calls, largest difference %.2g\\n", largest);
    return largest <= {tolerance} ? 0 : 1;
}}
"""
